"""`chatkit clean`: delete what the workshop made, with a receipt."""

from __future__ import annotations

from typing import Annotated

import typer


def clean(yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False) -> None:
    """Delete the workshop's resources and print a receipt."""
    from chatkit.workshop import Workshop

    workshop = Workshop.open()
    if not yes:
        typer.confirm("Delete everything the workshop made?", abort=True)
    typer.echo(repr(workshop.clean_up()))
