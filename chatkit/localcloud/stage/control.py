"""The stage as operations of the local cloud's control API: JSON in, JSON out."""

from __future__ import annotations

from aiohttp import web

from chatkit.core import strict_json
from chatkit.core.errors import NotWritten, PortInUse
from chatkit.localcloud.drills.drills import Drills
from chatkit.localcloud.stage.order import Order, OrderRefused, rehearsing_people
from chatkit.localcloud.stage.service import StageService
from chatkit.localcloud.stage.sizes import Step

NOT_OPEN = "No stage is open."
FORGET = "forget"


def control_routes(stages: StageService, drills: Drills) -> list[web.RouteDef]:
    """Routes for `/stage`.

    Args:
        stages: Has the stage.
        drills: Those of this local cloud.
    """
    control = StageControl(stages, drills)
    return [
        web.get("/stage", control.get),
        web.put("/stage", control.put),
        web.delete("/stage", control.delete),
        web.put("/stage/rehearsal", control.rehearse),
        web.put("/stage/size", control.note_size),
        web.delete("/stage/size", control.drop_size),
    ]


class StageControl:
    """Opens a stage, tells about it, and ends it.

    Args:
        stages: Has the stage.
        drills: Those of its chat end with it.
    """

    def __init__(self, stages: StageService, drills: Drills) -> None:
        self._stages = stages
        self._drills = drills

    async def get(self, _request: web.Request) -> web.Response:
        """What is open."""
        return web.json_response(self._stages.status())

    async def put(self, request: web.Request) -> web.Response:
        """Open one."""
        try:
            document = strict_json.loads(await request.read())
            if not isinstance(document, dict):
                raise OrderRefused("An order is a JSON object.")
            await self._stages.open(Order.read(document))
        except (OrderRefused, PortInUse, ValueError) as error:
            return web.json_response({"error": str(error)}, status=400)
        return await self.get(request)

    async def delete(self, request: web.Request) -> web.Response:
        """End it; with `?forget=1` delete what guests have written."""
        was_open = self._stages.is_kept
        room = self._stages.room()
        if room is not None:
            self._drills.end_for(room)
        try:
            forgotten = await self._stages.end(forget=FORGET in request.query)
        except NotWritten as error:
            return web.json_response({"error": str(error)}, status=507)
        return web.json_response({"was_open": was_open, "forgotten": forgotten})

    async def note_size(self, request: web.Request) -> web.Response:
        """The size of an instance is about to be changed for a stage, which takes it back."""
        try:
            self._stages.sizes.note(Step.read(strict_json.loads(await request.read())))
        except ValueError as error:
            return web.json_response({"error": str(error)}, status=400)
        except NotWritten as error:
            return web.json_response({"error": str(error)}, status=507)
        return web.json_response({})

    async def drop_size(self, _request: web.Request) -> web.Response:
        """It was changed back, because no stage opened."""
        self._stages.sizes.drop()
        return web.json_response({})

    async def rehearse(self, request: web.Request) -> web.Response:
        """Cookies for the phones of a rehearsal: they are no guests, and nothing of them stays."""
        stage = self._stages.stage
        if stage is None:
            return web.json_response({"error": NOT_OPEN}, status=409)
        try:
            people = rehearsing_people(strict_json.loads(await request.read()))
        except ValueError as error:
            return web.json_response({"error": str(error)}, status=400)
        made = [stage.guests.new(is_rehearsing=True) for _ in range(people)]
        return web.json_response({"cookies": [stage.guests.cookie(guest) for guest in made]})
