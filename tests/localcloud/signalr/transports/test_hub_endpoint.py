"""The hub endpoint, driven in memory.

Clients and HTTP on one port, told apart by the first bytes.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from chatkit.core import tls
from chatkit.localcloud.core.platform import Platform
from chatkit.localcloud.signalr.core.spec import InstanceSpec
from chatkit.localcloud.signalr.service import SignalRService
from chatkit.localcloud.signalr.transports import websocket
from tests.localcloud.memory_transport import (
    MemoryNetwork,
    MemoryTransport,
    connect,
    refuse_sockets,
)
from tests.localcloud.signalr.harness import (
    WAIT_S,
    RawClient,
    Running,
    identity_token,
    tokens_on,
)
from tests.localcloud.signalr.transports.raw_socket import HANDSHAKE, TEXT, frame, upgrade

PORT = 8888


class Received(asyncio.Protocol):
    """A client of bytes."""

    def __init__(self) -> None:
        self.content = b""
        self.changed = asyncio.Event()
        self.lost = asyncio.Event()

    async def until(self, text: bytes) -> None:
        """Wait for these bytes."""
        while text not in self.content:
            self.changed.clear()
            await self.changed.wait()

    def data_received(self, data: bytes) -> None:
        self.content += data
        self.changed.set()

    def connection_lost(self, error: Exception | None) -> None:
        self.lost.set()


@pytest.fixture
def network() -> MemoryNetwork:
    return MemoryNetwork()


@pytest.fixture
async def in_memory(
    tmp_path: Path,
    certificates: tls.Certificates,
    network: MemoryNetwork,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Running]:
    """An instance that no socket leads to: making one fails."""

    refuse_sockets(monkeypatch)
    platform = Platform.open(tmp_path, certificates=certificates, open_port=network.listen)
    tokens = tokens_on(platform)
    service = SignalRService(platform, tokens, identity_token)
    await service.start()
    spec = InstanceSpec("room", PORT, "primary-key-" * 3, "secondary-key-" * 3)
    await service.apply(spec)
    async with aiohttp.ClientSession(connector=network.connector()) as http:
        yield Running(platform, service, spec, http, tokens)
    await service.stop()
    await platform.close()


def dial(network: MemoryNetwork) -> tuple[MemoryTransport, Received]:
    """A connection to the instance."""
    client = Received()
    return connect(network.factory(PORT), client), client


async def test_a_chat_message_goes_from_client_to_client(in_memory: Running) -> None:
    """Negotiation over HTTP, handshake and message over a WebSocket, all without a socket."""
    headers = {"Authorization": f"Bearer {in_memory.token('alice')}"}
    url = f"{in_memory.url}/client"
    async with in_memory.http.post(
        f"{url}/negotiate?hub=chat&negotiateVersion=1", headers=headers
    ) as answer:
        token = (await answer.json())["connectionToken"]
    alice = RawClient(
        await in_memory.http.ws_connect(f"{url}/?hub=chat&id={token}", headers=headers)
    )
    await alice.send({"protocol": "json", "version": 1})
    assert await alice.next() == {}
    bob = await in_memory.client("bob")
    await in_memory.say("hello")
    assert (await alice.text(), await bob.text()) == ("hello", "hello")


async def test_a_request_in_pieces_is_served_whole(
    in_memory: Running, network: MemoryNetwork
) -> None:
    """Byte by byte, with the hub's handshake right behind the request."""
    line, client = dial(network)
    for byte in upgrade(in_memory) + frame(TEXT, HANDSHAKE):
        line.write(bytes((byte,)))
        await asyncio.sleep(0)
    await asyncio.wait_for(client.until(b"{}\x1e"), WAIT_S)
    assert client.content.startswith(b"HTTP/1.1 101 ")
    line.close()
    await asyncio.wait_for(client.lost.wait(), WAIT_S)


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GET /" + b"x" * 40_000, b"414 URI Too Long"),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 40_000, b"431 Request Header Fields Too Large"),
    ],
    ids=["line", "headers"],
)
async def test_a_head_without_end_is_refused(
    in_memory: Running, network: MemoryNetwork, head: bytes, status: bytes
) -> None:
    """It cannot fill the memory."""
    line, client = dial(network)
    line.write(head)
    await asyncio.wait_for(client.lost.wait(), WAIT_S)
    assert client.content.startswith(b"HTTP/1.1 " + status)


async def test_a_client_that_sends_no_request_is_cut_off(
    in_memory: Running, network: MemoryNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An open connection costs something."""
    monkeypatch.setattr(websocket, "HEAD_WITHIN_S", 0.01)
    line, client = dial(network)
    line.write(b"GET /client/ HT")
    await asyncio.wait_for(client.lost.wait(), WAIT_S)
    assert client.content == b""
