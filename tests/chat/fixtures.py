"""A stub room that synchronous tests can use: it lives on a background loop of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from aiohttp.test_utils import TestServer

from chatkit.chat.client.background_loop import BackgroundLoop
from tests.chat.stub_room import StubRoom


@pytest.fixture
def background() -> Iterator[BackgroundLoop]:
    """A background loop of the test's own."""
    own = BackgroundLoop()
    yield own
    own.stop()


@pytest.fixture
def app(background: BackgroundLoop) -> Iterator[StubRoom]:
    """A stub of function app and service, running on the background loop."""
    stub = StubRoom()

    async def start() -> TestServer:
        server = TestServer(stub.app())
        await server.start_server()
        stub.url = str(server.make_url("")).rstrip("/")
        return server

    server = background.call(start())
    yield stub
    background.call(server.close())
