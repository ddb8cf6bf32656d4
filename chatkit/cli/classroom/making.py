"""`chatkit class roster --make`: what people need on Azure is made before they come."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import typer

from chatkit.cli.classroom.connecting import place_on_azure
from chatkit.core.errors import NotOffered, SetupError
from chatkit.core.settings import home

if TYPE_CHECKING:  # what a verb needs is imported when it runs, so that the others start without it
    from chatkit.classroom.roster import Roster

YES = "`--yes` makes it without a question."


def make(known: Roster, *, is_agreed: bool) -> None:
    """Show the plan, look at everything, ask, and make it.

    Raises:
        Exit: 1 when something of it could not be made.
        SetupError: Something is missing; nothing was made.
    """
    from chatkit.classroom import roster as rosters
    from chatkit.classroom.resources import ahead, making

    if known.target != "azure":
        raise NotOffered(
            "On the local target there is nothing to make: everybody has a local cloud.",
            hint="`--target azure` makes a class on Azure.",
        )
    typer.echo("On Azure:")
    for sentence in making.plan(known):
        typer.echo(f"  {sentence}")
    place = place_on_azure(known)
    principals = ahead.checked(place, known)
    if not is_agreed:
        if not sys.stdin.isatty():
            raise SetupError("This makes resource groups and gives rights.", hint=YES)
        typer.confirm("Make it?", abort=True)
    # First: cleaning up has to know where, also after a kill in the middle.
    rosters.write(home(), replace(known, subscription_id=place.cloud.subscription_id))
    is_whole = True
    for made in making.make(place, known, principals):
        mark = "ready" if made.is_made else "NOT READY"
        typer.echo(f"{mark:10} {made.person.number:4}  {made.text}")
        is_whole = is_whole and made.is_made
    if not is_whole:
        raise typer.Exit(1)
