"""Tiers of SignalR Service: which there are, what they hold, and changing them."""

from __future__ import annotations

from typing import Any

import pytest

from chatkit.cloud.provision import tiers
from chatkit.cloud.provision.signalr import create_signalr, scale
from chatkit.cloud.provision.tiers import FREE, STANDARD, Size
from chatkit.cloud.stack import Stack
from chatkit.core.errors import NoSuchChoice, NotOffered, ServiceError
from tests.cloud.fake_azure import FakeAzure
from tests.cloud.provision.test_kit_signalr import INSTANCE, PATH, usages

PAID = {**INSTANCE, "sku": {"name": "Standard_S1", "tier": "Standard", "capacity": 2}}


@pytest.mark.parametrize(
    ("people", "size"),
    [
        (1, Size(FREE)),
        (20, Size(FREE)),
        (21, Size(STANDARD, 1)),
        (1000, Size(STANDARD, 1)),
        (1001, Size(STANDARD, 2)),
        (10_001, Size(STANDARD, 20)),
        (100_000, Size(STANDARD, 100)),
    ],
)
def test_the_smallest_that_holds_them(people: int, size: Size) -> None:
    """And no larger one, which costs more."""
    assert tiers.holding(people) == size and size.holds >= people


def test_nothing_holds_a_city() -> None:
    """The sentence says how many."""
    with pytest.raises(NotOffered, match="at most 100,000"):
        tiers.holding(100_001)


@pytest.mark.parametrize(
    ("name", "units", "size"),
    [
        ("free", None, Size(FREE)),
        ("FREE", 1, Size(FREE)),
        ("standard", None, Size(STANDARD)),
        ("Standard", 90, Size(STANDARD, 90)),
    ],
)
def test_what_can_be_chosen(name: str, units: int | None, size: Size) -> None:
    """However it is written."""
    assert tiers.chosen(name, units) == size


@pytest.mark.parametrize("units", [0, -1, 11, 101, 1000, 2.5, "many"])
def test_units_that_there_are_not(units: Any) -> None:
    """The hint says which there are; the free tier has one."""
    with pytest.raises(NotOffered) as refused:
        tiers.chosen("standard", units)
    assert refused.value.exit_code == 2 and "10, 20, 30" in str(refused.value.hint)
    with pytest.raises(NotOffered, match="free tier cannot"):
        tiers.chosen("free", units)


@pytest.mark.parametrize("name", ["premium", "Standard_S1", "fre", "s"])
def test_tiers_that_there_are_not(name: str) -> None:
    """Those that there are are named."""
    with pytest.raises(NoSuchChoice, match=f"no tier {name}") as refused:
        tiers.chosen(name, None)
    assert "free, standard" in str(refused.value.hint)


def test_what_it_costs() -> None:
    """About, and where to look; on the local cloud nothing."""
    assert Size(FREE).cost("azure") == "nothing"
    assert Size(STANDARD, 2).cost("azure").startswith("about 3.20 US dollars a day")
    assert tiers.PRICES in Size(STANDARD).cost("azure")
    assert Size(STANDARD).cost("local").startswith("nothing on the local cloud; on Azure about")


def test_a_change_is_one_request(azure: FakeAzure, stack: Stack) -> None:
    """It says the whole resource: keys that were switched off stay off."""
    keyless = {**INSTANCE, "properties": {**INSTANCE["properties"], "disableLocalAuth": True}}
    azure.on("GET", PATH, (200, keyless, {}))
    azure.on("PATCH", PATH, (200, PAID, {}))
    assert scale(stack, Size(STANDARD, 2))
    (patch,) = azure.sent("PATCH")
    assert patch.body["sku"] == {"name": "Standard_S1", "tier": "Standard", "capacity": 2}
    assert patch.body["properties"]["disableLocalAuth"] is True
    assert patch.body["properties"]["features"][0]["value"] == "Serverless"


def test_nothing_is_sent_when_it_is_so_already(azure: FakeAzure, stack: Stack) -> None:
    """A PATCH takes Azure a minute."""
    azure.on("GET", PATH, (200, PAID, {}))
    assert not scale(stack, Size(STANDARD, 2))
    assert not azure.sent("PATCH")


def test_back_to_free_needs_a_free_instance(azure: FakeAzure, stack: Stack) -> None:
    """The region has some of them; the error comes before a minute is spent."""
    azure.on("GET", PATH, (200, PAID, {}))
    azure.on("GET", "usages", (200, usages(5), {}))
    with pytest.raises(ServiceError, match="free SignalR instances"):
        scale(stack, Size(FREE))
    assert not azure.sent("PATCH")


def test_one_is_made_on_the_tier_that_is_wanted(azure: FakeAzure, stack: Stack) -> None:
    """The free ones may be used up: they are not looked at."""
    azure.on("POST", "checkNameAvailability", (200, {"nameAvailable": True}, {}))
    azure.on("PUT", PATH, (201, PAID, {}))
    create_signalr(stack, Size(STANDARD, 2))
    (put,) = azure.sent("PUT")
    assert put.body["sku"]["capacity"] == 2 and not azure.sent("GET", "usages")


@pytest.mark.parametrize(("size", "puts"), [(None, 0), (Size(STANDARD, 2), 0), (Size(FREE), 1)])
def test_one_that_is_there_keeps_its_tier(
    azure: FakeAzure, stack: Stack, size: Size | None, puts: int
) -> None:
    """A cell that runs again scales nobody down who did not say so."""
    azure.on("GET", PATH, (200, PAID, {}))
    azure.on("PUT", PATH, (200, INSTANCE, {}))
    create_signalr(stack, size)
    assert len(azure.sent("PUT")) == puts
