"""A stage in memory: a real instance behind it, and an app that tells what it got."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from multidict import CIMultiDict

from chatkit.core import tls
from chatkit.localcloud.core.platform import Platform
from chatkit.localcloud.core.web import HandedOn
from chatkit.localcloud.signalr.core.spec import InstanceSpec
from chatkit.localcloud.stage.admission.joins import Joins
from chatkit.localcloud.stage.admission.lobby import Lobby
from chatkit.localcloud.stage.edge import Stage, server
from chatkit.localcloud.stage.entrance import Entrance
from chatkit.localcloud.stage.guests import Guests, new_key
from chatkit.localcloud.stage.moderation.moderator import Moderator
from chatkit.localcloud.stage.pace import Pace
from chatkit.localcloud.stage.place import Place
from chatkit.wire.connection_strings import SignalRConnectionString
from chatkit.wire.tokens import client_token
from tests.localcloud.memory_transport import MemoryNetwork, Receiver, connect
from tests.localcloud.signalr.harness import service_on

PORT = 8080
HUB_PORT = 8888
PLACE = Place("127.0.0.2", PORT)
HOST = f"{PLACE.host}:{PORT}"
KEY = "primary-key-" * 3
LIMIT_S = 10.0
RECORD = "\x1e"


class Stopwatch:
    """Time that passes when a test says so: a slow machine gains no allowance."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class EchoChat:
    """A page, and an app that answers with what it was handed on.

    Attributes:
        history: What it answers to GET messages.
        url: Where it says that the hub is.
        seen: What it was asked, and as whom.
        is_down: It answers 503.
    """

    history: Any = field(default_factory=list)
    url: str = f"http://localhost:{HUB_PORT}/client/?hub=chat"
    seen: list[tuple[str, str, HandedOn]] = field(default_factory=list)
    is_down: bool = False

    async def page(self, request: web.Request) -> web.StreamResponse:
        headers = {"Access-Control-Allow-Origin": "*", "x-ms-version": "1"}
        if self.is_down:
            return web.Response(status=503, headers=headers)
        return web.Response(text=f"page {request.path}", headers=headers)

    async def api(self, request: web.Request, handed_on: HandedOn) -> web.StreamResponse:
        handed_on = HandedOn(CIMultiDict(handed_on.headers), handed_on.body)
        self.seen.append((request.method, str(request.rel_url), handed_on))
        if self.is_down:
            return web.Response(status=503, text="down")
        if request.path.endswith(("negotiate", "SignalRInfo")):
            connection = SignalRConnectionString("http://localhost", KEY, HUB_PORT)
            user = handed_on.headers["x-ms-client-principal-id"]
            token = client_token(connection, "chat", user_id=user)
            return web.json_response({"url": self.url, "accessToken": token})
        if request.method == "GET":
            return web.json_response(self._page(request))
        return web.Response(body=handed_on.body, content_type="application/json")

    def _page(self, request: web.Request) -> Any:
        """As the kit's app pages: the newest first, and from behind a message on."""
        if not isinstance(self.history, list):
            return self.history
        page = self.history
        before = request.query.get("before", "")
        ids = [one.get("id") if isinstance(one, dict) else None for one in page]
        if before in ids:
            page = page[ids.index(before) + 1 :]
        return page[: int(request.query.get("limit", "50"))]

    async def close(self) -> None:
        """Nothing is open."""


@dataclass
class Answer:
    """What came back, for a request of raw bytes."""

    status: int
    text: str


class Phone:
    """A browser: one person's cookies."""

    def __init__(self, network: MemoryNetwork) -> None:
        jar = aiohttp.CookieJar(unsafe=True)
        self.http = aiohttp.ClientSession(connector=network.connector(), cookie_jar=jar)

    @property
    def cookie(self) -> str:
        """What it shows to the stage."""
        return next(one.value for one in self.http.cookie_jar if one.key == "chatkit-guest")

    async def ask(
        self, method: str, path: str, body: Any = None, *, headers: Mapping[str, str] | None = None
    ) -> tuple[int, Any]:
        """Status, and JSON or text of an answer."""
        url = f"{PLACE.origin}{path}"
        async with self.http.request(method, url, json=body, headers=headers) as answer:
            text = await answer.text()
            return answer.status, json.loads(text) if text[:1] in ("{", "[") else text

    async def join(self, name: str) -> dict[str, Any]:
        """Say a name; returns who the phone is now."""
        status, known = await self.ask("POST", "/stage/guest", {"name": name})
        assert status == 200, known
        return dict(known)

    async def connect(self, *, by: str = "") -> aiohttp.ClientWebSocketResponse:
        """Come to the hub by the address that negotiate names, or by another one."""
        status, found = await self.ask("POST", "/api/negotiate?negotiateVersion=1")
        assert status == 200, found
        address = found["url"].replace(PLACE.origin, by or PLACE.origin)
        url = f"{address.replace('http', 'ws', 1)}&access_token={found['accessToken']}"
        socket = await self.http.ws_connect(url)
        await socket.send_str(json.dumps({"protocol": "json", "version": 1}) + RECORD)
        assert (await socket.receive_str(timeout=LIMIT_S)) == "{}" + RECORD
        return socket


@dataclass
class OpenStage:
    """A stage that is open, and what is behind it."""

    network: MemoryNetwork
    stage: Stage
    chat: EchoChat
    platform: Platform
    told: list[dict[str, Any]] = field(default_factory=list)
    phones: list[Phone] = field(default_factory=list)

    def phone(self) -> Phone:
        """A new phone in the room."""
        self.phones.append(Phone(self.network))
        return self.phones[-1]

    async def raw(self, head: str, *, port: int = PORT) -> Answer:
        """Send bytes that no library would send; the connection ends with the answer."""
        receiver = Receiver()
        transport = connect(self.network.factory(port), receiver)
        transport.write(f"{head}\r\nConnection: close\r\n\r\n".encode("latin-1"))
        async with asyncio.timeout(LIMIT_S):
            await receiver.ended.wait()
        text = receiver.received.decode("latin-1")
        return Answer(int(text.split(" ")[1]), text)

    async def get(self, target: str, *, host: str = HOST, method: str = "GET") -> Answer:
        """Ask for a target, letter by letter."""
        return await self.raw(f"{method} {target} HTTP/1.1\r\nHost: {host}")


@asynccontextmanager
async def open_stage(
    folder: Path, *, sku: str = "Standard_S1", **changes: Any
) -> AsyncIterator[OpenStage]:
    """A stage with nobody there yet.

    Args:
        folder: For the store.
        sku: The tier of SignalR Service.
        changes: Other values of the `Stage`.
    """
    network = MemoryNetwork()
    certificates = tls.load(folder / "certificates")
    platform = Platform.open(folder, certificates=certificates, open_port=network.listen)
    service = service_on(platform)
    await service.start()
    await service.apply(InstanceSpec("room", HUB_PORT, KEY, "s" * 36, sku=sku))
    chat = EchoChat()
    told: list[dict[str, Any]] = []
    guests = Guests(platform.store, bytes.fromhex(new_key()))
    stage = Stage(
        **{
            "place": PLACE,
            "chat": chat,
            "guests": guests,
            "joins": Joins(0),
            "pace": Pace(),
            "hub": "chat",
            "instance": partial(service.instance, "room"),
            "seconds_left": lambda: 600.0,
            "moderator": Moderator(
                platform.store, guests, expected=0, hub="chat", tell=told.append
            ),
            "state": lambda: {"open": True},
            "entrance": Entrance(guests, Lobby(partial(service.instance, "room"), "chat")),
            **changes,
        }
    )
    listener = await network.listen(server(stage), port=PORT, wanted_for="the stage")
    opened = OpenStage(network, stage, chat, platform, told)
    try:
        yield opened
    finally:
        for phone in opened.phones:
            await phone.http.close()
        await listener.close()
        await service.stop()
        await platform.close()
