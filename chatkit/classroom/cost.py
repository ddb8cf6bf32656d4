"""What a class costs on Azure: list prices, each with its source and its date, times what is used.

An estimate of what is billed by use, and of what costs by the day. Not a quotation: Microsoft's
pages name the price of each region.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from chatkit.classroom.enrolment import FREE_A_REGION, units_for
from chatkit.cloud.provision.prices import (
    FLEX_EXECUTIONS,
    FLEX_TIME,
    FUNCTION_GB,
    HOURS_A_MONTH,
    LEAST_S,
    SIGNALR,
    STORAGE,
    WRITES,
    paid_use,
)

EXECUTIONS_AN_HOUR = 300
GB_A_PERSON = 0.05
ASSUMED = (
    f"Assumed: {EXECUTIONS_AN_HOUR} calls of functions a person and hour, each counted as"
    f" {LEAST_S:g} second with {FUNCTION_GB:g} GB; {GB_A_PERSON:g} GB stored a person; days of"
    " Standard counted whole; nothing else used of the subscription's free grant this month."
)


@dataclass(frozen=True)
class Line:
    """One part of a sum: what it is, how much of it, and the dollars."""

    what: str
    amount: str
    dollars: float


@dataclass(frozen=True)
class Estimate:
    """What a way to run the class costs.

    Attributes:
        way: Which way.
        lines: Its parts.
        note: What else there is to know; may be empty.
    """

    way: str
    lines: tuple[Line, ...]
    note: str = ""

    @property
    def dollars(self) -> float:
        """The sum."""
        return sum(line.dollars for line in self.lines)


def estimates(people: int, hours: float) -> list[Estimate]:
    """The ways to run a class on Azure, the cheapest first.

    Args:
        people: How many.
        hours: How long everything exists.
    """
    rest = tuple(_by_use(people, hours))
    regions = -(-people // FREE_A_REGION)
    units = units_for(people)
    days = max(1, math.ceil(hours / 24))
    free = Line("SignalR Service, Free", _places(people, regions), 0.0)
    ways = [
        Estimate("an instance each, Free", (free, *rest), _free_note(regions)),
        Estimate(
            "one shared instance, Standard (--shared)",
            (_standard(1, units, days), *rest),
            "A hub each; nobody has its keys.",
        ),
        Estimate(
            "an instance each, Standard (--tier standard)",
            (_standard(people, 1, days), *rest),
            "1,000 connections each.",
        ),
    ]
    return sorted(ways, key=lambda way: way.dollars)


def _standard(instances: int, units: int, days: int) -> Line:
    count = instances * units
    amount = f"{_counted(count, 'unit')} for {_counted(days, 'day')}"
    return Line(SIGNALR.what, amount, count * days * SIGNALR.dollars)


def _places(people: int, regions: int) -> str:
    return f"{_counted(people, 'instance')} in {_counted(regions, 'region')}"


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _free_note(regions: int) -> str:
    return (
        f"Needs {_counted(regions, 'region')} of one subscription, {FREE_A_REGION} instances in"
        " each, and one more for a board on Azure; 20 connections and 20,000 messages a day each."
    )


def _by_use(people: int, hours: float) -> Iterator[Line]:
    """What functions and storage cost, behind the free grant, which the class shares."""
    executions = math.ceil(people * hours * EXECUTIONS_AN_HOUR)
    gb_s = executions * FUNCTION_GB * LEAST_S
    time, count = paid_use(executions)
    yield Line(FLEX_TIME.what, f"{gb_s:,.0f} GB-seconds", time)
    yield Line(FLEX_EXECUTIONS.what, f"{executions:,}", count)
    stored_gb = people * GB_A_PERSON
    stored = stored_gb * hours / HOURS_A_MONTH * STORAGE.dollars
    yield Line(STORAGE.what, f"{stored_gb:.1f} GB", stored)
    yield Line(WRITES.what, f"{executions:,}", executions / 10_000 * WRITES.dollars)
