"""Drills as operations of the local cloud's control API: JSON in, JSON out."""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web

from chatkit.core import strict_json
from chatkit.localcloud.drills import rooms
from chatkit.localcloud.drills.drills import DrillRefused, Drills
from chatkit.localcloud.drills.rooms import EVERYWHERE, Room
from chatkit.localcloud.drills.table import KINDS

NO_ROOM = "A room is an object that names the parts of one chat."


def control_routes(drills: Drills, stage: Callable[[], Room | None]) -> list[web.RouteDef]:
    """Routes for `/drills`.

    Args:
        drills: Those of this local cloud.
        stage: Finds the chat that a stage shows; None while none is open.
    """
    control = DrillControl(drills, stage)
    return [
        web.get("/drills", control.get),
        web.delete("/drills", control.delete),
        web.put("/drills/{kind}", control.put),
        web.delete("/drills/{kind}", control.delete),
    ]


class DrillControl:
    """Begins and ends them.

    Args:
        drills: Those of this local cloud.
        stage: Finds the chat that a stage shows; None while none is open.
    """

    def __init__(self, drills: Drills, stage: Callable[[], Room | None]) -> None:
        self._drills = drills
        self._stage = stage

    async def get(self, _: web.Request) -> web.Response:
        """Those that are on, and all that there are."""
        kinds = {kind: lesson.title for kind, lesson in KINDS.items()}
        return web.json_response({"active": self._drills.told(), "kinds": kinds})

    async def put(self, request: web.Request) -> web.Response:
        """Begin one: `{"for_s": 30, "delay_s": 2, "room": {…}}`."""
        try:
            body = strict_json.loads(await request.read() or b"{}")
            if not isinstance(body, dict):
                raise DrillRefused("The body must be a JSON object.")
            options = {name: body[name] for name in ("for_s", "delay_s") if name in body}
            room = self._stage() or _named(body.get("room"))
            self._drills.begin(request.match_info["kind"], room, **options)
        except ValueError as error:
            return web.json_response({"error": str(error)}, status=400)
        return await self.get(request)

    async def delete(self, request: web.Request) -> web.Response:
        """End one, or all."""
        self._drills.end(request.match_info.get("kind", ""))
        return await self.get(request)


def _named(document: object) -> Room:
    """The chat that was named; without one every chat.

    Raises:
        DrillRefused: What was named is not a chat.
    """
    if document is None:
        return EVERYWHERE
    if not isinstance(document, dict):
        raise DrillRefused(NO_ROOM)
    try:
        return rooms.read(document)
    except (TypeError, ValueError):
        raise DrillRefused(NO_ROOM) from None
