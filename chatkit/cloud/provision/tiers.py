"""Tiers of SignalR Service: what each takes at the same time and in a day, and what it costs.

Follows Microsoft's pages "Azure SignalR Service limits" and "Scale an instance".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chatkit.cloud.connection import without_syntax_warnings
from chatkit.core.errors import NoSuchChoice, NotOffered

if TYPE_CHECKING:
    from azure.mgmt.signalr.models import ResourceSku

# A unit of the standard tier, in US dollars a day: 49 a month, as quoted in 2026. Microsoft's page
# has the price of each region; it names none without choosing a region there.
DOLLARS_A_DAY = 1.6
PRICES = "https://azure.microsoft.com/pricing/details/signalr-service/"
NOTHING = "nothing"


@dataclass(frozen=True)
class Tier:
    """A tier.

    Attributes:
        name: As people say it.
        sku: As Resource Manager says it.
        connections: How many a unit takes at the same time.
        messages: How many a unit sends in a day; more cost extra on the standard tier.
        units: How many units an instance may have.
    """

    name: str
    sku: str
    connections: int
    messages: int
    units: tuple[int, ...]


FREE = Tier("free", "Free_F1", 20, 20_000, (1,))
STANDARD = Tier("standard", "Standard_S1", 1_000, 1_000_000, (*range(1, 11), *range(20, 101, 10)))
TIERS = {tier.name: tier for tier in (FREE, STANDARD)}


@dataclass(frozen=True)
class Size:
    """A tier and its units.

    Attributes:
        tier: The tier.
        units: How many units.
    """

    tier: Tier
    units: int = 1

    @property
    def holds(self) -> int:
        """How many connections it takes at the same time."""
        return self.tier.connections * self.units

    @property
    def sku(self) -> ResourceSku:
        """As Resource Manager takes it."""
        with without_syntax_warnings():
            from azure.mgmt.signalr.models import ResourceSku  # it takes a second

        return ResourceSku(
            name=self.tier.sku, tier=self.tier.name.capitalize(), capacity=self.units
        )

    @property
    def messages(self) -> str:
        """How many messages a day."""
        a_day = f"{self.tier.messages * self.units:,} a day"
        if self.tier is FREE:
            return f"{a_day}, to each receiver one; then none until midnight UTC"
        return f"{a_day} are in the price"

    def cost(self, target: str) -> str:
        """What it costs, on a target."""
        if self.tier is FREE:
            return NOTHING
        a_day = f"about {DOLLARS_A_DAY * self.units:.2f} US dollars a day, used or not"
        if target == "local":
            return f"nothing on the local cloud; on Azure {a_day}"
        return f"{a_day}. The price of your region: {PRICES}"

    def __str__(self) -> str:
        units = "1 unit" if self.units == 1 else f"{self.units} units"
        return f"{self.tier.name} tier, {units}"

    def command(self) -> str:
        """What to type for it."""
        if self.tier is FREE:
            return "chatkit scale --tier free"
        return f"chatkit scale --tier standard --units {self.units}"


def chosen(name: str, units: int | None) -> Size:
    """The size that somebody asks for; no number of units is one.

    Raises:
        NoSuchChoice: There is no such tier.
        NotOffered: It does not have so many units.
    """
    tier = TIERS.get(str(name).lower())
    if tier is None:
        raise NoSuchChoice("tier", name, [*TIERS])
    if units is None:
        return Size(tier)
    if units not in tier.units:
        raise NotOffered(f"The {tier.name} tier cannot have {units} units.", hint=_units(tier))
    return Size(tier, units)


def holding(people: int) -> Size:
    """The smallest size that takes so many people at the same time.

    Raises:
        NotOffered: None does.
    """
    for tier in TIERS.values():
        for units in tier.units:
            if tier.connections * units >= people:
                return Size(tier, units)
    most = STANDARD.connections * STANDARD.units[-1]
    raise NotOffered(f"An instance takes at most {most:,} people.", hint="Invite fewer.")


def of(sku: ResourceSku | None) -> Size | None:
    """The size of an instance; None for a tier that the kit does not make."""
    if sku is None:
        return None
    for tier in TIERS.values():
        if str(sku.name).lower() == tier.sku.lower():
            return Size(tier, sku.capacity or 1)
    return None


def _units(tier: Tier) -> str:
    if tier is FREE:
        return "It has one unit; the standard tier has up to 100."
    return f"It can have {', '.join(map(str, tier.units))}."
