"""The presenter's screen: a page on a loopback port of its own, and the powers that a token opens.

The port stays the same when the room's address moves, so the screen shows the new code by itself.
The powers are at this port alone: no request from the room reaches them. The token stands behind
the `#` of the page's address, a part that a browser sends to nobody. The page sends a proof that it
knows the token: something else may listen at the port while the local cloud is down.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import secrets
from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web

from chatkit.core import strict_json
from chatkit.core.errors import NotWritten
from chatkit.core.running.reachable import TOKEN_HEADER
from chatkit.core.text.constant_time import is_same_secret
from chatkit.core.time import clock
from chatkit.localcloud.core.platform import Platform
from chatkit.localcloud.core.runners import HttpServer
from chatkit.localcloud.core.web import HandedOn
from chatkit.localcloud.drills.drills import DrillRefused, Drills
from chatkit.localcloud.drills.table import KINDS
from chatkit.localcloud.easy_auth.principal import Principal
from chatkit.localcloud.journeys.service import MapService, proof
from chatkit.localcloud.stage import screen
from chatkit.localcloud.stage.edge import SCREEN, STATE, Stage
from chatkit.localcloud.stage.guests import PROVIDER
from chatkit.localcloud.stage.messages import MESSAGES, earlier
from chatkit.localcloud.stage.moderation import history
from chatkit.localcloud.stage.moderation.moderator import NothingToUndo
from chatkit.localcloud.stage.moderation.powers import PowerRefused
from chatkit.localcloud.stage.moderation.recent import KEPT
from chatkit.localcloud.stage.moderation.rules import Rules, View
from chatkit.localcloud.stage.service import SCREEN_PORT, StageService

RUN = f"{SCREEN}/run"
ROOM = f"{SCREEN}/room"
POWERS = f"{SCREEN}/powers"
JOURNEYS = f"{SCREEN}/journeys"
PICTURE = f"{SCREEN}/picture"
MAX_BODY_BYTES = 256 * 1024
WAIT_S = 20.0
LOOK_S = 0.15
# An app that is slow or down keeps the screen waiting so long, and is asked again then.
ASK_S = 3.0
ASK_AGAIN_S = 2.0
# Of a snapshot, what changes all the time and makes no new version.
TICKING = ("seconds_left",)
HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
NO_STAGE = "No stage is open now."
NO_OBJECT = 'A power is a JSON object such as {"do": "pause"}.'
DRILLS = [
    {"kind": kind, "title": lesson.title, "summary": lesson.happens}
    for kind, lesson in KINDS.items()
]
WAITING = {
    "messages": [],
    "paused": False,
    "slow_s": 0,
    "muted": [],
    "words": [],
    "undo": None,
    "undo_steps": 0,
}


class Presenter:
    """The screen of a local cloud's stage.

    Args:
        platform: Ports.
        stages: Has the stage.
        drills: Failures that an audience can see.
        ways: Has the ways of messages.
    """

    def __init__(
        self, platform: Platform, stages: StageService, drills: Drills, ways: MapService
    ) -> None:
        self._listeners = platform.listeners
        self._stages = stages
        self._drills = drills
        self._ways = ways
        self._filled: Stage | None = None
        self._asked: Stage | None = None
        self._ask_again_at = 0.0
        self._is_closing = False
        self._run = secrets.token_hex(8)

    async def start(self) -> None:
        """Open the port."""
        app = web.Application(client_max_size=MAX_BODY_BYTES)
        app.on_response_prepare.append(harden)
        app.add_routes([web.get(path, self._file) for path in screen.FILES])
        app.add_routes(
            [
                web.get(screen.CODE, self._code),
                web.get(STATE, self._state),
                web.get(RUN, self._tell_run),
                web.get(ROOM, self._room),
                web.post(POWERS, self._powers),
                web.get(JOURNEYS, self._journeys),
                web.get(PICTURE, self._picture),
            ]
        )
        server = HttpServer(app, refuse=refuse, cancels_when_client_leaves=True)
        self._is_closing = False
        await self._listeners.open(
            SCREEN_PORT, server, port=self._stages.screen_port, ipv4_only=True
        )

    async def stop(self) -> None:
        """Close the port."""
        self._is_closing = True
        await self._listeners.close(SCREEN_PORT)

    # For everybody on this machine

    async def _file(self, request: web.Request) -> web.Response:
        return screen.file(request.path)

    async def _code(self, request: web.Request) -> web.Response:
        stage = self._stages.stage
        return screen.code(request, stage.place if stage is not None else None)

    async def _state(self, _: web.Request) -> web.Response:
        return web.json_response(self._stages.state())

    async def _tell_run(self, _: web.Request) -> web.Response:
        return web.json_response({"run": self._run})

    # For who has the token

    async def _room(self, request: web.Request) -> web.Response:
        """What the screen shows, as soon as it is not what it was."""
        if not self._knows_token(request):
            return forbid(request)
        await self._learn(request)
        return await when_new(
            request, self._snapshot, lambda: self._is_closing or not self._knows_token(request)
        )

    async def _powers(self, request: web.Request) -> web.Response:
        if not self._knows_token(request):
            return forbid(request)
        power = await power_of(request)
        if power is None:
            return refuse(request, 400, NO_OBJECT)
        try:
            said = self._use(power)
        except NothingToUndo as refused:
            return refuse(request, 409, str(refused))
        except (PowerRefused, DrillRefused) as refused:
            return refuse(request, 400, str(refused))
        except NotWritten as error:
            return refuse(request, 507, str(error))
        if said is None:
            return refuse(request, 409, NO_STAGE)
        return web.json_response({"said": said, "version": version_of(self._snapshot())})

    async def _journeys(self, request: web.Request) -> web.Response:
        if not self._knows_token(request):
            return forbid(request)
        return await self._ways.answer_news(request)

    async def _picture(self, request: web.Request) -> web.Response:
        if not self._knows_token(request):
            return forbid(request)
        return await self._ways.answer_picture(request)

    def _use(self, power: Mapping[str, Any]) -> str | None:
        """Use a power; None when there is no stage to use it on."""
        stage = self._stages.stage
        if stage is None:
            return None
        room = self._stages.room()
        if power.get("do") == "drill" and room is not None:
            options = {name: power[name] for name in ("for_s", "delay_s") if name in power}
            drill = self._drills.begin(str(power.get("kind")), room, **options)
            return f"The drill {drill.kind} is on."
        if power.get("do") == "end-drill":
            self._drills.end(str(power.get("kind") or ""))
            return "The drill has ended."
        return stage.moderator.use(power)

    def _snapshot(self) -> dict[str, Any]:
        stage = self._stages.stage
        room = stage.moderator.snapshot() if stage is not None else WAITING
        drills = {"active": self._drills.told(self._stages.room()), "kinds": DRILLS}
        return {"state": self._stages.state(), **room, "drills": drills}

    async def _learn(self, request: web.Request) -> None:
        """Once for a stage: what was said before it opened here, as the app tells a stranger."""
        stage = self._stages.stage
        if stage is None or stage is self._filled:
            return
        if stage is self._asked and clock.elapsed() < self._ask_again_at:
            return
        self._asked = stage
        self._ask_again_at = clock.elapsed() + ASK_AGAIN_S
        stranger = stage.guests.new()
        headers = Principal(PROVIDER, stranger.id, stranger.name, ()).headers()
        asked = request.clone(method="GET", rel_url=f"{MESSAGES}?limit={KEPT}")
        try:
            async with asyncio.timeout(ASK_S):
                answer = await stage.chat.api(asked, HandedOn(headers, b""))
                if history.page_of(answer) is None:
                    return
                before = earlier(stage.chat, asked, headers)
                page = await history.filled_page(answer, KEPT, View(Rules(0)), before)
        except TimeoutError:
            return
        stage.moderator.recent.learn(page)
        self._filled = stage

    def _knows_token(self, request: web.Request) -> bool:
        right = proof(self._stages.token, self._run)
        is_proven = is_same_secret(request.headers.get(TOKEN_HEADER, ""), right)
        return is_proven and self._stages.is_kept


def refuse(_: web.Request, status: int, sentence: str) -> web.Response:
    """What the screen's port answers when it fails, or cannot read a request."""
    return web.json_response({"error": sentence}, status=status)


async def when_new(
    request: web.Request, snapshot: Callable[[], dict[str, Any]], is_over: Callable[[], bool]
) -> web.Response:
    """What a screen shows, as soon as it is not what the screen knows.

    Args:
        request: Says what the screen knows.
        snapshot: What is to be shown now.
        is_over: Whether nobody should wait any more.
    """
    known = request.query.get("after", "")
    until = clock.elapsed() + WAIT_S
    while True:
        document = snapshot()
        version = version_of(document)
        if version != known or clock.elapsed() >= until or is_over():
            return web.json_response({"version": version, **document})
        await asyncio.sleep(LOOK_S)


async def power_of(request: web.Request) -> dict[str, Any] | None:
    """The power in a request's body; None when it is none."""
    try:
        power = strict_json.loads(await request.read())
    except ValueError:
        return None
    return power if isinstance(power, dict) else None


def forbid(request: web.Request) -> web.Response:
    """The answer to who has not shown that they know the token."""
    return refuse(request, 403, f"The {TOKEN_HEADER} header is missing or wrong.")


async def harden(_: web.Request, response: web.StreamResponse) -> None:
    """Give an answer the headers of the screen's port."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)


def version_of(document: Mapping[str, Any]) -> str:
    """Changes with what a screen shows, but for what ticks."""

    def told(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: told(item) for name, item in value.items() if name not in TICKING}
        if isinstance(value, list):
            return [told(item) for item in value]
        return value

    text = json.dumps(told(dict(document)), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
