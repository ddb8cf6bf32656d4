"""A stranger's SignalR app and the local SignalR Service together: a client's invocation reaches its function and comes back."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from chatkit.localcloud.core.platform import Platform
from chatkit.localcloud.signalr.core.spec import InstanceSpec, UpstreamTemplate
from chatkit.localcloud.signalr.service import SignalRService
from tests.localcloud.functions.functions_testing import KEY, Serve, Served

SEPARATOR = "\x1e"


class Client:
    """A hub client: what it gets, frame by frame."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._frames: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def send(self, message: dict[str, Any]) -> None:
        """Send one message."""
        await self._socket.send_str(json.dumps(message) + SEPARATOR)

    async def expect(self, **wanted: Any) -> dict[str, Any]:
        """The next message with these fields; others are passed over."""
        async with asyncio.timeout(10):
            while True:
                while self._frames.empty():
                    for text in (await self._socket.receive_str()).split(SEPARATOR):
                        if text:
                            self._frames.put_nowait(json.loads(text))
                frame = self._frames.get_nowait()
                if wanted.items() <= frame.items():
                    return frame


async def connect(app: Served, user: str) -> Client:
    """Negotiate at the app, connect to the service it names."""
    _, text = await app.ask("POST", f"/api/negotiate?user={user}")
    info = json.loads(text)
    url = f"{info['url'].replace('http', 'ws', 1)}&access_token={info['accessToken']}"
    client = Client(await app.client.ws_connect(url))
    await client.send({"protocol": "json", "version": 1})
    return client


@pytest.fixture
async def app(tmp_path: Path, serve: Serve, copied: Callable[..., Path]) -> AsyncIterator[Served]:
    """The group chat app with a service whose upstream is the app."""
    platform = Platform.open(tmp_path)
    service = SignalRService(platform)
    port = platform.listeners.reserve("signalr/room")
    connection_string = f"Endpoint=http://localhost;Port={port};AccessKey={KEY};Version=1.0;"
    served = await serve(copied("group_chat", {"AzureSignalRConnectionString": connection_string}))
    upstream = UpstreamTemplate(f"{served.url}/runtime/webhooks/signalr?code=any")
    await service.start()
    await service.apply(
        InstanceSpec(
            "room", port, KEY, "another-key-only-for-tests-0123456789", upstream=(upstream,)
        )
    )
    yield served
    await service.stop()
    await platform.close()


async def test_an_invocation_comes_back_with_the_functions_return_value(app: Served) -> None:
    """The group action counts before the message to the group goes out."""
    alice, bob = await connect(app, "alice"), await connect(app, "bob")
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
