"""How an aiohttp application becomes a server: set up with its port, cleaned up with it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

from aiohttp import web

from chatkit.core.accepting import ProtocolFactory
from chatkit.core.host_names import answers_to
from chatkit.localcloud.core.answering import Refuse, Serves, answering, plainly, server_log
from chatkit.localcloud.core.connection_limits import ConnectionLimits, LimitedConnection

# Kestrel's MaxRequestHeadersTotalSize. Sign-in cookies and long filters need more than the 8 KB
# that aiohttp takes.
MAX_HEAD_BYTES = 32 * 1024
READ_BUFFER_BYTES = 64 * 1024
# How long requests that run when a port closes may take to end by themselves.
SHUTDOWN_S = 1
LIMITS = ConnectionLimits()


class _Nowhere(asyncio.Protocol):
    """What is behind a host name that is not known yet."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.abort()


def once_known(is_known: Callable[[], bool], usual: ProtocolFactory) -> ProtocolFactory:
    """The factory of a port whose host name may not be known yet: nothing answers there then."""
    return lambda: usual() if is_known() else _Nowhere()


class HttpServer:
    """A web application as a factory of protocols.

    Bodies are handed on as they came, compressed or not, as the servers in front of Azure's
    services do. Connections that keep the server waiting are ended.

    Args:
        app: The application.
        refuse: How the service answers a request that failed inside it.
        serves: Which Host headers it answers.
        peek: Makes the factory of a connection's first protocol from that of HTTP protocols:
            for ports that carry more than HTTP.
        max_head_bytes: Longest request line, and longest header field.
        read_buffer_bytes: Bytes read ahead of the application.
        limits: How long a client may take.
        cancels_when_client_leaves: End the handler of a request whose client has gone, for answers
            that somebody else goes on making.
    """

    def __init__(
        self,
        app: web.Application,
        *,
        refuse: Refuse = plainly,
        serves: Serves = answers_to,
        peek: Callable[[ProtocolFactory], ProtocolFactory] | None = None,
        max_head_bytes: int = MAX_HEAD_BYTES,
        read_buffer_bytes: int = READ_BUFFER_BYTES,
        limits: ConnectionLimits = LIMITS,
        cancels_when_client_leaves: bool = False,
    ) -> None:
        self._peek = peek
        self._limits = limits
        self._refuse = refuse
        self._serves = serves
        self._runner = web.AppRunner(
            app,
            access_log=None,
            logger=server_log,
            keepalive_timeout=limits.idle_s,
            shutdown_timeout=SHUTDOWN_S,
            auto_decompress=False,
            max_line_size=max_head_bytes,
            max_field_size=max_head_bytes,
            read_bufsize=read_buffer_bytes,
            handler_cancellation=cancels_when_client_leaves,
        )

    async def start(self) -> ProtocolFactory:
        """Set the application up, and return what makes the protocol of each new connection."""
        await self._runner.setup()
        assert self._runner.server is not None
        made = self._runner.server
        made.request_handler = answering(made.request_handler, self._refuse, serves=self._serves)
        # aiohttp's Server is called without arguments for each connection, whatever its type says.
        server = cast(ProtocolFactory, made)

        def http() -> asyncio.BaseProtocol:
            return LimitedConnection(server(), self._limits)

        if self._peek is None:
            return http
        return self._peek(http)

    async def stop(self) -> None:
        """End the connections, and clean the application up."""
        await self._runner.cleanup()
