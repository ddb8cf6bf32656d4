"""How an aiohttp application becomes a server: set up with its port, cleaned up with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from aiohttp import web

from chatkit.core.listeners import ProtocolFactory

# Kestrel's MaxRequestHeadersTotalSize. Sign-in cookies and long filters need more than the 8 KB
# that aiohttp takes.
MAX_HEAD_BYTES = 32 * 1024
READ_BUFFER_BYTES = 64 * 1024
# How long requests that run when a port closes may take to end by themselves.
SHUTDOWN_S = 1


class HttpServer:
    """A web application as a factory of protocols.

    Bodies are handed on as they came, compressed or not, as the servers in front of Azure's
    services do.

    Args:
        app: The application.
        peek: Makes the factory of a connection's first protocol from that of HTTP protocols:
            for ports that carry more than HTTP.
        max_head_bytes: Longest request line, and longest header field.
        read_buffer_bytes: Bytes read ahead of the application.
    """

    def __init__(
        self,
        app: web.Application,
        *,
        peek: Callable[[ProtocolFactory], ProtocolFactory] | None = None,
        max_head_bytes: int = MAX_HEAD_BYTES,
        read_buffer_bytes: int = READ_BUFFER_BYTES,
    ) -> None:
        self._peek = peek
        self._runner = web.AppRunner(
            app,
            access_log=None,
            shutdown_timeout=SHUTDOWN_S,
            auto_decompress=False,
            max_line_size=max_head_bytes,
            max_field_size=max_head_bytes,
            read_bufsize=read_buffer_bytes,
        )

    async def start(self) -> ProtocolFactory:
        """Set the application up, and return what makes the protocol of each new connection."""
        await self._runner.setup()
        # aiohttp's Server is called without arguments for each connection, whatever its type says.
        http = cast(ProtocolFactory, self._runner.server)
        if self._peek is None:
            return http
        return self._peek(http)

    async def stop(self) -> None:
        """End the connections, and clean the application up."""
        await self._runner.cleanup()
