"""`chatkit class use`: the names that a class has given somebody, for the workshop of this home."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from chatkit.core.errors import SetupError
from chatkit.core.settings import HUB, checked_suffix, home


def use(
    suffix: Annotated[str, typer.Argument(help="Your suffix, from your page.")],
    region: Annotated[str, typer.Argument(help="Your region, from your page.")],
    *,
    shared: Annotated[
        str, typer.Option("--shared", help="The class whose SignalR instance you share.")
    ] = "",
    target: Annotated[str, typer.Option("--target", help="local or azure.")] = "azure",
) -> None:
    """Build your chat in the resource group that your class has made for you."""
    from chatkit.core import settings as store
    from chatkit.steps.session import Session

    mine = checked_suffix(suffix.lower())
    hub = f"{HUB}_{mine}" if shared else HUB
    class_id = shared and checked_suffix(shared.lower())
    known = store.load(home())
    is_begun = any(facts.resource_group for facts in known.known.values())
    if is_begun and (known.hub, known.shared) != (hub, class_id):
        raise SetupError(
            "Names stay while resources exist.", hint="`chatkit clean` first, or another home."
        )
    session = Session.open(target=target, suffix=mine, region=region.lower())
    placed = replace(session.settings, hub=hub, shared=class_id)
    store.save(home(), placed)
    typer.echo(f"Your resource group is {placed.resource_group}, in {placed.region}.")
    if shared:
        typer.echo(f"Your hub is {hub}, on the instance of your class, {placed.signalr}.")
