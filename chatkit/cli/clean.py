"""`chatkit clean` and `chatkit reset`: delete what the workshop made, with a receipt; reset also goes back to the start."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from chatkit.steps.status import Receipt
    from chatkit.workshop import Workshop

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def clean(yes: Yes = False) -> None:
    """Delete everything the workshop made, and print a receipt."""
    workshop = _agreed(yes)
    _show(workshop.clean_up())


def reset(yes: Yes = False) -> None:
    """Clean up and go back to the start; your app is put aside, notebooks stay as they are."""
    workshop = _agreed(yes)
    _show(workshop.reset())


def _agreed(yes: bool) -> Workshop:
    from chatkit.workshop import Workshop

    workshop = Workshop.open()
    if not yes:
        where = (
            "the local cloud" if workshop.settings.target == "local" else "your Azure subscription"
        )
        typer.confirm(
            f"Delete resource group {workshop.settings.names.resource_group} and all in it from {where}?",
            abort=True,
        )
    return workshop


def _show(receipt: Receipt) -> None:
    typer.echo(repr(receipt))
    raise typer.Exit(0 if receipt.complete else 1)
