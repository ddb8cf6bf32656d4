"""A web application as a server: driven in memory."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web

from chatkit.localcloud.core.runners import MAX_HEAD_BYTES, HttpServer
from tests.localcloud.memory_transport import MemoryNetwork

PORT = 80
URL = f"http://localhost:{PORT}/"


@pytest.fixture
async def network() -> AsyncIterator[MemoryNetwork]:
    """A port that sends back the body of a request."""

    async def echo(request: web.Request) -> web.Response:
        return web.Response(body=await request.read())

    app = web.Application()
    app.router.add_post("/", echo)
    network = MemoryNetwork()
    listener = await network.listen(HttpServer(app), port=PORT, wanted_for="a test")
    yield network
    await listener.close()


async def test_a_compressed_body_is_handed_on_as_it_came(network: MemoryNetwork) -> None:
    """What is stored or passed on is what the client sent."""
    body = gzip.compress(b"hello")
    headers = {"Content-Encoding": "gzip"}
    async with (
        aiohttp.ClientSession(connector=network.connector()) as http,
        http.post(URL, data=body, headers=headers) as answer,
    ):
        assert await answer.read() == body


@pytest.mark.parametrize(
    ("size", "status"), [(MAX_HEAD_BYTES - 100, 200), (MAX_HEAD_BYTES + 1, 400)]
)
async def test_headers_are_taken_up_to_the_limit_of_azures_server(
    network: MemoryNetwork, size: int, status: int
) -> None:
    """Sign-in cookies are longer than the library's own limit."""
    async with (
        aiohttp.ClientSession(connector=network.connector()) as http,
        http.post(URL, headers={"Cookie": "a" * size}) as answer,
    ):
        assert answer.status == status


async def test_closing_ends_requests_that_run() -> None:
    """A request that would wait for ever is cut, and its handler is cancelled."""
    began = asyncio.Event()
    cancelled = asyncio.Event()

    async def wait(request: web.Request) -> web.Response:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()
        return web.Response()

    app = web.Application()
    app.router.add_get("/", wait)
    network = MemoryNetwork()
    listener = await network.listen(HttpServer(app), port=PORT, wanted_for="a test")
    async with aiohttp.ClientSession(connector=network.connector()) as http:
        asked = asyncio.create_task(http.get(URL).__aenter__())
        await began.wait()
        await listener.close()
        with pytest.raises(aiohttp.ClientError):
            await asked
    assert cancelled.is_set()
