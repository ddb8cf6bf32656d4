"""Where a room would break first: every limit that a rehearsal meets, and how near it came.

Strategy: what was used is measured, or counted; what there is comes from the tier, the stage and
the machine. A limit's number is what was used times what there is in proportion, all else as it
was in this rehearsal: so many people, so many messages a second.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psutil

from chatkit.cloud.provision.tiers import FREE
from chatkit.stage.rehearsal.machine import OWN, Used
from chatkit.stage.rehearsal.play import Played
from chatkit.stage.rehearsal.venue import Venue

A_MINUTE_S = 60.0
LEAST_CORES = 0.01
OWN_LIMIT = 0.8
LATE_S = 0.1
MBIT = 1_000_000
SCALE = "`chatkit scale --tier standard` makes room for 1,000 people"


@dataclass(frozen=True)
class Limit:
    """One limit.

    Attributes:
        at: Where it breaks.
        unit: What `at` counts.
        why: What breaks there.
        used: How much of it this rehearsal used; 1 is all.
        fix: What helps; empty for nothing that is short.
    """

    at: float
    unit: str
    why: str
    used: float
    fix: str = ""

    def __str__(self) -> str:
        helps = f" {self.fix}." if self.fix else ""
        return f"at {_about(self.at)} {self.unit}: {self.why}.{helps}"


@dataclass(frozen=True)
class Surroundings:
    """What there is.

    Attributes:
        tier: Of SignalR Service; None when nobody knows.
        holds: How many connections it takes.
        others: How many were there already.
        limits: Of the stage.
        host: The stage's address; empty on Azure.
    """

    tier: str | None
    holds: int | None
    others: int
    limits: dict[str, Any]
    host: str


def found(played: Played, venue: Venue, around: Surroundings) -> list[Limit]:
    """Every limit that is known, the nearest first."""
    limits = [
        *_of_tier(played, around),
        *_of_stage(played, around),
        *_of_processors(played),
        *_of_machine(played),
        *_of_network(played, venue, around),
    ]
    return sorted(limits, key=lambda limit: limit.used, reverse=True)


def own_load(played: Played) -> tuple[float, str]:
    """How much of a processor the rehearsal itself used, and a sentence when that was too much."""
    talk = _talk(played)
    if talk is None:
        return 0.0, ""
    cores = talk.cores.get(OWN, 0.0)
    others = talk.machine - sum(talk.cores.values())
    late = sorted(played.late_s)[int(len(played.late_s) * 0.95)] if played.late_s else 0.0
    if cores > OWN_LIMIT:
        return cores, "The rehearsal itself was at its limit: real phones would do better."
    if late > LATE_S and others > (psutil.cpu_count() or 1) / 4:
        return cores, (
            f"Other programs on this machine used {others:.1f} processors meanwhile:"
            " close them for the talk; the figures are better without."
        )
    if late > LATE_S:
        return cores, "This machine was busy: part of the delay is the rehearsal's own."
    return cores, ""


def _of_tier(played: Played, around: Surroundings) -> Iterator[Limit]:
    people = played.plan.people + around.others
    if around.holds:
        why = f"the {around.tier} tier of SignalR Service takes {around.holds:,} connections"
        used = people / around.holds
        yield Limit(around.holds, "people at the same time", why, used, SCALE if used > 0.8 else "")
    if around.tier == FREE.name and played.plan.writes:
        why = (
            f"the free tier sends {FREE.messages:,} messages a day, each counted once for"
            f" each of {played.plan.people} people"
        )
        at = FREE.messages / played.plan.people
        used = len(played.plan.writes) / at
        yield Limit(at, "messages a day", why, used, SCALE if used > 0.5 else "")


def _of_stage(played: Played, around: Surroundings) -> Iterator[Limit]:
    a_minute = around.limits.get("joins_per_minute")
    if a_minute:
        why = f"the stage lets in {a_minute:,} people a minute from one address"
        used = _most_within(played.tally.joined_at, A_MINUTE_S) / a_minute
        fix = "`chatkit stage up --people N` raises it to twice N" if used > 0.8 else ""
        yield Limit(a_minute, "people who come in one minute", why, used, fix)
    begun = sorted(played.tally.begun.values())
    second = _most_within(begun, 1.0)
    room = around.limits.get("room_per_s")
    if room and second:
        why = f"the stage takes {room:g} messages a second of the room"
        yield Limit(room, "messages a second", why, second / room)


def _of_processors(played: Played) -> Iterator[Limit]:
    """Each process runs on one processor at a time: Python's, as the real thing's, has one loop."""
    talk = _talk(played)
    joins = _joins(played)
    people = played.people_in
    if talk is None or joins is None or not people:
        return
    for name, cores in talk.cores.items():
        rate = played.sent / talk.seconds
        if name == OWN or cores < LEAST_CORES or not rate:
            continue
        why = (
            f"{name} would need a whole processor of this machine"
            f" ({cores:.0%} of one with {people} people, {rate:.1f} messages a second)"
        )
        yield Limit(rate / cores, f"messages a second to {people} people", why, cores)
    for name, cores in joins.cores.items():
        if name == OWN or cores < LEAST_CORES:
            continue
        rate = people / joins.seconds
        why = f"{name} would need a whole processor ({cores:.0%} with {rate:.1f} who join a second)"
        yield Limit(rate / cores, "people who join in one second", why, cores)


def _of_machine(played: Played) -> Iterator[Limit]:
    people = played.people_in
    if len(played.samples) < 3 or not people:
        return
    before, _, after = played.samples[:3]
    for name, (used, most) in after.descriptors.items():
        free_before = before.descriptors.get(name, (0, most))[0]
        each = (used - free_before) / people
        if name != OWN and each > 0.1 and most > 0:
            at = (most - free_before) / each
            why = f"{name} may have {most:,} files and sockets open"
            yield Limit(at, "people at the same time", why, people / at)
    grown = sum(
        after.memory_bytes[n] - before.memory_bytes[n] for n in after.memory_bytes if n != OWN
    )
    each = grown / people
    if each > 0:
        at = people + psutil.virtual_memory().available / each
        why = f"this machine's memory is full ({each / 1024:.0f} KB for each guest)"
        yield Limit(at, "people at the same time", why, people / at)


def _of_network(played: Played, venue: Venue, around: Surroundings) -> Iterator[Limit]:
    speed = _speed_of(around.host)
    need = max(needed_mbit(played, venue))
    if speed and need:
        at = speed / need * played.plan.people
        why = f"the network interface carries {speed:,} Mbit/s, and {need:.2g} were needed"
        yield Limit(at, "people", why, need / speed)


def needed_mbit(played: Played, venue: Venue) -> tuple[float, float]:
    """What the network has to carry, in Mbit/s: pages while people come, and messages."""
    joins = _joins(played)
    talk = _talk(played)
    if joins is None or talk is None:
        return 0.0, 0.0
    pages = played.people_in * venue.page_bytes * 8 / joins.seconds
    messages = played.delivered * played.tally.message_bytes * 8 / talk.seconds
    return pages / MBIT, messages / MBIT


def _joins(played: Played) -> Used | None:
    return Used.between(*played.samples[:2]) if len(played.samples) > 1 else None


def _talk(played: Played) -> Used | None:
    return Used.between(*played.samples[1:3]) if len(played.samples) > 2 else None


def _speed_of(host: str) -> int:
    """Mbit/s of the interface that has an address; 0 where nobody knows, as of many Wi-Fi."""
    for name, addresses in psutil.net_if_addrs().items():
        if any(one.address == host for one in addresses):
            known = psutil.net_if_stats().get(name)
            return known.speed if known else 0
    return 0


def _most_within(moments: list[float], period_s: float) -> int:
    """How many of these moments, at most, are within one period."""
    ordered = sorted(moments)
    most = first = 0
    for last, moment in enumerate(ordered):
        while ordered[first] < moment - period_s:
            first += 1
        most = max(most, last - first + 1)
    return most


def _about(number: float) -> str:
    """Two digits of a number that was calculated; one that is exact stays as it is."""
    if float(number).is_integer() or number <= 0:
        return f"{number:,.0f}"
    shown = float(f"{number:.2g}")
    return f"{shown:,g}" if shown < 10 else f"{shown:,.0f}"
