"""The first bytes of a connection decide which protocol serves it, on ports that carry several."""

from __future__ import annotations

import asyncio
import ssl
from asyncio import sslproto
from collections.abc import Callable

from chatkit.core.accepting import ProtocolFactory

WITHIN_S = 15
"""How long a client may leave open what it wants, as it may a request's head."""
TLS_HANDSHAKE = 0x16  # RFC 8446 §5.1: ContentType handshake; no HTTP request starts with it
Choose = Callable[[bytearray], asyncio.BaseProtocol | None]


class Refused(Exception):
    """The connection is answered and closed.

    Args:
        answer: The bytes to answer with.
    """

    def __init__(self, answer: bytes) -> None:
        super().__init__(answer)
        self.answer = answer


class FirstBytes(asyncio.Protocol):
    """Collects a connection's first bytes, then hands the connection to the protocol they ask for.

    Args:
        choose: Makes the protocol for a connection that begins with these bytes, None while they
            do not tell; raises Refused for bytes that no protocol serves.
        within_s: Seconds until a client that has not told is cut off; None for as long as it likes.
    """

    def __init__(self, choose: Choose, *, within_s: float | None = None) -> None:
        self._choose = choose
        self._within_s = within_s
        self._timer: asyncio.TimerHandle | None = None
        self._first = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport until the client has told."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        if self._within_s is not None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(self._within_s, transport.abort)

    def connection_lost(self, error: Exception | None) -> None:
        """The client left before it told."""
        self._stop_timer()

    def data_received(self, data: bytes) -> None:
        """Decide, and never be asked again."""
        self._first += data
        try:
            protocol = self._choose(self._first)
        except Refused as refused:
            self._transport.write(refused.answer)
            self._transport.close()
            return
        if protocol is not None:
            self._stop_timer()
            hand_over(self._transport, protocol, bytes(self._first))

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()


def hand_over(
    transport: asyncio.Transport, protocol: asyncio.BaseProtocol, received: bytes
) -> None:
    """Let another protocol serve a connection, as if it had received these bytes itself."""
    transport.set_protocol(protocol)
    protocol.connection_made(transport)
    feed(protocol, received)


def feed(protocol: asyncio.BaseProtocol, received: bytes) -> None:
    """Give bytes to a plain or a buffered protocol, as a transport does."""
    if not isinstance(protocol, asyncio.BufferedProtocol):
        assert isinstance(protocol, asyncio.Protocol)
        protocol.data_received(received)
        return
    while received:
        buffer = memoryview(protocol.get_buffer(len(received)))
        size = min(len(buffer), len(received))
        buffer[:size] = received[:size]
        protocol.buffer_updated(size)
        received = received[size:]


def http_or_https(tls: ssl.SSLContext) -> Callable[[ProtocolFactory], ProtocolFactory]:
    """One port for http and https, as App Service has it.

    For `HttpServer(app, peek=http_or_https(context))`.
    """

    def peek(http: ProtocolFactory) -> ProtocolFactory:
        def choose(first: bytearray) -> asyncio.BaseProtocol:
            if first[0] == TLS_HANDSHAKE:
                return _over_tls(http(), tls)
            return http()

        return lambda: FirstBytes(choose, within_s=WITHIN_S)

    return peek


def _over_tls(http: asyncio.BaseProtocol, tls: ssl.SSLContext) -> asyncio.BaseProtocol:
    # asyncio's own start_tls cannot be given bytes that were read already.
    loop = asyncio.get_running_loop()
    handshake = loop.create_future()
    # A failed handshake only ends the connection: take note of the error, so that asyncio does not
    # log it as forgotten.
    handshake.add_done_callback(lambda done: done.cancelled() or done.exception())
    return sslproto.SSLProtocol(
        loop, http, tls, handshake, server_side=True, ssl_handshake_timeout=WITHIN_S
    )
