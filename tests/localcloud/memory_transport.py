"""Servers of the local cloud without sockets.

Ports, connections and an aiohttp client, all in memory.

`Platform.open(folder, open_port=network.listen)` gives the services ports of a `MemoryNetwork`; an
aiohttp session with `connector=network.connector()` reaches them at the same URLs. TLS is left out:
https URLs are served in clear text.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Iterable
from typing import Any, NoReturn

import aiohttp
import pytest
from aiohttp.client_proto import ResponseHandler

from chatkit.core.accepting import ProtocolFactory
from chatkit.core.errors import PortInUse
from chatkit.core.listeners import Listener, Server
from chatkit.localcloud.core.first_bytes import feed

HIGH_WATER_BYTES = 64 * 1024


class MemoryTransport(asyncio.Transport):
    """One end of a connection.

    What is written arrives at the other end in the event loop's next turn.
    """

    def __init__(self, protocol: asyncio.BaseProtocol) -> None:
        super().__init__({"peername": ("127.0.0.1", 0), "sockname": ("127.0.0.1", 0)})
        self.peer: MemoryTransport
        self._protocol = protocol
        self._loop = asyncio.get_running_loop()
        self._written = bytearray()
        self._ends = False
        self._end_is_known = False
        self._closing = False
        self._lost = False
        self._reading = True
        self._high = HIGH_WATER_BYTES
        self._writer_waits = False

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self._protocol

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._protocol = protocol

    def is_closing(self) -> bool:
        return self._closing

    def is_reading(self) -> bool:
        return self._reading

    def pause_reading(self) -> None:
        self._reading = False

    def resume_reading(self) -> None:
        self._reading = True
        self.peer._loop.call_soon(self.peer._transfer)

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self._high = HIGH_WATER_BYTES if high is None else high

    def get_write_buffer_size(self) -> int:
        return len(self._written)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if self._closing or self._ends:
            return
        self._written += data
        self._loop.call_soon(self._transfer)
        if len(self._written) > self._high and not self._writer_waits:
            self._writer_waits = True
            self._protocol.pause_writing()

    def writelines(self, list_of_data: Iterable[bytes | bytearray | memoryview]) -> None:
        self.write(b"".join(list_of_data))

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self._ends = True
        self._loop.call_soon(self._transfer)

    def close(self) -> None:
        """End after what is written has arrived."""
        if not self._closing:
            self._closing = True
            self.write_eof()

    def abort(self) -> None:
        """End at once; the other end sees a reset connection."""
        self._closing = True
        self._written.clear()
        self._loop.call_soon(self._lose, None)
        self._loop.call_soon(self.peer._lose, ConnectionResetError("reset"))

    def _transfer(self) -> None:
        """Bring what is written, and then the end, to a peer that reads."""
        if self._lost:
            return
        if self._written and self.peer._reading and not self.peer._lost:
            data = bytes(self._written)
            self._written.clear()
            feed(self.peer._protocol, data)
        if self._writer_waits and not self._written:
            self._writer_waits = False
            self._protocol.resume_writing()
        if self._ends and not self._written and not self._end_is_known:
            self._end_is_known = True
            self.peer._take_end()
        if self._closing and (not self._written or self.peer._lost):
            self._lose(None)

    def _take_end(self) -> None:
        protocol = self._protocol
        if self._lost or not isinstance(protocol, asyncio.Protocol | asyncio.BufferedProtocol):
            return
        if not protocol.eof_received():
            self.close()

    def _lose(self, error: Exception | None) -> None:
        if not self._lost:
            self._lost = self._closing = True
            self._protocol.connection_lost(error)


class Receiver(asyncio.Protocol):
    """Everything that comes on a connection, until its end."""

    def __init__(self) -> None:
        self.received = bytearray()
        self.ended = asyncio.Event()

    def data_received(self, data: bytes) -> None:
        self.received += data

    def connection_lost(self, error: Exception | None) -> None:
        self.ended.set()


def connect(factory: ProtocolFactory, client: asyncio.BaseProtocol) -> MemoryTransport:
    """Connect a client's protocol to a new protocol of a server; returns the client's end."""
    near = MemoryTransport(client)
    far = MemoryTransport(factory())
    near.peer = far
    far.peer = near
    far.get_protocol().connection_made(far)
    client.connection_made(near)
    return near


class MemoryNetwork:
    """Ports in memory."""

    def __init__(self) -> None:
        self._factories: dict[int, ProtocolFactory] = {}

    async def listen(
        self,
        server: Server,
        *,
        port: int,
        tls: ssl.SSLContext | None = None,
        ipv4_only: bool = False,
        wanted_for: str,
    ) -> Listener:
        """Serve at a port, as `listeners.listen` does."""
        if port in self._factories:
            raise PortInUse(port, wanted_for=wanted_for)
        self._factories[port] = await server.start()
        return _MemoryListener(self._factories, server, port)

    def connector(self) -> aiohttp.BaseConnector:
        """For an aiohttp session that reaches these ports and nothing else."""
        return _MemoryConnector(self)

    def factory(self, port: int) -> ProtocolFactory:
        """What serves a port; KeyError when nothing does."""
        return self._factories[port]


class _MemoryListener:
    def __init__(self, factories: dict[int, ProtocolFactory], server: Server, port: int) -> None:
        self._factories = factories
        self._server = server
        self._port = port

    async def close(self) -> None:
        """Take no more connections and end those that are open."""
        del self._factories[self._port]
        await self._server.stop()


class _MemoryConnector(aiohttp.BaseConnector):
    def __init__(self, network: MemoryNetwork) -> None:
        super().__init__()
        self._network = network

    async def _create_connection(
        self,
        req: Any,
        traces: Any,
        timeout: Any,
    ) -> ResponseHandler:
        try:
            factory = self._network.factory(req.port)
        except KeyError:
            refused = ConnectionRefusedError(f"nothing listens on port {req.port}")
            raise aiohttp.ClientConnectorError(req.connection_key, refused) from None
        protocol: ResponseHandler = self._factory()
        connect(factory, protocol)
        return protocol


def refuse_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the test fail when anything makes a socket."""

    def refuse(*args: object, **options: object) -> NoReturn:
        raise AssertionError("a socket was made")

    monkeypatch.setattr(socket, "socket", refuse)
