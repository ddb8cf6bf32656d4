"""Messages between host and child over two pipes.

`header length, body length` (big-endian u32), JSON header, raw body.
"""

from __future__ import annotations

import json
import os
import struct
import threading
from collections.abc import Iterable, Iterator
from typing import Any

SIZES = struct.Struct(">II")
CHUNK_BYTES = 1 << 16


def encode(header: dict[str, Any], body: bytes = b"") -> bytes:
    """Make one message."""
    text = json.dumps(header, separators=(",", ":")).encode()
    return SIZES.pack(len(text), len(body)) + text + body


class Decoder:
    """Cuts a byte stream into messages."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[dict[str, Any], bytes]]:
        """Yield each message that is complete now."""
        self._buffer += data
        while len(self._buffer) >= SIZES.size:
            header_size, body_size = SIZES.unpack_from(self._buffer)
            end = SIZES.size + header_size + body_size
            if len(self._buffer) < end:
                return
            split = SIZES.size + header_size
            header = json.loads(bytes(self._buffer[SIZES.size : split]))
            body = bytes(self._buffer[split:end])
            del self._buffer[:end]
            yield header, body


class Channel:
    """The child's end.

    The user's code must not reach these pipes by accident: descriptors 0 and 1 are given other
    meanings.
    """

    def __init__(self) -> None:
        self._read = os.dup(0)
        self._write = os.dup(1)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        os.dup2(2, 1)
        self._lock = threading.Lock()

    def messages(self) -> Iterator[tuple[dict[str, Any], bytes]]:
        """Yield messages until the host is gone."""
        decoder = Decoder()
        while data := os.read(self._read, CHUNK_BYTES):
            yield from decoder.feed(data)

    def send_all(self, messages: Iterable[tuple[dict[str, Any], bytes]]) -> None:
        """Write several messages; others may come between them."""
        for header, body in messages:
            self.send(header, body)

    def send(self, header: dict[str, Any], body: bytes = b"") -> None:
        """Write one message; may be called from any thread."""
        data = memoryview(encode(header, body))
        with self._lock:
            while data:
                data = data[os.write(self._write, data) :]
