"""`chatkit scale`: how many people the chat takes at the same time, and what that costs."""

from __future__ import annotations

from typing import Annotated

import typer


def scale(
    tier: Annotated[
        str,
        typer.Option(
            "--tier", help="free takes 20 connections, standard 1,000 a unit; without it: show it."
        ),
    ] = "",
    units: Annotated[
        int | None,
        typer.Option("--units", help="How many units, for standard: 1 to 10, 20, 30 … 100."),
    ] = None,
) -> None:
    """Change the tier of SignalR Service: how many people the chat takes at the same time.

    Says what it costs. `--tier free` goes back.
    """
    from chatkit.cloud.provision import tiers
    from chatkit.workshop import Workshop

    if tier or units is not None:
        tiers.chosen(tier or tiers.STANDARD.name, units)  # before anything starts
    changed = Workshop.open().scale(tier, units=units)
    typer.echo(repr(changed))
    width = max((len(name) for name, _ in changed.rows), default=0)
    for name, value in changed.rows:
        typer.echo(f"  {name:{width}}  {value}")
