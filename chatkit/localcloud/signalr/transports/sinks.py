"""The sending halves of the two HTTP transports. None of them waits for its client."""

from __future__ import annotations

import asyncio
import time


class EventStreamSink:
    """Server-sent events: each payload one event, text only."""

    text_only = True
    wants_keep_alive = True
    gone_reason: str | None = None

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

    def is_gone(self) -> bool:
        """The browser has closed the stream; it has no other way to end it."""
        return self._transport.is_closing()

    def close(self, *, abort: bool = False) -> None:
        """End the stream."""
        if abort:
            self._transport.abort()
        self.ended.set()


class PollSink:
    """Long polling: payloads wait for the next poll."""

    text_only = False
    wants_keep_alive = False
    gone_reason: str | None = "The client stopped polling."

    def __init__(self, poll_within_s: float) -> None:
        self._waiting = bytearray()
        self._poll_within_s = poll_within_s
        self._poller: asyncio.Transport | None = None
        self.changed = asyncio.Event()
        self.closed = False
        #: counts polls: an older one still waiting is answered empty when a newer one comes
        self.poll = 0
        #: since when no poll is waiting, None while one is
        self.idle_since: float | None = time.monotonic()

    def begin(self, poller: asyncio.Transport) -> int:
        """A poll arrives; returns its number."""
        self.poll += 1
        self.idle_since = None
        self._poller = poller
        if self.poll > 1:
            self.changed.set()
        return self.poll

    def end(self, poll: int) -> None:
        """A poll is answered."""
        if poll == self.poll:
            self.idle_since = time.monotonic()
            self._poller = None

    def send(self, payload: bytes, *, binary: bool) -> None:
        """Keep one payload for the next poll."""
        self._waiting += payload
        self.changed.set()

    def waiting_bytes(self) -> int:
        """Bytes no poll has fetched."""
        return len(self._waiting)

    def is_gone(self) -> bool:
        """No poll has come for too long; a poll whose client has hung up does not count."""
        now = time.monotonic()
        if self._poller is not None and self._poller.is_closing():
            self.idle_since = now
            self._poller = None
        return self.idle_since is not None and now - self.idle_since > self._poll_within_s

    def close(self, *, abort: bool = False) -> None:
        """Let the current poll fetch what is left, then end."""
        if abort:
            self._waiting.clear()
        self.closed = True
        self.changed.set()

    def take(self) -> bytes:
        """Everything that waits."""
        content = bytes(self._waiting)
        self._waiting.clear()
        self.changed.clear()
        if self.closed:
            self.changed.set()
        return content
