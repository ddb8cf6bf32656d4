"""A stranger's SignalR app and the local SignalR Service together.

A client's invocation reaches its function and comes back.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.localcloud.functions.functions_testing import Served
from tests.localcloud.functions.local.signalr_room import connect, room


@pytest.fixture
async def app(tmp_path: Path, copied: Callable[..., Path]) -> AsyncIterator[Served]:
    """The group chat app."""

    def group_chat(connection_string: str) -> Path:
        return copied("group_chat", {"AzureSignalRConnectionString": connection_string})

    async with room(tmp_path, group_chat) as served:
        yield served


async def test_an_invocation_comes_back_with_the_functions_return_value(app: Served) -> None:
    """The group action counts before the message to the group goes out."""
    alice = await connect(app, "alice")
    bob = await connect(app, "bob")
    await alice.expect(type=1, target="arrived", arguments=["bob"])
    await alice.send({"type": 1, "invocationId": "1", "target": "join", "arguments": ["red"]})
    assert (await alice.expect(type=3))["result"] == "welcome to red"
    await bob.send({"type": 1, "invocationId": "1", "target": "join", "arguments": ["red"]})
    await alice.expect(type=1, target="joined", arguments=["bob"])
    await bob.send({"type": 1, "target": "say", "arguments": ["red", "hello"]})
    assert (await alice.expect(type=1, target="said"))["arguments"] == ["hello"]


async def test_a_client_that_the_connected_function_refuses_is_closed(app: Served) -> None:
    """403 from the function ends the connection."""
    mallory = await connect(app, "mallory")
    assert "error" in await mallory.expect(type=7)


async def test_a_wrong_number_of_arguments_reaches_the_caller_as_an_error(app: Served) -> None:
    """An error completion, not silence."""
    alice = await connect(app, "alice")
    await alice.send({"type": 1, "invocationId": "5", "target": "say", "arguments": ["red"]})
    assert "accepts 2 arguments" in (await alice.expect(type=3, invocationId="5"))["error"]
