"""One port for http and https, as App Service has it: the first byte of a connection tells which one the client speaks."""

from __future__ import annotations

import asyncio
import ssl
from asyncio import sslproto
from collections.abc import Callable
from typing import Any

TLS_HANDSHAKE = 0x16  # RFC 8446 §5.1: ContentType handshake; no HTTP request starts with it


class Either(asyncio.Protocol):
    """Waits for the first bytes, then hands the connection to HTTP, with TLS between when the client began a handshake.

    Args:
        http: Makes the protocol of an HTTP connection.
        tls: Server context.
    """

    def __init__(self, http: Callable[[], asyncio.Protocol], tls: ssl.SSLContext) -> None:
        self._http = http
        self._tls = tls
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport until the client has spoken."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Decide, and never be asked again."""
        transport, http = self._transport, self._http()
        if data[0] != TLS_HANDSHAKE:
            transport.set_protocol(http)
            http.connection_made(transport)
            http.data_received(data)
            return
        loop = asyncio.get_running_loop()
        # asyncio's own start_tls cannot be given bytes that were read already.
        waiter = loop.create_future()
        waiter.add_done_callback(
            lambda done: done.cancelled() or done.exception()
        )  # a failed handshake only ends the connection
        secure = sslproto.SSLProtocol(loop, http, self._tls, waiter, server_side=True)
        transport.set_protocol(secure)
        secure.connection_made(transport)
        while data:
            buffer = secure.get_buffer(len(data))
            size = min(len(buffer), len(data))
            buffer[:size] = data[:size]
            secure.buffer_updated(size)
            data = data[size:]
