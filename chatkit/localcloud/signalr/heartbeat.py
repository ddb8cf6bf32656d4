"""The clock of all connections: pings, time-outs, memberships that end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable

from chatkit.localcloud.signalr.core.instance import Instance

log = logging.getLogger("chatkit.local.signalr")
PERIOD_S = 1.0


async def beat(
    instances: Callable[[], Iterable[Instance]],
    *,
    keep: Callable[[Instance], None] | None = None,
) -> None:
    """Let the time pass for instances until this task is cancelled.

    Args:
        instances: Those that there are now.
        keep: Writes down what an instance must not forget.
    """
    while True:
        await asyncio.sleep(PERIOD_S)
        for instance in [*instances()]:
            try:
                instance.connections.tick()
                if keep is not None:
                    keep(instance)
            except Exception:  # the clock of all connections must not stop for one
                log.exception("%s: the heartbeat failed", instance.spec.name)
