"""Rehearsing a stage: many phones at its real address, and what they found.

Nothing stays of it. Its messages are texts that no page and no panel shows, and they are taken out
of the history again as those of checks are, also when the rehearsal is killed. Its phones are no
guests: the stage knows them by cookies that only its control endpoint gives. On Azure, where there
is no stage, they are users of the app without a name.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import aiohttp

from chatkit.chat.client.background_loop import background_loop
from chatkit.cloud import local_cloud, local_stage
from chatkit.cloud.provision import signalr
from chatkit.cloud.provision.tiers import FREE, STANDARD
from chatkit.core import descriptors
from chatkit.core.availability import explaining
from chatkit.core.errors import NotOffered, NotStarted, SetupError
from chatkit.core.running.presence import FUNCTIONS, PAGE
from chatkit.lesson.checks.core.evidence import announce
from chatkit.lesson.checks.core.traces import removed_after
from chatkit.stage.rehearsal import plan, venue
from chatkit.stage.rehearsal.limits import Surroundings
from chatkit.stage.rehearsal.machine import Machine, with_children
from chatkit.stage.rehearsal.play import Played, Told, play
from chatkit.stage.rehearsal.shown import Rehearsed, rehearsed
from chatkit.stage.rehearsal.tally import NAME, Tally
from chatkit.steps.session import Session

PEOPLE = 150
MESSAGES = 600
PER_SECOND = 10.0
MOST_PEOPLE = 5_000
MOST_MESSAGES = 10_000
MORE_S = 120.0
SOCKETS_EACH = 3
LOOK_S = 1.0
NOT_OPEN = "No stage is open."
OPEN_ONE = "`chatkit stage up` opens one."
CLOSED = "The stage was closed in the middle of the rehearsal."
NO_PAGE = "There is no deployed chat yet."
DEPLOY = "Sections 07 and 08 deploy it."


@dataclass(frozen=True)
class Wanted:
    """What somebody wants to rehearse.

    Attributes:
        people: How many phones.
        messages: How many they write together.
        per_second: How many a second, on average.
    """

    people: int = PEOPLE
    messages: int = MESSAGES
    per_second: float = PER_SECOND


@dataclass(frozen=True)
class Place:
    """Where it is played.

    Attributes:
        page_url: What phones open.
        around: What limits there are.
        cookies: One for each phone; none on Azure.
        machine: The processes of this machine that take part.
        check: Raises when there is nothing to rehearse with any more.
    """

    page_url: str
    around: Surroundings
    cookies: tuple[str, ...] = ()
    machine: Machine = field(default_factory=Machine)
    check: Callable[[], None] = lambda: None


def rehearse(session: Session, wanted: Wanted, told: Told) -> Rehearsed:
    """Play a room at the stage's address, or at Azure's.

    Args:
        session: The home and the target.
        wanted: How many people and messages.
        told: Hears how far it is.

    Raises:
        NotStarted: There is nothing to rehearse with, or it ended in the middle.
        SetupError: It cannot be rehearsed; the sentence says why.
    """
    _check(wanted)
    planned = plan.made(wanted.people, wanted.messages, wanted.per_second)
    place = _on_azure(session) if _is_azure(session) else _on_stage(session, wanted.people)
    told(f"About {planned.ends_s:.0f} s: {wanted.people} people, {wanted.messages} messages.")
    with explaining(session.absence), removed_after(session) as left:
        tally = Tally(announce(NAME))
        work = _played(place, planned, tally, told)
        played, there = background_loop().call(work, timeout_s=planned.ends_s + MORE_S)
        told("Removing it from the room.")
    return rehearsed(played, there, place.around, left)


def cost(wanted: Wanted) -> str:
    """What a rehearsal uses of an Azure subscription."""
    deliveries = wanted.people * wanted.messages
    calls = wanted.people * 3 + wanted.messages
    return (
        f"{wanted.messages:,} messages to {wanted.people:,} people are {deliveries:,} messages of"
        f" SignalR Service (the free tier has {FREE.messages:,} a day, a Standard unit"
        f" {STANDARD.messages:,} in its price), and about {calls:,} calls of functions."
    )


def _check(wanted: Wanted) -> None:
    if not 1 <= wanted.people <= MOST_PEOPLE:
        raise NotOffered(f"A rehearsal is for 1 to {MOST_PEOPLE} people.")
    if not 1 <= wanted.messages <= MOST_MESSAGES:
        raise NotOffered(f"A rehearsal has 1 to {MOST_MESSAGES} messages.")
    if not 0.1 <= wanted.per_second <= 1_000:
        raise NotOffered("A rehearsal has 0.1 to 1000 messages a second.")
    descriptors.raise_limit()
    if descriptors.is_scarce(wanted.people * SOCKETS_EACH):
        raise SetupError(
            f"This system lets one program open too few sockets for {wanted.people} phones.",
            hint="Rehearse with fewer people, or raise the limit (`ulimit -n`).",
        )


def _is_azure(session: Session) -> bool:
    return session.settings.target == "azure"


def _on_stage(session: Session, people: int) -> Place:
    where = session.home / "local"
    known = _state(session)
    url = known["url"]
    if url is None:
        raise SetupError(known["notice"])
    made: dict[str, Any] = local_cloud.ask(
        "PUT", "/stage/rehearsal", {"people": people}, where=where
    )
    around = Surroundings(
        known["tier"],
        known["holds"],
        known["connected"] or 0,
        _limits(known),
        url.split("/")[2].partition(":")[0],
    )
    check = partial(_check_open, session)
    return Place(url, around, tuple(made["cookies"]), Machine(_parts(session)), check)


def _limits(known: Mapping[str, Any]) -> dict[str, float]:
    """What the stage lets through; one of an older version does not say."""
    told = known.get("limits")
    return dict(told) if isinstance(told, dict) else {}


def _state(session: Session) -> local_stage.StageState:
    if local_cloud.running(session.home / "local") is None:
        raise NotStarted(NOT_OPEN, hint=OPEN_ONE)
    known = local_stage.state(session.home / "local")
    if known is None:
        raise NotStarted(NOT_OPEN, hint=OPEN_ONE)
    return known


def _check_open(session: Session) -> None:
    if local_stage.state(session.home / "local") is None:
        raise NotStarted(CLOSED, hint=OPEN_ONE)


def _parts(session: Session) -> dict[str, tuple[int, ...]]:
    """Processes by what they do."""
    known = local_cloud.running(session.home / "local")
    parts: dict[str, tuple[int, ...]] = with_children(known["pid"]) if known else {}
    for kind, name in ((FUNCTIONS, "the functions"), (PAGE, "the page's server")):
        server = session.servers.running(kind)
        if server is not None:
            here = [pid for pids in with_children(server.pid).values() for pid in pids]
            parts[name] = (*parts.get(name, ()), *here)
    return {name: pids for name, pids in parts.items() if pids}


def _on_azure(session: Session) -> Place:
    url = session.web_url
    if url is None:
        raise NotStarted(NO_PAGE, hint=DEPLOY)
    size = signalr.size_of(session.stack())
    tier = size.tier.name if size else None
    holds = size.holds if size else None
    return Place(str(url), Surroundings(tier, holds, 0, {}, ""))


async def _played(
    place: Place, planned: plan.Plan, tally: Tally, told: Told
) -> tuple[Played, venue.Venue]:
    async with aiohttp.ClientSession(trust_env=not place.cookies) as http:
        there = await venue.look(http, place.page_url, place.cookies)
    playing = asyncio.create_task(play(planned, there, place.machine, tally, told))
    watching = asyncio.create_task(_watched(place.check))
    tasks = (playing, watching)
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if watching.done():
            watching.result()
        return playing.result(), there
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _watched(check: Callable[[], None]) -> None:
    """Look once a second; ends with the error when there is nothing to rehearse with any more."""
    while True:
        await asyncio.sleep(LOOK_S)
        await asyncio.to_thread(check)
