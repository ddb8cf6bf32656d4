"""Connections that keep the server waiting are ended; slow ones that get on are not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
from aiohttp import web

from chatkit.core.accepting import ProtocolFactory
from chatkit.localcloud.core.connection_limits import ConnectionLimits
from chatkit.localcloud.core.runners import HttpServer
from tests.attacks.limits import HALF_OPEN
from tests.localcloud.memory_transport import MemoryTransport, connect

LIMITS = ConnectionLimits(head_s=0.05, body_s=0.12, body_bytes_per_s=1000, answer_s=0.05, idle_s=1)
ANSWERED = b"HTTP/1.1 200 OK"
Open = Callable[[], "Client"]


class Client(asyncio.Protocol):
    """A client that sends what a test says, and reads."""

    def __init__(self) -> None:
        self.received = b""
        self.ended = asyncio.Event()
        self.transport: MemoryTransport

    def data_received(self, data: bytes) -> None:
        self.received += data

    def connection_lost(self, error: Exception | None) -> None:
        self.ended.set()

    async def get(self, text: bytes) -> None:
        """Wait until something has arrived."""
        async with asyncio.timeout(10):
            while text not in self.received:
                await asyncio.sleep(0.005)

    async def end(self) -> None:
        """Wait until the server has ended the connection."""
        async with asyncio.timeout(10):
            await self.ended.wait()


@pytest.fixture
async def factory() -> AsyncIterator[ProtocolFactory]:
    """A server that reads bodies, waits, streams and sends much."""

    async def read(request: web.Request) -> web.Response:
        return web.Response(text=str(len(await request.read())))

    async def wait(request: web.Request) -> web.Response:
        await asyncio.sleep(5 * LIMITS.body_s)
        return web.Response(text="waited")

    async def stream(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"first")
        await asyncio.sleep(5 * LIMITS.body_s)
        await response.write(b"last")
        return response

    async def much(request: web.Request) -> web.Response:
        return web.Response(body=bytes(1 << 20))

    app = web.Application(client_max_size=1 << 20)
    app.add_routes(
        [
            web.post("/", read),
            web.get("/wait", wait),
            web.get("/stream", stream),
            web.get("/much", much),
        ]
    )
    server = HttpServer(app, limits=LIMITS)
    yield await server.start()
    await server.stop()


@pytest.fixture
def opened(factory: ProtocolFactory) -> Open:
    """Opens a connection."""

    def open_one() -> Client:
        client = Client()
        client.transport = connect(factory, client)
        return client

    return open_one


@pytest.mark.parametrize("name", HALF_OPEN)
async def test_a_half_open_request_is_ended(opened: Open, name: str) -> None:
    """Its client would otherwise hold a connection for ever."""
    client = opened()
    for part in HALF_OPEN[name]:
        client.transport.write(part)
        await asyncio.sleep(0.02)
    await client.end()


async def test_a_client_that_reads_nothing_is_ended(opened: Open) -> None:
    """Its answer would wait in memory for ever."""
    client = opened()
    client.transport.pause_reading()
    client.transport.write(b"GET /much HTTP/1.1\r\nHost: localhost\r\n\r\n")
    await client.end()


async def test_a_slow_upload_that_gets_on_is_not_ended(opened: Open) -> None:
    """It takes longer than a body may pause."""
    client = opened()
    client.transport.write(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(10):
        client.transport.write(bytes(100))
        await asyncio.sleep(0.05)
    await client.get(ANSWERED)


@pytest.mark.parametrize("path", [b"/wait", b"/stream"])
async def test_an_answer_may_take_its_time(opened: Open, path: bytes) -> None:
    """Long polls and event streams are no half-open requests."""
    client = opened()
    client.transport.write(b"GET " + path + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")
    await client.get(b"waited" if path == b"/wait" else b"last")


async def test_a_kept_connection_may_pause_between_requests(opened: Open) -> None:
    """But a second request that is begun has to be finished."""
    client = opened()
    whole = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\nx"
    client.transport.write(whole)
    await client.get(ANSWERED)
    await asyncio.sleep(3 * LIMITS.head_s)
    client.received = b""
    client.transport.write(whole)
    await client.get(ANSWERED)
    client.transport.write(b"POST / HT")
    began = asyncio.get_running_loop().time()
    await client.end()
    assert asyncio.get_running_loop().time() - began < LIMITS.idle_s
