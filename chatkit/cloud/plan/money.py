"""What a chat costs on Azure: prices with their date and source, and a sum for a class."""

from __future__ import annotations

from dataclasses import dataclass

from chatkit.cloud.provision import tiers

DAYS_A_MONTH = 30
CALLS_A_PERSON = 1_000
"""Of functions, by one person in a class: generous; a run of the tutorial's checks sends about
100."""
SECONDS_A_CALL = 1.0
"""The least that is billed for an execution on Flex Consumption."""
GB = 2.0
"""Memory of an instance that the kit makes."""


@dataclass(frozen=True)
class Price:
    """One price, in US dollars.

    Attributes:
        what: Of what.
        dollars: For one unit.
        unit: What that is.
        free: So many units a month cost nothing.
        seen: When, and where it was quoted.
        page: Microsoft's page, which has the price of each region.
    """

    what: str
    dollars: float
    unit: str
    free: float
    seen: str
    page: str

    @property
    def told(self) -> str:
        """Its figure as people read it."""
        return f"{self.dollars:.7f}".rstrip("0").rstrip(".")


FUNCTIONS = "https://azure.microsoft.com/pricing/details/functions/"
STANDARD = Price(
    "SignalR Service, standard tier",
    tiers.DOLLARS_A_DAY,
    "unit and day",
    0,
    "November 2026, Microsoft's page: 49 a month",
    tiers.PRICES,
)
EXECUTIONS = Price(
    "Flex Consumption, executions",
    0.40e-6,
    "execution",
    250_000,
    "May 2025, modal.com/blog/azure-function-pricing-guide, East US",
    FUNCTIONS,
)
MEMORY = Price(
    "Flex Consumption, memory while functions run",
    0.000026,
    "GB and second",
    100_000,
    "May 2025, modal.com/blog/azure-function-pricing-guide, East US",
    FUNCTIONS,
)
STORED = Price(
    "Blob storage, LRS, hot",
    0.02,
    "GB and month",
    0,
    "about, November 2026",
    "https://azure.microsoft.com/pricing/details/storage/blobs/",
)
PRICES = (STANDARD, EXECUTIONS, MEMORY, STORED)


@dataclass(frozen=True)
class Cost:
    """What something costs, in US dollars.

    Attributes:
        what: What it is.
        dollars: The sum.
        how: How it comes about.
    """

    what: str
    dollars: float
    how: str

    def __str__(self) -> str:
        return f"{self.what}: {self.dollars:.2f} USD ({self.how})"


def costs(people: int) -> list[Cost]:
    """A day of one person's chat, and a class: each with their own, or all in one chat.

    Args:
        people: How many are in the class.

    Raises:
        NotOffered: No instance takes so many people.
    """
    size = tiers.holding(people)
    day = _functions(1) + _stored(1)
    shared = _functions(people) + _stored(1)
    instance = 0.0 if size.tier is tiers.FREE else STANDARD.dollars * size.units
    each = f"{people} free instances; how many a region gives a subscription is a quota"
    return [
        Cost("a day, one person", day, "free tier, within the free grant of functions"),
        Cost(
            f"a class of {people}, each with a chat of their own",
            _functions(people) + _stored(people),
            each,
        ),
        Cost(f"a class of {people} in one chat, a day", instance + shared, f"{size}"),
    ]


def _functions(people: int) -> float:
    """Executions of a day, above the grant of the month."""
    count = people * CALLS_A_PERSON
    memory = count * SECONDS_A_CALL * GB
    return _above(EXECUTIONS, count) + _above(MEMORY, memory)


def _above(price: Price, units: float) -> float:
    return max(0.0, units - price.free) * price.dollars


def _stored(chats: int) -> float:
    """A hundredth of a GB for each chat: its package, its page, its messages."""
    return chats * 0.01 * STORED.dollars / DAYS_A_MONTH
