"""HTTP bodies read whole, up to a limit. A stream's own `read(n)` returns what has arrived so far, which may be less."""

from __future__ import annotations

from aiohttp import StreamReader


async def read_whole(stream: StreamReader, *, limit_bytes: int) -> bytes | None:
    """Read a body to its end; None when it is longer than the limit."""
    content = bytearray()
    async for chunk in stream.iter_any():
        content += chunk
        if len(content) > limit_bytes:
            return None
    return bytes(content)
