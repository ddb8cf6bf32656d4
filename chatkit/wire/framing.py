"""Framing of hub messages, and WebSocket frames.

A 0x1E ends each JSON text, a length precedes each binary body (HubProtocol.md, "JSON encoding" and
"MessagePack encoding").

Both decoders take chunks cut anywhere and keep at most one incomplete message, of bounded size.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from chatkit.core.errors import RemoteProtocolError

SEPARATOR = b"\x1e"
# The service recommends messages under 1 MB; anything past this is an attack or a mistake.
MAX_MESSAGE_BYTES = 16 * 1024 * 1024
MAX_VARINT_BYTES = 5
TEXT_FRAME = 0x81
BINARY_FRAME = 0x82


class Decoder(Protocol):
    """Fed bytes, yields message bodies."""

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Take a chunk and yield every body it completes.

        Raises:
            RemoteProtocolError: The stream cannot be read any further.
        """

    def rest(self) -> bytes:
        """Take what was fed and not yielded yet."""


class TextDecoder:
    """Splits a byte stream at record separators."""

    def __init__(self, *, max_bytes: int = MAX_MESSAGE_BYTES) -> None:
        self._buffer = bytearray()
        self._searched = 0
        self._max_bytes = max_bytes

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Take a chunk and yield every body it completes, separators removed."""
        self._buffer += chunk
        while (end := self._buffer.find(SEPARATOR, self._searched)) >= 0:
            body = bytes(self._buffer[:end])
            del self._buffer[: end + 1]
            self._searched = 0
            yield body
        self._searched = len(self._buffer)
        if len(self._buffer) > self._max_bytes:
            raise RemoteProtocolError(f"A message is longer than {self._max_bytes} bytes.")

    def rest(self) -> bytes:
        """Take what was fed and not yielded yet."""
        rest = bytes(self._buffer)
        self._buffer.clear()
        self._searched = 0
        return rest


class BinaryDecoder:
    """Splits a byte stream by length prefixes."""

    def __init__(self, *, max_bytes: int = MAX_MESSAGE_BYTES) -> None:
        self._buffer = bytearray()
        self._max_bytes = max_bytes

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Take a chunk and yield every body it completes, prefixes removed."""
        self._buffer += chunk
        while (prefix := read_varint(self._buffer)) is not None:
            length, size = prefix
            if length > self._max_bytes:
                raise RemoteProtocolError(f"A message is longer than {self._max_bytes} bytes.")
            if len(self._buffer) < size + length:
                return
            body = bytes(self._buffer[size : size + length])
            del self._buffer[: size + length]
            yield body

    def rest(self) -> bytes:
        """Take what was fed and not yielded yet."""
        rest = bytes(self._buffer)
        self._buffer.clear()
        return rest


def read_varint(data: bytes | bytearray) -> tuple[int, int] | None:
    """Read a length prefix: (value, bytes used), or None when more bytes are needed.

    Raises:
        RemoteProtocolError: The value is over 2 GB.
    """
    value = 0
    for used, byte in enumerate(data[:MAX_VARINT_BYTES], start=1):
        value |= (byte & 0x7F) << (7 * (used - 1))
        if used == MAX_VARINT_BYTES and byte > 0x07:
            raise RemoteProtocolError("Messages over 2GB in size are not supported.")
        if not byte & 0x80:
            return value, used
    return None


def write_varint(value: int) -> bytes:
    """Write a length prefix: 7-bit groups, lowest first."""
    groups = bytearray()
    while value > 0x7F:
        groups.append(value & 0x7F | 0x80)
        value >>= 7
    groups.append(value)
    return bytes(groups)


def websocket_frame(payload: bytes, *, binary: bool) -> bytes:
    """One unmasked, uncompressed final frame (RFC 6455 §5.2), as a server sends it.

    The same bytes for every client.
    """
    size = len(payload)
    first = BINARY_FRAME if binary else TEXT_FRAME
    if size < 126:
        return bytes((first, size)) + payload
    if size < 65536:
        return bytes((first, 126)) + size.to_bytes(2, "big") + payload
    return bytes((first, 127)) + size.to_bytes(8, "big") + payload
