"""The size of SignalR Service goes back when a stage ends."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from chatkit.localcloud.signalr.core.instance import Instance
from chatkit.localcloud.stage import sizes
from chatkit.localcloud.stage.order import Order, Scaled

ORDER = Order("127.0.0.1", 0, 60.0, 150, "room", "chat")
SCALED = Scaled("Standard_S1", 1, "Free_F1", 1)


def instance(sku: str, capacity: int) -> Instance:
    """One of a size."""
    spec = SimpleNamespace(sku=sku, capacity=capacity)
    return cast(Instance, SimpleNamespace(spec=spec))


@pytest.mark.parametrize(
    ("scaled", "now", "goes_back"),
    [
        (SCALED, instance("standard_s1", 1), True),
        (SCALED, instance("Standard_S1", 2), False),  # somebody wanted more
        (SCALED, instance("Free_F1", 1), False),
        (SCALED, None, False),
        (None, instance("Standard_S1", 1), False),
    ],
)
async def test_it_goes_back_if_nobody_has_changed_it(
    scaled: Scaled | None, now: Instance | None, goes_back: bool
) -> None:
    """To what it was; a failure does not keep a stage from ending."""
    done: list[Any] = []

    async def resize(name: str, sku: str, units: int) -> None:
        done.append((name, sku, units))
        raise OSError("disk")

    order = Order.read({**ORDER.document(), "scaled": scaled.__dict__ if scaled else None})
    await sizes.take_back(order, now, resize)
    assert done == [("room", "Free_F1", 1)] * goes_back


def test_a_stage_that_opens_anew_remembers_the_first_size() -> None:
    """However often it grew."""
    first = Order.read({**ORDER.document(), "scaled": SCALED.__dict__})
    again = ORDER.going_on_from(first)
    larger = Scaled("Standard_S1", 2, "Standard_S1", 1)
    grown = Order.read({**ORDER.document(), "scaled": larger.__dict__}).going_on_from(again)
    assert again.scaled == SCALED
    assert grown.scaled == Scaled("Standard_S1", 2, "Free_F1", 1)
    assert ORDER.going_on_from(ORDER).scaled is None
