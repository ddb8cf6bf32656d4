"""Drills as operations of the local cloud's control API: JSON in, JSON out."""

from __future__ import annotations

from aiohttp import web

from chatkit.core import strict_json
from chatkit.localcloud.drills.drills import KINDS, DrillRefused, Drills


def control_routes(drills: Drills) -> list[web.RouteDef]:
    """Routes for `/drills`."""
    control = DrillControl(drills)
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
    """

    def __init__(self, drills: Drills) -> None:
        self._drills = drills

    async def get(self, _: web.Request) -> web.Response:
        """Those that are on, and all that there are."""
        active = [
            {
                "kind": drill.kind,
                "seconds_left": round(drill.seconds_left, 1),
                "delay_s": drill.delay_s,
            }
            for drill in self._drills.active()
        ]
        return web.json_response({"active": active, "kinds": KINDS})

    async def put(self, request: web.Request) -> web.Response:
        """Begin one: `{"for_s": 30, "delay_s": 2}`."""
        try:
            body = strict_json.loads(await request.read() or b"{}")
            if not isinstance(body, dict):
                raise DrillRefused("The body must be a JSON object.")
            options = {name: body[name] for name in ("for_s", "delay_s") if name in body}
            self._drills.begin(request.match_info["kind"], **options)
        except ValueError as error:
            return web.json_response({"error": str(error)}, status=400)
        return await self.get(request)

    async def delete(self, request: web.Request) -> web.Response:
        """End one, or all."""
        self._drills.end(request.match_info.get("kind", ""))
        return await self.get(request)
