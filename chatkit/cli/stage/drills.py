"""What `chatkit local fault` says and does of drills: failures that an audience can see."""

from __future__ import annotations

import math
import textwrap
from typing import TYPE_CHECKING, Any

import typer

from chatkit.cloud import local_cloud
from chatkit.core.errors import NotOffered, ServiceError
from chatkit.core.running.presence import FUNCTIONS
from chatkit.core.settings import home
from chatkit.core.time import durations

if TYPE_CHECKING:  # imported when a drill begins, so that the other verbs start without it
    from chatkit.steps.session import Session

WIDTH = 100
BAD_REQUEST = 400
LIST = "What people of the chat meet, with --for 30s, 2m or a number of seconds:"


def lasting(text: str | None) -> float | None:
    """Read --for.

    Raises:
        BadParameter: It is no time.
    """
    if text is None:
        return None
    try:
        return durations.seconds(text)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--for") from None


def begin(kind: str, *, for_s: float | None, delay_s: float) -> None:
    """Begin a drill, for the stage's chat or, without a stage, for the workshop's.

    Raises:
        NotOffered: It cannot last so long, or be so slow.
    """
    from chatkit.steps.session import Session

    drill: dict[str, object] = {"delay_s": delay_s}
    chat = _chat_of(Session(home()))
    if chat is not None:
        drill["room"] = chat
    if for_s is not None:
        drill["for_s"] = for_s
    try:
        local_cloud.ask("PUT", f"/drills/{kind}", drill)
    except ServiceError as refused:
        if refused.status != BAD_REQUEST:
            raise
        raise NotOffered(str(refused.message)) from None


def _chat_of(session: Session) -> dict[str, object] | None:
    """The parts of a workshop's chat, deployed and on this machine, as the local cloud reads them.

    A part that is not there is empty. None while the workshop has made nothing: what there is then
    somebody has made without it, and no chat is named.
    """
    facts = session.settings.facts
    functions = session.servers.running(FUNCTIONS)
    if functions is None and not (facts.signalr or facts.function_app):
        return None
    return {
        "instance": facts.signalr,
        "hub": session.hub,
        "site": facts.function_app,
        "account": facts.storage_account,
        "functions_port": functions.port if functions is not None else 0,
    }


def show() -> None:
    """All that there are, and what to look at in those that are on."""
    drills = local_cloud.ask("GET", "/drills")
    active = drills["active"]
    left = {one["kind"]: f"{math.ceil(one['seconds_left'])} s" for one in active}
    typer.echo(LIST)
    for name, title in drills["kinds"].items():
        typer.echo(f"{left.get(name, ''):6} {name:20} {title}")
    for one in active:
        typer.echo("")
        for line in explained(one):
            typer.echo(line)
    if active:
        typer.echo("")


def explained(drill: dict[str, Any]) -> list[str]:
    """What happens in a drill and why, and what to look at."""
    left = math.ceil(drill["seconds_left"])
    title = f"{drill['title']} ({drill['kind']}, {left} s left)."
    texts = (title, drill["happens"], f"Look at this: {drill['look']}")
    return [line for text in texts for line in textwrap.wrap(text, WIDTH)]
