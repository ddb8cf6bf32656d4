"""A stub room that synchronous tests can use: it lives on a portal of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from aiohttp.test_utils import TestServer

from chatkit.chat.client.background_loop import Portal
from tests.chat.stub_room import StubRoom


@pytest.fixture
def portal() -> Iterator[Portal]:
    """A portal of the test's own."""
    own = Portal()
    yield own
    own.stop()


@pytest.fixture
def app(portal: Portal) -> Iterator[StubRoom]:
    """A stub of function app and service, running on the portal."""
    stub = StubRoom()

    async def start() -> TestServer:
        server = TestServer(stub.app())
        await server.start_server()
        stub.url = str(server.make_url("")).rstrip("/")
        return server

    server = portal.call(start())
    yield stub
    portal.call(server.close())
