"""The loopback port of a screen: the page, what it shows, and the powers that a token opens.

The powers are at this port alone: no request from a room reaches them.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Collection, Mapping
from typing import Any, Protocol

from aiohttp import web

from chatkit.core import strict_json
from chatkit.core.errors import NotWritten
from chatkit.core.time import clock
from chatkit.localcloud.core.browser.page_token import PageToken, forbid, harden, refuse
from chatkit.localcloud.core.runners import HttpServer
from chatkit.localcloud.drills.drills import DrillRefused
from chatkit.localcloud.stage import screen
from chatkit.localcloud.stage.edge import SCREEN, STATE
from chatkit.localcloud.stage.moderation.moderator import NothingToUndo
from chatkit.localcloud.stage.moderation.powers import PowerRefused

RUN = f"{SCREEN}/run"
ROOM = f"{SCREEN}/room"
POWERS = f"{SCREEN}/powers"
JOURNEYS = f"{SCREEN}/journeys"
PICTURE = f"{SCREEN}/picture"
MAX_BODY_BYTES = 256 * 1024
WAIT_S = 20.0
LOOK_S = 0.15
# Of a snapshot, what changes all the time and makes no new version.
TICKING = ("seconds_left",)
NO_STAGE = "No stage is open now."
NO_OBJECT = 'A power is a JSON object such as {"do": "pause"}.'


class Room(Protocol):
    """What a screen shows, and what its presenter can do there."""

    @property
    def token(self) -> str:
        """What opens the room; empty while there is none."""

    def state(self) -> dict[str, Any]:
        """What everybody may know."""

    def snapshot(self) -> dict[str, Any]:
        """What the screen shows besides."""

    def code(self, request: web.Request) -> web.Response:
        """The room's address as a picture."""

    async def learn(self, request: web.Request) -> None:
        """Get what the room does not know yet, before the screen is told."""

    def use(self, power: Mapping[str, Any]) -> str | None:
        """Use a power; returns what has come of it, or None while there is nothing to use it on.

        Raises:
            PowerRefused: There is no such power, or it cannot be used so.
            DrillRefused: The same of a drill.
            NotWritten: The disk is full, or takes no writes.
        """

    async def journeys(self, request: web.Request) -> web.Response:
        """The ways of messages."""

    async def picture(self, request: web.Request) -> web.Response:
        """One of them, drawn."""


class ScreenPort:
    """Answers the page of a screen.

    Args:
        room: What the page shows.
    """

    def __init__(self, room: Room) -> None:
        self._shown = room
        self._token = PageToken(lambda: room.token)
        self._is_closing = False

    def server(self, more: Collection[web.RouteDef] = ()) -> HttpServer:
        """What serves the port.

        Args:
            more: Further paths.
        """
        self._is_closing = False
        app = web.Application(client_max_size=MAX_BODY_BYTES)
        harden(app)
        app.on_shutdown.append(self._close)
        app.add_routes([web.get(path, self._file) for path in screen.FILES])
        app.add_routes(
            [
                *more,
                web.get(screen.CODE, self._code),
                web.get(STATE, self._state),
                web.get(RUN, self._token.tell_run),
                web.get(ROOM, self._room),
                web.post(POWERS, self._powers),
                web.get(JOURNEYS, self._journeys),
                web.get(PICTURE, self._picture),
            ]
        )
        return HttpServer(app, refuse=refuse, cancels_when_client_leaves=True)

    async def _close(self, _: web.Application) -> None:
        self._is_closing = True

    # For everybody on this machine

    async def _file(self, request: web.Request) -> web.Response:
        return screen.file(request.path)

    async def _code(self, request: web.Request) -> web.Response:
        return self._shown.code(request)

    async def _state(self, _: web.Request) -> web.Response:
        return web.json_response(self._shown.state())

    # For callers with the token

    async def _room(self, request: web.Request) -> web.Response:
        """What the screen shows, as soon as it is not what the screen knows."""
        if not self._token.is_known_to(request):
            return forbid(request)
        await self._shown.learn(request)
        known = request.query.get("after", "")
        until = clock.elapsed() + WAIT_S
        while True:
            document = self._snapshot()
            version = _version_of(document)
            if version != known or clock.elapsed() >= until or self._is_over(request):
                return web.json_response({"version": version, **document})
            await asyncio.sleep(LOOK_S)

    async def _powers(self, request: web.Request) -> web.Response:
        if not self._token.is_known_to(request):
            return forbid(request)
        power = await _power_of(request)
        if power is None:
            return refuse(request, 400, NO_OBJECT)
        try:
            said = self._shown.use(power)
        except NothingToUndo as refused:
            return refuse(request, 409, str(refused))
        except (PowerRefused, DrillRefused) as refused:
            return refuse(request, 400, str(refused))
        except NotWritten as error:
            return refuse(request, 507, str(error))
        if said is None:
            return refuse(request, 409, NO_STAGE)
        return web.json_response({"said": said, "version": _version_of(self._snapshot())})

    async def _journeys(self, request: web.Request) -> web.Response:
        if not self._token.is_known_to(request):
            return forbid(request)
        return await self._shown.journeys(request)

    async def _picture(self, request: web.Request) -> web.Response:
        if not self._token.is_known_to(request):
            return forbid(request)
        return await self._shown.picture(request)

    def _snapshot(self) -> dict[str, Any]:
        return {"state": self._shown.state(), **self._shown.snapshot()}

    def _is_over(self, request: web.Request) -> bool:
        """Whether nobody should wait any more."""
        return self._is_closing or not self._token.is_known_to(request)


async def _power_of(request: web.Request) -> dict[str, Any] | None:
    """The power in a request's body; None when the body has another form."""
    try:
        power = strict_json.loads(await request.read())
    except ValueError:
        return None
    return power if isinstance(power, dict) else None


def _version_of(document: Mapping[str, Any]) -> str:
    """Changes with what a screen shows, but for what ticks."""

    def told(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: told(item) for name, item in value.items() if name not in TICKING}
        if isinstance(value, list):
            return [told(item) for item in value]
        return value

    text = json.dumps(told(dict(document)), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
