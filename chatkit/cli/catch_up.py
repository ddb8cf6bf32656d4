"""`chatkit catch-up`: to the start of a section, by running what was missed."""

from __future__ import annotations

from typing import Annotated

import typer


def catch_up(
    section: Annotated[
        str | None,
        typer.Argument(help="Its number; default: the one after the last completed section."),
    ] = None,
) -> None:
    """Go to the start of a section by running the notebooks that were missed; also goes on after a pause."""
    from chatkit.workshop import Workshop

    typer.echo(repr(Workshop.open().catch_up(section)))
