"""Fixtures of the chat tests."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp.test_utils import TestServer

from tests.chat.fixtures import app, background
from tests.chat.stub_room import StubRoom

__all__ = ["app", "background", "room"]


@pytest.fixture
async def room() -> AsyncIterator[StubRoom]:
    """A running stub on a free port, on the test's own loop."""
    stub = StubRoom()
    server = TestServer(stub.app())
    await server.start_server()
    stub.url = str(server.make_url("")).rstrip("/")
    yield stub
    await server.close()
