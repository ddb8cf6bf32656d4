"""Short ways to talk to a running instance, and clients to point at it."""

from __future__ import annotations

import asyncio
import json
import uuid
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import aiohttp

from chatkit.core import tls
from chatkit.localcloud.core.platform import Platform
from chatkit.localcloud.entra.core.roles import BY_NAME, Assignment
from chatkit.localcloud.entra.identity import NoToken
from chatkit.localcloud.entra.tokens import Tokens
from chatkit.localcloud.signalr.core.instance import Instance
from chatkit.localcloud.signalr.core.spec import InstanceSpec
from chatkit.localcloud.signalr.service import SignalRService
from chatkit.wire.connection_strings import SignalRConnectionString
from chatkit.wire.hub_protocol import handshake_request
from chatkit.wire.tokens import client_token, rest_token

NODE_FOLDER = Path(__file__).parents[2] / "node"
WAIT_S = 10
SCOPE = "/subscriptions/s/resourceGroups/g/providers/Microsoft.SignalRService/SignalR/room"
TENANT = "22222222-2222-2222-2222-222222222222"
Json = Any


@cache
def signing_key() -> dict[str, str]:
    """Entra's key, made once: it takes longer than most tests."""
    return {"kid": "test", "pem": tls.new_signing_key()}


def tokens_on(platform: Platform) -> Tokens:
    """An Entra ID that has nothing but its key."""
    platform.store.put("entra", "signing-key", signing_key())
    return Tokens(platform.store, tenant_id=TENANT, authority="https://localhost")


def identity_token(object_id: str, resource: str) -> str:
    """What goes along with upstream requests, readable for tests."""
    if not object_id:
        raise NoToken("The resource has no managed identity.")
    return f"{object_id} for {resource}"


def service_on(platform: Platform) -> SignalRService:
    """The service, with an Entra ID that nobody uses."""
    return SignalRService(platform, tokens_on(platform), identity_token)


@dataclass
class Running:
    """One instance and short ways to talk to it."""

    platform: Platform
    service: SignalRService
    spec: InstanceSpec
    http: aiohttp.ClientSession
    tokens: Tokens

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

    def entra_token(
        self, principal: str = "app", audience: str = "https://signalr.azure.com", **more: Any
    ) -> str:
        """A token of Entra ID for a principal."""
        return self.tokens.issue(audience, {"oid": principal, "appid": principal}, **more)

    def assign(self, role: str, principal: str = "app", *, scope: str = SCOPE, **more: Any) -> None:
        """Give a principal a built-in role."""
        id_ = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}"
        self.tokens.roles.assign(Assignment(id_, scope, BY_NAME[role], principal, **more))

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
