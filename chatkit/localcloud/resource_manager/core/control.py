"""Time and faults of the local cloud, as operations of its control API: JSON in, JSON out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict

from aiohttp import web

from chatkit.core import strict_json
from chatkit.core.time.propagation import PROPAGATIONS
from chatkit.core.time.recorded import NOT_RECORDED, RECORDED
from chatkit.localcloud.resource_manager.core.context import Context
from chatkit.localcloud.resource_manager.core.documents import JsonObject
from chatkit.localcloud.resource_manager.core.faults import KINDS, Faults

OTHER_NAMES = {"instant": "fast"}
MODES = ("fast", "recorded", "azure")
MAX_SEED = 2**31


def control_routes(context: Context) -> list[web.RouteDef]:
    """Routes for `/time` and `/faults`."""
    time = TimeControl(context)
    faults = FaultControl(context.faults)
    return [
        web.get("/time", time.get),
        web.put("/time", _checked(time.put)),
        web.get("/faults", faults.get),
        web.delete("/faults", faults.delete),
        web.put("/faults/{kind}", _checked(faults.put)),
        web.delete("/faults/{kind}", faults.delete),
    ]


class TimeControl:
    """Whether operations take no time or as long as recorded, and changes are known late."""

    def __init__(self, context: Context) -> None:
        self._clock = context.clock
        self._store = context.platform.store

    async def get(self, _: web.Request) -> web.Response:
        """The mode, the scale, and what was recorded, with where."""
        clock = self._clock
        recorded = [asdict(one) for one in RECORDED.values()]
        return web.json_response(
            {
                "mode": clock.mode,
                "scale": clock.scale,
                "seed": clock.seed,
                "recorded": recorded,
                "not_recorded": self._not_recorded(),
                "propagation": [asdict(one) for one in PROPAGATIONS.values()],
            }
        )

    def _not_recorded(self) -> list[str]:
        """What takes no time; roles take theirs where changes are known late."""
        is_late = self._clock.mode == "azure"
        return [
            what
            for operation, what in NOT_RECORDED.items()
            if not (is_late and operation == "roles.propagate")
        ]

    async def put(self, request: web.Request) -> web.Response:
        """Set the mode, the scale and the seed."""
        body = await _body(request)
        mode = OTHER_NAMES.get(str(body.get("mode")), body.get("mode", self._clock.mode))
        scale = body.get("scale", 1.0)
        seed = body.get("seed", 0)
        is_scale = isinstance(scale, int | float) and 0 < scale <= 10
        if mode not in MODES or not is_scale:
            names = ", ".join(MODES)
            raise ValueError(f"mode is one of {names}; scale is a number above 0 and up to 10.")
        if not isinstance(seed, int) or not 0 <= seed < MAX_SEED:
            raise ValueError(f"seed is a whole number from 0 to {MAX_SEED - 1}.")
        self._clock.choose(mode, float(scale), self._store, seed=seed)
        return await self.get(request)


class FaultControl:
    """Which failures are switched on."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults

    async def get(self, _: web.Request) -> web.Response:
        """Those that are on, and all that there are."""
        active = [dict(vars(fault)) for fault in self._faults.active.values()]
        kinds = {name: kind.sentence for name, kind in KINDS.items()}
        return web.json_response({"active": active, "kinds": kinds})

    async def put(self, request: web.Request) -> web.Response:
        """Switch one on."""
        body = await _body(request)
        options = {name: body[name] for name in ("times", "seconds", "path") if name in body}
        self._faults.set(request.match_info["kind"], **options)
        return await self.get(request)

    async def delete(self, request: web.Request) -> web.Response:
        """Switch one off, or all."""
        self._faults.clear(request.match_info.get("kind", ""))
        return await self.get(request)


def _checked(
    handler: Callable[[web.Request], Awaitable[web.Response]],
) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(request: web.Request) -> web.Response:
        try:
            return await handler(request)
        except (ValueError, TypeError) as error:
            return web.json_response({"error": str(error)}, status=400)

    return answer


async def _body(request: web.Request) -> JsonObject:
    body: object = {}
    if request.body_exists:
        body = strict_json.loads(await request.read())
    if not isinstance(body, dict):
        raise ValueError("The body must be a JSON object.")
    return body
