"""`chatkit class cost`: what a class costs on Azure, with the prices named."""

from __future__ import annotations

from typing import Annotated

import typer


def cost(
    people: Annotated[
        int, typer.Option("--people", min=1, max=500, help="How many (1 to 500).")
    ] = 30,
    hours: Annotated[
        float, typer.Option("--hours", min=0.25, max=24 * 31, help="From first to last resource.")
    ] = 4.0,
) -> None:
    """Estimate what a class costs on Azure; on the local target it costs nothing."""
    from chatkit.classroom import cost as costs
    from chatkit.cloud.provision.prices import PRICES

    typer.echo(f"{_people(people)} for {hours:g} hours on Azure, in US dollars, an estimate:")
    for way in costs.estimates(people, hours):
        typer.echo(f"\n{way.way}: {way.dollars:.2f}")
        for line in way.lines:
            typer.echo(f"  {line.dollars:8.2f}  {line.what}: {line.amount}")
        if way.note:
            typer.echo(f"            {way.note}")
    typer.echo(f"\n{costs.ASSUMED}")
    typer.echo("\nList prices, without tax and agreements:")
    for price in PRICES:
        typer.echo(
            f"  {_plain(price.dollars)} a {price.unit}: {price.what} ({price.where}, {price.when})"
        )
        typer.echo(f"      {price.source}")
    typer.echo("On the local target (`--target local`) nothing costs anything.")


def _plain(dollars: float) -> str:
    return f"{dollars:.6f}".rstrip("0").rstrip(".")


def _people(count: int) -> str:
    return "1 person" if count == 1 else f"{count} people"
