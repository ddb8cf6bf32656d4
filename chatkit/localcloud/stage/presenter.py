"""The presenter's screen of a local cloud's stage.

The port stays the same when the room's address moves, so the screen shows the new code by itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from chatkit.core.time import clock
from chatkit.localcloud.core.platform import Platform
from chatkit.localcloud.core.web import HandedOn
from chatkit.localcloud.drills.drills import Drills
from chatkit.localcloud.drills.table import KINDS
from chatkit.localcloud.easy_auth.principal import Principal
from chatkit.localcloud.journeys.service import MapService
from chatkit.localcloud.recorded.clock import Clock
from chatkit.localcloud.stage import screen
from chatkit.localcloud.stage.edge import Stage
from chatkit.localcloud.stage.guests import PROVIDER
from chatkit.localcloud.stage.messages import MESSAGES, earlier
from chatkit.localcloud.stage.moderation import history
from chatkit.localcloud.stage.moderation.recent import KEPT
from chatkit.localcloud.stage.moderation.rules import Rules, View
from chatkit.localcloud.stage.screen_port import ScreenPort
from chatkit.localcloud.stage.service import SCREEN_PORT, StageService

# An app that is slow or down keeps the screen waiting so long, and is asked again then.
ASK_S = 3.0
ASK_AGAIN_S = 2.0
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
    """The screen's port.

    Args:
        platform: Ports.
        stages: Has the stage.
        drills: Failures that an audience can see.
        ways: Has the ways of messages.
        pace: Whether operations take Azure's time; by default none.
    """

    def __init__(
        self,
        platform: Platform,
        stages: StageService,
        drills: Drills,
        ways: MapService,
        pace: Clock | None = None,
    ) -> None:
        self._listeners = platform.listeners
        self._stages = stages
        self._port = ScreenPort(StageRoom(stages, drills, ways, pace or Clock()))

    async def start(self) -> None:
        """Open the port."""
        await self._listeners.open(
            SCREEN_PORT, self._port.server(), port=self._stages.screen_port, ipv4_only=True
        )

    async def stop(self) -> None:
        """Close the port."""
        await self._listeners.close(SCREEN_PORT)


class StageRoom:
    """The stage that there is, as its screen shows it.

    Args:
        stages: Has the stage.
        drills: Failures that an audience can see.
        ways: Has the ways of messages.
        pace: Whether operations take Azure's time.
    """

    def __init__(self, stages: StageService, drills: Drills, ways: MapService, pace: Clock) -> None:
        self._stages = stages
        self._drills = drills
        self._pace = pace
        self._ways = ways
        self._filled: Stage | None = None
        self._asked: Stage | None = None
        self._ask_again_at = 0.0

    @property
    def token(self) -> str:
        """What opens the powers; empty while no stage is kept."""
        return self._stages.token

    def state(self) -> dict[str, Any]:
        """What everybody may know."""
        return self._stages.state()

    def snapshot(self) -> dict[str, Any]:
        """Messages, rules, drills, and whether operations take Azure's time."""
        stage = self._stages.stage
        room = stage.moderator.snapshot() if stage is not None else WAITING
        drills = {"active": self._drills.told(self._stages.room()), "kinds": DRILLS}
        return {**room, "drills": drills, "time": self._pace.told()}

    def code(self, request: web.Request) -> web.Response:
        """The code of the stage's present address."""
        stage = self._stages.stage
        return screen.code(request, stage.place if stage is not None else None)

    def use(self, power: Mapping[str, Any]) -> str | None:
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

    async def journeys(self, request: web.Request) -> web.Response:
        """The ways of messages, as the map tells them."""
        return await self._ways.answer_news(request)

    async def picture(self, request: web.Request) -> web.Response:
        """A way, as the map draws it."""
        return await self._ways.answer_picture(request)

    async def learn(self, request: web.Request) -> None:
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
