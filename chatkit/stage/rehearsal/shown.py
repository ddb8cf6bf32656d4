"""What a rehearsal found, for a terminal, a cell and a program."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from chatkit.core.results import Result
from chatkit.stage.rehearsal import limits
from chatkit.stage.rehearsal.limits import Limit, Surroundings
from chatkit.stage.rehearsal.play import Played
from chatkit.stage.rehearsal.tally import percentile
from chatkit.stage.rehearsal.venue import Venue

SHOWN_LIMITS = 4
SHOWN_REFUSALS = 3


@dataclass(frozen=True, repr=False)
class Rehearsed(Result):
    """A rehearsal's result.

    Attributes:
        is_whole: Whether everybody came in, and everything was sent and delivered.
        limits: Where it would break, the nearest first.
    """

    is_whole: bool = False
    limits: tuple[Limit, ...] = ()

    def lines(self) -> list[str]:
        """What is to know, for a terminal."""
        width = max(len(name) for name, _ in self.rows)
        return [self.text, *(f"  {name:{width}}  {value}" for name, value in self.rows)]


def rehearsed(
    played: Played, venue: Venue, around: Surroundings, left: Sequence[tuple[str, str]]
) -> Rehearsed:
    """Put a result together.

    Args:
        played: What happened.
        venue: Where.
        around: What limits there are.
        left: What could not be removed.
    """
    found = limits.found(played, venue, around)
    lost = played.expected - played.delivered
    planned = len(played.plan.writes)
    is_whole = not lost and played.people_in == played.plan.people and played.sent == planned
    losses = f"{lost:,} lost" if lost else "none lost"
    text = (
        f"{played.sent:,} messages to {played.plan.people:,} people:"
        f" {played.delivered:,} of {played.expected:,} delivered, {losses}."
    )
    rows = [*_rows(played, venue, found, around), *left]
    return Rehearsed(
        text,
        tuple(rows),
        data=_data(played, found, lost),
        is_whole=is_whole,
        limits=tuple(found),
    )


def _rows(
    played: Played, venue: Venue, found: list[Limit], around: Surroundings
) -> Iterator[tuple[str, str]]:
    tally = played.tally
    people = played.plan.people
    yield "how late", f"p50 {_ms(tally.live_ms, 50)}, p95 {_ms(tally.live_ms, 95)}"
    slowest = _seconds(tally.joined_s, 95)
    yield "came in", f"{played.people_in:,} of {people:,}, 95 % of them within {slowest}"
    if played.sent < len(played.plan.writes):
        missing = len(played.plan.writes) - played.sent
        yield "not sent", f"{missing:,} of {len(played.plan.writes):,} messages"
    woken = _seconds(tally.awake_s, 95)
    again = f", phones that slept were back within {woken}" if tally.awake_s else ""
    yield "from the history", f"{tally.by_history:,} deliveries{again}"
    for why, times in tally.refused.most_common(SHOWN_REFUSALS):
        yield "refused" if times == 1 else f"refused {times:,} times", why
    name = "breaks first"
    for limit in found[:SHOWN_LIMITS]:
        yield name, str(limit)
        name = "then"
    yield "network", _network(played, venue, around)
    cores, sentence = limits.own_load(played)
    yield "this rehearsal", f"used {cores:.0%} of a processor. {sentence}".rstrip()


def _network(played: Played, venue: Venue, around: Surroundings) -> str:
    pages, messages = limits.needed_mbit(played, venue)
    told = (
        f"{pages:.1f} Mbit/s while people came ({venue.page_bytes / 1000:.0f} KB for each),"
        f" {messages:.1f} Mbit/s of messages"
    )
    if around.host:
        told += "; the Wi-Fi itself takes no part: the phones of a rehearsal are on this machine"
    return told


def _data(played: Played, found: list[Limit], lost: int) -> dict[str, Any]:
    tally = played.tally
    breaks_first = None
    if found:
        first = found[0]
        breaks_first = {"at": round(first.at, 1), "unit": first.unit, "why": first.why}
    cores, _ = limits.own_load(played)
    return {
        "sent": played.sent,
        "expected": played.expected,
        "delivered": played.delivered,
        "p50_ms": _rounded(percentile(tally.live_ms, 50)),
        "p95_ms": _rounded(percentile(tally.live_ms, 95)),
        "lost": lost,
        "people": played.plan.people,
        "people_in": played.people_in,
        "from_history": tally.by_history,
        "breaks_first": breaks_first,
        "own_processor": round(cores, 2),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _ms(values: Any, percent: float) -> str:
    value = percentile(values, percent)
    return "-" if value is None else f"{value:.0f} ms"


def _seconds(values: list[float], percent: float) -> str:
    value = percentile(values, percent)
    return "-" if value is None else f"{value:.2f} s"
