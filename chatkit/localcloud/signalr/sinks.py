"""The sending halves of the two HTTP transports. None of them waits for its client."""

from __future__ import annotations

import asyncio


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
