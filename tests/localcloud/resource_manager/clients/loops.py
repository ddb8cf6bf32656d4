"""How to close a loop whose TLS clients are still connected."""

from __future__ import annotations

import asyncio


async def drop_connections() -> None:
    """Abort every transport of the running loop: TLS would wait for its client's close."""
    selector = asyncio.get_running_loop()._selector  # type: ignore[attr-defined]
    for key in [*selector.get_map().values()]:
        transport = getattr(key.data[0]._callback, "__self__", None)
        if isinstance(transport, asyncio.Transport):
            transport.abort()
    while len(selector.get_map()) > 1:
        await asyncio.sleep(0.01)
