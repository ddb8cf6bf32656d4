"""`chatkit clean`: delete what the workshop made, with a receipt."""

from __future__ import annotations

from typing import Annotated

import typer


def clean(yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False) -> None:
    """Delete everything the workshop made, and print a receipt."""
    from chatkit.workshop import Workshop

    workshop = Workshop.open()
    if not yes:
        where = "the local cloud" if workshop.settings.target == "local" else "your Azure subscription"
        typer.confirm(f"Delete resource group {workshop.settings.resource_group} and all in it from {where}?", abort=True)
    receipt = workshop.clean_up()
    typer.echo(repr(receipt))
    raise typer.Exit(0 if receipt.complete else 1)
