"""WebSocket frames as a server sends them."""

from __future__ import annotations

TEXT, BINARY = 0x81, 0x82


def frame(payload: bytes, *, binary: bool) -> bytes:
    """One unmasked, uncompressed final frame (RFC 6455 §5.2): the same bytes for every client."""
    size = len(payload)
    first = BINARY if binary else TEXT
    if size < 126:
        return bytes((first, size)) + payload
    if size < 65536:
        return bytes((first, 126)) + size.to_bytes(2, "big") + payload
    return bytes((first, 127)) + size.to_bytes(8, "big") + payload
