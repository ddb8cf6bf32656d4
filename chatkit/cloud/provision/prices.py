"""List prices of what a chat uses on Azure, in US dollars, each with its source and its date.

Microsoft's pages name the price of each region.
"""

from __future__ import annotations

from dataclasses import dataclass

from chatkit.cloud.provision import tiers

PAGES = "https://azure.microsoft.com/pricing/details/"
HOURS_A_MONTH = 730
FUNCTION_GB = 2.0  # memory of an instance as the kit makes it
LEAST_S = 1.0  # an execution on demand counts as one second at least


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

    def __str__(self) -> str:
        figure = f"{self.dollars:.6f}".rstrip("0").rstrip(".")
        return f"{self.what}: {figure} USD a {self.unit} ({self.where}, {self.when}; {self.source})"


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


def paid_use(executions: float) -> tuple[float, float]:
    """What executions cost in a month that has used nothing of the free grant: time, and count."""
    seconds = max(0.0, executions * FUNCTION_GB * LEAST_S - FREE_GB_S)
    count = max(0.0, executions - FREE_EXECUTIONS)
    return seconds * FLEX_TIME.dollars, count / 1_000_000 * FLEX_EXECUTIONS.dollars
