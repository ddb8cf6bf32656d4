"""What a class costs on Azure: list prices, each with its source and its date, times what is used.

An estimate of what is billed by use, and of what costs by the day. Not a quotation: Microsoft's
pages name the price of each region.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from chatkit.classroom.enrolment import FREE_A_REGION, units_for
from chatkit.cloud.provision import tiers

PAGES = "https://azure.microsoft.com/pricing/details/"
HOURS_A_MONTH = 730
FUNCTION_GB = 2.0  # memory of an instance as the kit makes it
LEAST_S = 1.0  # an execution on demand counts as one second at least
EXECUTIONS_AN_HOUR = 300
GB_A_PERSON = 0.05
ASSUMED = (
    f"Assumed: {EXECUTIONS_AN_HOUR} calls of functions a person and hour, each counted as"
    f" {LEAST_S:g} second with {FUNCTION_GB:g} GB; {GB_A_PERSON:g} GB stored a person; days of"
    " Standard counted whole; nothing else used of the subscription's free grant this month."
)


@dataclass(frozen=True)
class Price:
    """One price.

    Attributes:
        what: What is paid for.
        dollars: US dollars.
        unit: For how much of it.
        where: The region it was quoted for.
        when: The date of the source.
        source: Who has quoted it.
    """

    what: str
    dollars: float
    unit: str
    where: str
    when: str
    source: str


SIGNALR = Price(
    "SignalR Service, Standard",
    tiers.DOLLARS_A_DAY,
    "unit and day",
    "East US",
    "2026",
    f"{tiers.PRICES} as quoted: 49 a month; plavos.com quotes 49.10",
)
FLEX_TIME = Price(
    "Functions, Flex Consumption, execution time",
    0.000026,
    "GB-second, behind 100,000 a month and subscription",
    "East US",
    "2025-05-22",
    f"{PAGES}functions/ as quoted by modal.com",
)
FLEX_EXECUTIONS = Price(
    "Functions, Flex Consumption, executions",
    0.40,
    "million, behind 250,000 a month and subscription",
    "East US",
    "2025-05-22",
    f"{PAGES}functions/ as quoted by modal.com",
)
STORAGE = Price(
    "Blob storage, hot, LRS",
    0.0184,
    "GB and month",
    "East US",
    "2023, third quarter",
    f"{PAGES}storage/blobs/ as quoted by calculator.city",
)
WRITES = Price(
    "Blob storage, write operations",
    0.05,
    "10,000",
    "East US",
    "2023, third quarter",
    f"{PAGES}storage/blobs/ as quoted by calculator.city",
)
PRICES = (SIGNALR, FLEX_TIME, FLEX_EXECUTIONS, STORAGE, WRITES)
FREE_GB_S = 100_000
FREE_EXECUTIONS = 250_000


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
        " each; 20 connections and 20,000 messages a day each."
    )


def _by_use(people: int, hours: float) -> Iterator[Line]:
    """What functions and storage cost, behind the free grant, which the class shares."""
    executions = math.ceil(people * hours * EXECUTIONS_AN_HOUR)
    gb_s = executions * FUNCTION_GB * LEAST_S
    paid_s = max(0.0, gb_s - FREE_GB_S)
    paid = max(0, executions - FREE_EXECUTIONS)
    yield Line(FLEX_TIME.what, f"{gb_s:,.0f} GB-seconds", paid_s * FLEX_TIME.dollars)
    yield Line(FLEX_EXECUTIONS.what, f"{executions:,}", paid / 1_000_000 * FLEX_EXECUTIONS.dollars)
    stored_gb = people * GB_A_PERSON
    stored = stored_gb * hours / HOURS_A_MONTH * STORAGE.dollars
    yield Line(STORAGE.what, f"{stored_gb:.1f} GB", stored)
    yield Line(WRITES.what, f"{executions:,}", executions / 10_000 * WRITES.dollars)
