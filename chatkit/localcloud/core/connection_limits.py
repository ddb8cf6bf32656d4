"""How long a connection may keep the server waiting: for a request, for its body, as a reader.

Kestrel, the server of Azure's services, has the same limits (Microsoft's page "Configure options
for the ASP.NET Core Kestrel web server": RequestHeadersTimeout, MinRequestBodyDataRate,
MinResponseDataRate). aiohttp has none of them.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from aiohttp import StreamReader, web

LOOKS = 12
"""How often a limit is looked at before it is over."""


@dataclass(frozen=True)
class ConnectionLimits:
    """Seconds that a client may take.

    Attributes:
        head_s: From the first byte of a request, or from the beginning of the connection, until
            the end of the request's headers.
        body_s: While nothing of a body comes. Every `body_bytes_per_s` bytes give one second back,
            up to `body_s`: a slow upload may take as long as it likes, one that trickles may not.
        body_bytes_per_s: What a body has to bring on average.
        answer_s: While nothing of an answer is taken.
        idle_s: Between two requests of one connection.
    """

    head_s: float = 15
    body_s: float = 60
    body_bytes_per_s: float = 100
    answer_s: float = 60
    idle_s: float = 130


class LimitedConnection(asyncio.Protocol):
    """Stands between a transport and the protocol of its HTTP connection, and looks at the time.

    What takes over the transport, a WebSocket for example, leaves it behind. An answer that takes
    its time to begin, or goes on for ever, is no reason to end a connection.
    """

    __slots__ = (
        "_content",
        "_http",
        "_is_busy",
        "_left_s",
        "_limits",
        "_lost",
        "_received",
        "_seen",
        "_stalled",
        "_timer",
        "_transport",
    )

    def __init__(self, http: asyncio.BaseProtocol, limits: ConnectionLimits) -> None:
        assert isinstance(http, asyncio.Protocol)
        self._http = http
        self._limits = limits
        self._timer: asyncio.TimerHandle | None = None
        self._stalled: asyncio.TimerHandle | None = None
        self._is_busy = False
        self._received = 0
        self._lost = asyncio.Event()

    # What middleware tells

    def request_begins(self, request: web.BaseRequest) -> None:
        """The headers of a request are complete."""
        self._is_busy = True
        self._stop_timer()
        if request.body_exists:
            self._expect_body(request.content)

    def request_ends(self) -> None:
        """The request is answered."""
        self._is_busy = False
        self._stop_timer()

    async def lost(self) -> None:
        """Wait until the client has left."""
        await self._lost.wait()

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the first request."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._expect_head()
        self._http.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        """Count what comes, and pass it on."""
        self._received += len(data)
        if not self._is_busy and self._timer is None:
            self._expect_head()
        self._http.data_received(data)

    def eof_received(self) -> bool | None:
        """Pass the client's end on."""
        return self._http.eof_received()

    def connection_lost(self, error: Exception | None) -> None:
        """Stop looking, and let who waits for it know."""
        self._lost.set()
        self._stop_timer()
        self._stop_stalled()
        self._http.connection_lost(error)

    def pause_writing(self) -> None:
        """The client is slow to read; look whether it reads at all."""
        self._watch_reader()
        self._http.pause_writing()

    def resume_writing(self) -> None:
        """The client has read."""
        self._stop_stalled()
        self._http.resume_writing()

    # Looking at the time

    def _expect_head(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self._limits.head_s, self._end)

    def _expect_body(self, content: StreamReader) -> None:
        self._content = content
        self._left_s = self._limits.body_s
        self._seen = self._received
        self._look_later()

    def _look_later(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(self._limits.body_s / LOOKS, self._look_at_body)

    def _look_at_body(self) -> None:
        if self._content.is_eof():
            self._timer = None
            return
        if self._transport.is_reading():  # else it is the application that makes the client wait
            came = self._received - self._seen
            self._left_s += came / self._limits.body_bytes_per_s - self._limits.body_s / LOOKS
            self._left_s = min(self._left_s, self._limits.body_s)
        self._seen = self._received
        if self._left_s <= 0:
            self._end()
            return
        self._look_later()

    def _watch_reader(self) -> None:
        self._stop_stalled()
        waiting = self._transport.get_write_buffer_size()
        loop = asyncio.get_running_loop()
        self._stalled = loop.call_later(self._limits.answer_s, self._look_at_reader, waiting)

    def _look_at_reader(self, waiting: int) -> None:
        if self._transport.get_write_buffer_size() >= waiting:
            self._end()
            return
        self._watch_reader()

    def _end(self) -> None:
        self._stop_timer()
        if self._transport.get_protocol() is self:
            self._transport.abort()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _stop_stalled(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None


def connection_of(request: web.BaseRequest) -> LimitedConnection | None:
    """The connection that a request came on; None when it is gone or was taken over."""
    if request.transport is None:
        return None
    protocol = request.transport.get_protocol()
    if isinstance(protocol, LimitedConnection):
        return protocol
    return None
