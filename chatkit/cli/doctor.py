"""`chatkit doctor`: is this machine ready, and what is wrong with what was built?"""

from __future__ import annotations

import json
from typing import Annotated

import typer

from chatkit.core.settings import home


def doctor(
    symptom: Annotated[
        str, typer.Option("--symptom", help="What went wrong: the message, pasted as it is.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> None:
    """Check that everything is ready, name what is wrong, and say what to do. Changes nothing."""
    from chatkit.lesson.doctor.diagnose import diagnose
    from chatkit.steps.session import Session

    found = diagnose(Session(home()), symptom)
    typer.echo(json.dumps(found.as_dict(), indent=1) if as_json else "\n".join(found.lines()))
    raise typer.Exit(0 if found.ok else 1)
