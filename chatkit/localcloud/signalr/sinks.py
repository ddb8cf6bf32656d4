"""The sending halves of the three transports. None of them waits for its client."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web

TEXT, BINARY = 0x81, 0x82
_background: set[asyncio.Task[Any]] = set()


class WebSocketSink:
    """Writes whole WebSocket frames straight to the connection's transport.

    Server frames are neither masked nor compressed, so the same bytes serve every client of a broadcast; the last frame
    built is kept for the next client.
    """

    text_only = False
    _last: tuple[bytes, bool, bytes] = (b"", False, b"")

    def __init__(self, socket: web.WebSocketResponse, transport: asyncio.Transport) -> None:
        self._socket = socket
        self._transport = transport

    def send(self, payload: bytes, *, binary: bool) -> None:
        """Queue one payload as one frame."""
        last, last_binary, framed = WebSocketSink._last
        if last is not payload or last_binary is not binary:
            framed = frame(payload, binary=binary)
            WebSocketSink._last = (payload, binary, framed)
        if not self._transport.is_closing():
            self._transport.write(framed)

    def waiting_bytes(self) -> int:
        """Bytes in the transport's buffer."""
        return self._transport.get_write_buffer_size()

    def close(self, *, abort: bool = False) -> None:
        """Send the closing frame and end; with abort drop what waits."""
        if abort:
            self._transport.abort()
        else:
            _later(self._socket.close(code=1000))


def frame(payload: bytes, *, binary: bool) -> bytes:
    """One unmasked final frame (RFC 6455 §5.2)."""
    size = len(payload)
    first = BINARY if binary else TEXT
    if size < 126:
        return bytes((first, size)) + payload
    if size < 65536:
        return bytes((first, 126)) + size.to_bytes(2, "big") + payload
    return bytes((first, 127)) + size.to_bytes(8, "big") + payload


class EventStreamSink:
    """Server-sent events: each payload one event, text only."""

    text_only = True

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self.ended = asyncio.Event()

    def send(self, payload: bytes, *, binary: bool) -> None:
        """Queue one payload as one event in one HTTP chunk."""
        lines = b"".join(b"data: " + line + b"\r\n" for line in payload.split(b"\n"))
        event = lines + b"\r\n"
        if not self._transport.is_closing():
            self._transport.write(b"%x\r\n%s\r\n" % (len(event), event))

    def waiting_bytes(self) -> int:
        """Bytes in the transport's buffer."""
        return self._transport.get_write_buffer_size()

    def close(self, *, abort: bool = False) -> None:
        """End the stream."""
        if abort:
            self._transport.abort()
        self.ended.set()


class PollSink:
    """Long polling: payloads wait for the next poll."""

    text_only = False
    keeps_itself_alive = True

    def __init__(self) -> None:
        self._waiting = bytearray()
        self.changed = asyncio.Event()
        self.closed = False

    def send(self, payload: bytes, *, binary: bool) -> None:
        """Keep one payload for the next poll."""
        self._waiting += payload
        self.changed.set()

    def waiting_bytes(self) -> int:
        """Bytes no poll has fetched."""
        return len(self._waiting)

    def close(self, *, abort: bool = False) -> None:
        """Let the current poll fetch what is left, then end."""
        if abort:
            self._waiting.clear()
        self.closed = True
        self.changed.set()

    def take(self) -> bytes:
        """Everything that waits."""
        content, self._waiting = bytes(self._waiting), bytearray()
        self.changed.clear()
        if self.closed:
            self.changed.set()
        return content


def _later(work: Any) -> None:
    task = asyncio.ensure_future(work)
    _background.add(task)
    task.add_done_callback(_background.discard)
