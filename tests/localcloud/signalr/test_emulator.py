"""The instance in the place of Microsoft's emulator: its port, key and settings."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from chatkit.core import ports
from chatkit.localcloud.signalr import emulator_settings, well_known
from chatkit.localcloud.signalr.emulator import Emulator
from chatkit.wire.connection_strings import SignalRConnectionString
from chatkit.wire.hub_protocol import handshake_request
from chatkit.wire.tokens import client_token, rest_token
from tests.localcloud.signalr.harness import WAIT_S, RawClient

SEND = "/api/v1/hubs/chat"
SAY = {"type": 1, "target": "say", "arguments": []}


class Served:
    """An emulator that serves, and what it told the person."""

    def __init__(self, port: int, lines: list[str], settings: Path) -> None:
        self.connection = SignalRConnectionString.parse(well_known.connection_string(port))
        self.lines = lines
        self.settings = settings

    def upstream(self, *urls: str) -> None:
        """Write settings.json."""
        templates = [{"UrlTemplate": url} for url in urls]
        document = {"UpstreamSettings": {"Templates": templates}}
        self.settings.write_text(json.dumps(document), encoding="utf-8")

    async def says(self, words: str) -> None:
        """Wait until the person was told something."""
        async with asyncio.timeout(WAIT_S):
            while not any(words in line for line in self.lines):
                await asyncio.sleep(0.01)

    async def client(self, http: aiohttp.ClientSession, user: str = "") -> RawClient:
        """A plain WebSocket client past its handshake."""
        token = client_token(self.connection, "chat", user_id=user)
        socket = await http.ws_connect(
            f"{self.connection.base_url}/client/?hub=chat",
            headers={"Authorization": f"Bearer {token}"},
        )
        client = RawClient(socket)
        await socket.send_bytes(handshake_request("json"))
        assert await client.next() == {}
        return client

    async def send(self, http: aiohttp.ClientSession, text: str) -> int:
        """The status of a REST call that sends to everybody."""
        token = rest_token(self.connection, SEND)
        async with http.post(
            f"{self.connection.base_url}{SEND}",
            json={"target": "newMessage", "arguments": [text]},
            headers={"Authorization": f"Bearer {token}"},
        ) as answer:
            return answer.status


@asynccontextmanager
async def serving(settings: Path) -> AsyncIterator[Served]:
    """An emulator on a free port."""
    sockets = ports.bind(0, wanted_for="a test")
    assert {sock.getsockname()[0] for sock in sockets} <= {"127.0.0.1", "::1"}
    served = Served(ports.port_of(sockets), [], settings)
    made = Emulator(0, settings, echo=served.lines.append)
    task = asyncio.create_task(made.serve(sockets, emulator_settings.read(settings)))
    try:
        await served.says("Ctrl+C")
        yield served
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def test_samples_reach_it_with_the_connection_string_they_have(
    tmp_path: Path, http: aiohttp.ClientSession
) -> None:
    """Client and REST API; the string stands on a line of its own, for copying."""
    async with serving(tmp_path / "settings.json") as served:
        port = served.connection.port
        text = (
            f"Endpoint=http://localhost;Port={port};"
            "AccessKey=ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789ABCDEFGH;Version=1.0;"
        )
        assert text in served.lines
        client = await served.client(http)
        assert await served.send(http, "hello") == 202
        assert await client.text() == "hello"
        async with http.head(f"{served.connection.base_url}/api/health") as answer:
            assert answer.status == 200


async def test_another_key_is_refused(tmp_path: Path, http: aiohttp.ClientSession) -> None:
    """The key is known to all, and still it is the only one."""
    async with serving(tmp_path / "settings.json") as served:
        served.connection = SignalRConnectionString(
            "http://localhost", "another-key-" * 4, served.connection.port
        )
        assert await served.send(http, "hello") == 401


async def test_events_go_where_the_settings_say_and_follow_a_change(
    tmp_path: Path, http: aiohttp.ClientSession, aiohttp_app: Callable[..., Any]
) -> None:
    """Without a restart, and settings that cannot be read change nothing."""
    seen: asyncio.Queue[str] = asyncio.Queue()

    async def take(request: web.Request) -> web.Response:
        seen.put_nowait(f"{request.path} {request.headers['X-ASRS-Event']}")
        return web.Response()

    app = web.Application()
    app.router.add_post("/{path}", take)
    base = await aiohttp_app(app)
    async with serving(tmp_path / "settings.json") as served:
        assert any("go nowhere" in line for line in served.lines)
        served.upstream(f"{base}/first?code=secret")
        await served.says("/first (hub *")
        assert not any("secret" in line for line in served.lines)
        client = await served.client(http)
        assert await asyncio.wait_for(seen.get(), WAIT_S) == "/first connected"
        served.settings.write_text("{", encoding="utf-8")
        await served.says("stay in force")
        await client.send(SAY)
        assert await asyncio.wait_for(seen.get(), WAIT_S) == "/first say"
        served.upstream(f"{base}/second")
        await served.says("/second (hub *")
        await client.send(SAY)
        assert await asyncio.wait_for(seen.get(), WAIT_S) == "/second say"


@pytest.mark.parametrize("transport", ["WebSockets", "ServerSentEvents", "LongPolling"])
async def test_microsofts_client_uses_it(
    tmp_path: Path, http: aiohttp.ClientSession, node: Callable[..., Any], transport: str
) -> None:
    """`@microsoft/signalr`, over each of its transports."""
    async with serving(tmp_path / "settings.json") as served:
        client = await node(
            url=f"{served.connection.base_url}/client/?hub=chat",
            token=client_token(served.connection, "chat", user_id="alice"),
            transport=transport,
        )
        await client.until("connected")
        assert await served.send(http, "hello") == 202
        assert await client.until("message") == ["hello"]
