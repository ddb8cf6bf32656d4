"""The port of a stage's screen as its page sees it: a room that a test fills, and what was ordered.

It speaks what the local cloud speaks there, and has nothing behind it.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from chatkit.core.codes import qr
from chatkit.journeys import telling
from chatkit.journeys.journey import Hop, Journey
from chatkit.journeys.picture import picture, words
from chatkit.localcloud.core.browser.page_token import proof
from chatkit.localcloud.stage import screen

TOKEN = "token-of-the-presenter"
HEADER = "x-chatkit-token"
LONG_S = 20.0
URL = "http://192.168.178.101:8080/"
HOPS = (
    Hop("browsers", "functions", 0.0, 1.0, "POST /api/messages"),
    Hop("functions", "storage", 4.1, 0.6, "append to a blob (2026-11-29-000.jsonl): 201"),
    Hop("functions", "signalr", 6.4, 0.3, "POST /api/hubs/chat/:send: 202"),
    Hop("signalr", "browsers", 8.2, None, "newMessage to 20 connections of hub chat"),
)
WAY = Journey(
    7, 1.0, "alice: Hello from the first row", HOPS, "It arrived at 20 connections.", True
)
KINDS = [
    ("signalr-drop", "Everybody is thrown out", "SignalR Service ends every connection"),
    ("functions-down", "The functions are down", "function apps answer 503"),
    ("storage-down", "Storage is down", "blobs and the page answer 503 ServerBusy"),
    ("slow", "Everything is slow", "answers come two seconds late"),
    ("token-expired", "Every token is too old", "everybody is thrown out and gets a new token"),
]


@dataclass
class StageRoom:
    """What the port tells.

    Attributes:
        state: What everybody may know.
        rest: What the token opens besides.
        orders: What the page has told it to do.
        token: What opens it.
        run: Of the local cloud.
        refusal: The answer to the next orders, when they are not done.
        failures: How many of the next questions for the room get no answer.
    """

    state: dict[str, Any] = field(default_factory=dict)
    rest: dict[str, Any] = field(default_factory=dict)
    orders: list[dict[str, Any]] = field(default_factory=list)
    token: str = TOKEN
    run: str = "1"
    refusal: str = ""
    failures: int = 0
    version: int = 1
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop, repr=False)

    def __post_init__(self) -> None:
        self.state = {
            "open": True,
            "url": URL,
            "people": 21,
            "connected": 12,
            "holds": 20,
            "tier": "free",
            "waiting": 0,
            "notice": "",
            "seconds_left": 14000,
        }
        kinds = [{"kind": kind, "title": title, "summary": said} for kind, title, said in KINDS]
        self.rest = {
            "messages": [],
            "paused": False,
            "slow_s": 0,
            "muted": [],
            "words": [],
            "undo": None,
            "drills": {"active": [], "kinds": kinds},
        }

    def tell(self, **changes: Any) -> None:
        """Change what it tells, from the test's thread."""
        self.loop.call_soon_threadsafe(self._tell, changes)

    def _tell(self, changes: dict[str, Any]) -> None:
        for name, value in changes.items():
            (self.state if name in self.state else self.rest)[name] = value
        self.version += 1
        self.changed.set()
        self.changed = asyncio.Event()

    def app(self) -> web.Application:
        """What serves it."""
        app = web.Application()
        app.add_routes([web.get(path, self._file) for path in screen.FILES])
        app.add_routes(
            [
                web.get("/stage/run", self._tell_run),
                web.get("/stage/state", self._state),
                web.get("/stage/code.svg", self._code),
                web.get("/stage/room", self._room),
                web.post("/stage/powers", self._powers),
                web.get("/stage/journeys", self._journeys),
                web.get("/stage/picture", self._picture),
            ]
        )
        return app

    async def _file(self, request: web.Request) -> web.Response:
        return screen.file(request.path)

    async def _tell_run(self, _: web.Request) -> web.Response:
        return web.json_response({"run": self.run})

    async def _state(self, _: web.Request) -> web.Response:
        return web.json_response(self.state)

    async def _code(self, _: web.Request) -> web.Response:
        return web.Response(text=qr.svg(self.state["url"]), content_type="image/svg+xml")

    async def _room(self, request: web.Request) -> web.Response:
        self._check(request)
        if request.query.get("after") == str(self.version):
            with suppress(TimeoutError):
                await asyncio.wait_for(self.changed.wait(), LONG_S)
        if self.failures:
            self.failures -= 1
            raise web.HTTPServiceUnavailable
        state = {**self.state, "messages_per_s": 1.2}
        return web.json_response({"version": self.version, "state": state, **self.rest})

    async def _powers(self, request: web.Request) -> web.Response:
        self._check(request)
        self.orders.append(await request.json())
        if self.refusal:
            return web.json_response({"error": self.refusal}, status=400)
        return web.json_response({"said": f"Done: {self.orders[-1]['do']}.", "version": 1})

    async def _journeys(self, request: web.Request) -> web.Response:
        self._check(request)
        rows = [telling.row(number, hop) for number, hop in enumerate(WAY.hops, start=1)]
        told = {"line": telling.line(WAY), "way": telling.way(WAY), "rows": rows}
        way = {**WAY.as_json(), **told}
        check = {**way, "number": WAY.number + 1, "title": "A check is running", "is_trial": True}
        news = [way, check] if request.query["after"] == "0" else []
        return web.json_response({"run": self.run, "journeys": news})

    async def _picture(self, request: web.Request) -> web.Response:
        self._check(request)
        steps = int(request.query["steps"])
        drawn = picture(WAY, steps, moves=request.query["moves"] == "1")
        return web.json_response({"svg": drawn, "words": words(WAY, steps)})

    def _check(self, request: web.Request) -> None:
        if request.headers.get(HEADER) != proof(self.token, self.run):
            raise web.HTTPForbidden(text=json.dumps({"error": "no token"}))


def message(number: int, sender: str, text: str) -> dict[str, Any]:
    """A message as the local cloud tells it."""
    return {
        "id": f"2026-11-29-{number:06}",
        "sender": sender,
        "senderId": f"guest-{sum(sender.encode()):016x}",
        "text": text,
        "sentAt": f"2026-11-29T10:{number // 60:02}:{number % 60:02}.000Z",
        "hidden": False,
        "why": "",
    }


async def opened(room: StageRoom, port: int = 0) -> web.AppRunner:
    """Serve it; port 0 takes a free one."""
    runner = web.AppRunner(room.app(), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    return runner
