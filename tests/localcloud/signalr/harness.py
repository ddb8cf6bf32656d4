"""Short ways to talk to a running instance, and clients to point at it."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import aiohttp

from chatkit.localcloud.signalr.core.instance import Instance
from chatkit.localcloud.signalr.core.spec import InstanceSpec
from chatkit.localcloud.signalr.service import SignalRService
from chatkit.wire.connection_strings import SignalRConnectionString
from chatkit.wire.hub_protocol import handshake_request
from chatkit.wire.tokens import client_token, rest_token

NODE_FOLDER = Path(__file__).parents[2] / "node"
WAIT_S = 10
Json = Any


@dataclass
class Running:
    """One instance and short ways to talk to it."""

    service: SignalRService
    spec: InstanceSpec
    http: aiohttp.ClientSession

    @property
    def instance(self) -> Instance:
        found = self.service.instance(self.spec.name)
        assert found is not None
        return found

    @property
    def connection(self) -> SignalRConnectionString:
        return SignalRConnectionString("http://localhost", self.spec.primary_key, self.spec.port)

    @property
    def url(self) -> str:
        return f"http://localhost:{self.spec.port}"

    def token(self, user: str = "", hub: str = "chat", **more: Any) -> str:
        return client_token(self.connection, hub, user_id=user, **more)

    async def change(self, **values: Any) -> None:
        self.spec = replace(self.spec, **values)
        await self.service.apply(self.spec)

    async def rest(
        self,
        method: str,
        path: str,
        body: Json = None,
        *,
        query: str = "",
        token: str | None = None,
    ) -> tuple[int, Json, Any]:
        """Call the REST API; returns status, JSON body (or None) and headers.

        New-style paths get their version.
        """
        queries = [query] if query else []
        if not path.startswith("/api/v1"):
            queries.append("api-version=2024-12-01")
        url = f"{self.url}{path}"
        if queries:
            url += "?" + "&".join(queries)
        if token is None:
            token = rest_token(self.connection, path)
        headers = {}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        async with self.http.request(method, url, json=body, headers=headers) as answer:
            content = await answer.read()
            found = json.loads(content) if content else None
            return answer.status, found, answer.headers

    async def say(self, text: str, path: str = "/api/v1/hubs/chat") -> None:
        """Send one message and see it accepted."""
        status, _, _ = await self.rest("POST", path, {"target": "newMessage", "arguments": [text]})
        assert status == 202

    async def client(self, user: str = "", hub: str = "chat") -> RawClient:
        """A plain WebSocket client past its handshake."""
        headers = {"Authorization": f"Bearer {self.token(user, hub)}"}
        socket = await self.http.ws_connect(f"{self.url}/client/?hub={hub}", headers=headers)
        client = RawClient(socket)
        await socket.send_bytes(handshake_request("json"))
        assert await client.next() == {}
        return client


class RawClient:
    """Hub messages over one WebSocket, as JSON values."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self._waiting: list[Json] = []

    async def next(self) -> Json:
        """The next hub message that is not a ping; None once the socket is closed."""
        while True:
            while self._waiting:
                message = self._waiting.pop(0)
                if message != {"type": 6}:
                    return message
            received = await asyncio.wait_for(self.socket.receive(), WAIT_S)
            if received.type not in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
                return None
            text = received.data if isinstance(received.data, str) else received.data.decode()
            self._waiting += [json.loads(part) for part in text.split("\x1e") if part]

    async def text(self) -> str:
        """The first argument of the next message."""
        return str((await self.next())["arguments"][0])

    async def send(self, *messages: Json) -> None:
        await self.socket.send_str("".join(json.dumps(message) + "\x1e" for message in messages))


class NodeClient:
    """Microsoft's JavaScript client in its own process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.seen: list[dict[str, Json]] = []

    async def until(self, event: str) -> Json:
        """The detail of the next event of that name; others are kept in `seen`."""
        assert self._process.stdout is not None
        while True:
            line = await asyncio.wait_for(self._process.stdout.readline(), WAIT_S)
            if not line:
                raise AssertionError(f"The client ended before '{event}'; it saw {self.seen}")
            record = json.loads(line)
            self.seen.append(record)
            if record["event"] == event:
                return record["detail"]

    async def tell(self, **command: Json) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(command).encode() + b"\n")
        await self._process.stdin.drain()

    async def end(self) -> None:
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()
