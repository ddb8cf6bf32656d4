"""Plays a rehearsal: one process, one event loop, every phone a few tasks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from chatkit.stage.rehearsal.machine import Machine, Sample
from chatkit.stage.rehearsal.phone import Phone
from chatkit.stage.rehearsal.plan import Plan
from chatkit.stage.rehearsal.tally import Tally
from chatkit.stage.rehearsal.venue import Venue

GRACE_S = 10.0
LOOK_S = 0.05
TELL_S = 0.5
Told = Callable[[str], None]


@dataclass
class Played:
    """A rehearsal that was played.

    Attributes:
        plan: What was to happen.
        tally: What did.
        people_in: How many came in.
        delivered: How many messages reached how many phones, in the end.
        samples: Of the machine: before, when the first message was written, when the last was.
        late_s: How late this process's own event loop was, each time it was looked at.
    """

    plan: Plan
    tally: Tally
    people_in: int = 0
    delivered: int = 0
    samples: list[Sample] = field(default_factory=list)
    late_s: list[float] = field(default_factory=list)

    @property
    def sent(self) -> int:
        """How many messages the app has taken."""
        return len(self.tally.sent)

    @property
    def expected(self) -> int:
        """How many deliveries that are: each message to everybody, who came in or not."""
        return self.sent * self.plan.people


async def play(plan: Plan, venue: Venue, machine: Machine, tally: Tally, told: Told) -> Played:
    """Play a plan.

    Args:
        plan: Who does what.
        venue: Where.
        machine: Whose use of this machine is measured.
        tally: Counts.
        told: Hears twice a second how far it is.
    """
    played = Played(plan, tally)
    phones = [Phone(number, venue, tally) for number in range(plan.people)]
    watch = asyncio.create_task(_watch(played, phones, told))
    try:
        await _play(played, phones, machine)
        await _gather(phone.settle() for phone in phones)
        played.people_in = sum(phone.is_in for phone in phones)
        sent = tally.sent.keys()
        played.delivered = sum(len(phone.has & sent) for phone in phones)
    finally:
        watch.cancel()
        await asyncio.gather(watch, *(phone.close() for phone in phones), return_exceptions=True)
    return played


async def _play(played: Played, phones: list[Phone], machine: Machine) -> None:
    """All joins, messages and sleeps, each at its time; and the samples between."""
    plan = played.plan
    loop = asyncio.get_running_loop()
    began = loop.time()
    until = began + plan.ends_s + GRACE_S

    async def at(moment_s: float, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        await asyncio.sleep(began + moment_s - loop.time())
        await work()

    async def sample() -> None:
        played.samples.append(machine.sample())

    await sample()
    async with asyncio.TaskGroup() as group:
        group.create_task(at(plan.talk_from_s, sample))
        group.create_task(at(plan.talk_ends_s, sample))
        for phone, moment_s in zip(phones, plan.joins, strict=True):
            group.create_task(at(moment_s, partial(phone.join, until)))
        for write in plan.writes:
            writing = partial(phones[write.who].write, write.number, until)
            group.create_task(at(write.at_s, writing))
        for sleep in plan.sleeps:
            sleeping = partial(phones[sleep.who].sleep, sleep.for_s, until)
            group.create_task(at(sleep.at_s, sleeping))


async def _gather(work: Any) -> None:
    await asyncio.gather(*work)


async def _watch(played: Played, phones: list[Phone], told: Told) -> None:
    """Look how late the loop is, and tell how far the rehearsal is."""
    loop = asyncio.get_running_loop()
    told_at = 0.0
    while True:
        if loop.time() - told_at >= TELL_S:
            told_at = loop.time()
            there = sum(phone.is_in for phone in phones)
            told(
                f"{there} of {len(phones)} people are in,"
                f" {played.sent} of {len(played.plan.writes)} messages are sent"
            )
        due = loop.time() + LOOK_S
        await asyncio.sleep(LOOK_S)
        played.late_s.append(max(0.0, loop.time() - due))
