"""A WebSocket passed on: after the app has agreed, bytes go both ways as they are.

Frames, fragments, extensions, subprotocols and closing codes are between the browser and the app.
"""

from __future__ import annotations

import asyncio
from typing import Any, cast

import aiohttp
from aiohttp import hdrs, web


class _Tail:
    """Takes what has come with the end of the HTTP part, as aiohttp's own reader of frames does."""

    def __init__(self) -> None:
        self.content = b""

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        """Keep it."""
        self.content += bytes(data)
        return False, b""

    def feed_eof(self) -> None:
        """The end of the connection is told by its transport."""


class _Half(asyncio.Protocol):
    """One connection of a tunnel: what it receives goes to the other one.

    Args:
        own: Its transport.
        other: The transport of the other connection.
        before: The protocol that had the transport, which is told its end.
        ended: Set when either connection has ended.
    """

    def __init__(
        self,
        own: asyncio.Transport,
        other: asyncio.Transport,
        before: asyncio.BaseProtocol,
        ended: asyncio.Event,
    ) -> None:
        self._own = own
        self._other = other
        self._before = before
        self._ended = ended

    def data_received(self, data: bytes) -> None:
        self._other.write(data)

    def eof_received(self) -> bool:
        self._other.close()  # after what waits to be written
        return False

    def pause_writing(self) -> None:
        """The reader here is slow: let the writer at the other end wait."""
        if not self._other.is_closing():
            self._other.pause_reading()

    def resume_writing(self) -> None:
        if not self._other.is_closing():
            self._other.resume_reading()

    def connection_lost(self, error: Exception | None) -> None:
        self._other.close()
        self._ended.set()
        self._before.connection_lost(error)


async def through(request: web.Request, answer: aiohttp.ClientResponse) -> web.StreamResponse:
    """Tell the browser that the app has agreed, and pass bytes on until one of them ends.

    Raises:
        ConnectionError: At the end: the connection carries no HTTP any more.
    """
    connection = answer.connection
    browser = request.transport
    if connection is None or connection.transport is None or browser is None:
        raise ConnectionResetError("a side has gone")
    app = connection.transport
    from_browser = _Tail()
    from_app = _Tail()
    # Both take a reader of WebSocket frames; this one takes everything that has come.
    cast(Any, request.protocol).set_parser(from_browser)
    cast(Any, connection.protocol).set_parser(from_app, answer.content)
    ended = asyncio.Event()
    for own, other in ((browser, app), (app, browser)):
        own.set_protocol(_Half(own, other, own.get_protocol(), ended))
        own.resume_reading()
    browser.write(_head(answer) + from_app.content)
    app.write(from_browser.content)
    try:
        await ended.wait()
    finally:
        browser.close()
        answer.close()
    raise ConnectionResetError("the WebSocket has ended")


def _head(answer: aiohttp.ClientResponse) -> bytes:
    """The app's agreement as it came, but for headers of its connection with us."""
    lines = [b"HTTP/1.1 101 Switching Protocols"]
    for name, value in answer.raw_headers:
        if name.decode("latin-1").lower() not in ("keep-alive", "connection", "upgrade"):
            lines.append(name + b": " + value)
    lines += [f"{hdrs.CONNECTION}: Upgrade".encode(), f"{hdrs.UPGRADE}: websocket".encode()]
    return b"\r\n".join([*lines, b"", b""])
