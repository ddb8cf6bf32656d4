"""`chatkit status`: what exists so far."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from chatkit.core import settings


def status(
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> None:
    """Show what the workshop has made so far, and where it is."""
    from chatkit.steps.session import Session

    known = Session(settings.home()).status()
    typer.echo(json.dumps(known.as_dict(), indent=1) if as_json else repr(known))
