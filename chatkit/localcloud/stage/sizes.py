"""The size of SignalR Service, which was changed for a stage, goes back when the stage ends."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from chatkit.localcloud.signalr.core.instance import Instance
from chatkit.localcloud.stage.order import Order

log = logging.getLogger("chatkit.local.stage")
Resize = Callable[[str, str, int], Awaitable[None]]
"""Gives an instance another tier and number of units."""


async def no_resizing(_instance: str, _sku: str, _units: int) -> None:
    """Nothing has a size."""


async def take_back(order: Order, instance: Instance | None, resize: Resize) -> None:
    """Give the instance the size that it had, unless somebody has changed it since."""
    scaled = order.scaled
    if scaled is None or instance is None:
        return
    spec = instance.spec
    if (spec.sku.lower(), max(1, spec.capacity)) != (scaled.sku.lower(), scaled.units):
        return
    try:
        await resize(order.instance, scaled.from_sku, scaled.from_units)
    except Exception:  # the stage ends all the same
        log.exception("the tier of %s did not go back", order.instance)
