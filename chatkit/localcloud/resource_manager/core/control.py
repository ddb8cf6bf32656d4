"""Time and faults of the local cloud, as operations of its control API: JSON in, JSON out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from chatkit.localcloud.resource_manager.core.clock import RECORDED_S
from chatkit.localcloud.resource_manager.core.context import Context
from chatkit.localcloud.resource_manager.core.documents import JsonObject
from chatkit.localcloud.resource_manager.core.faults import KINDS


def control_routes(context: Context) -> list[web.RouteDef]:
    """Routes for `/time` and `/faults`."""

    async def get_time(request: web.Request) -> web.Response:
        clock = context.clock
        return web.json_response(
            {"mode": clock.mode, "scale": clock.scale, "recorded_s": RECORDED_S}
        )

    async def put_time(request: web.Request) -> web.Response:
        body = await _body(request)
        mode = body.get("mode", context.clock.mode)
        scale = body.get("scale", 1.0)
        is_scale = isinstance(scale, int | float) and 0 < scale <= 10
        if mode not in ("fast", "recorded") or not is_scale:
            raise ValueError("mode is fast or recorded; scale is a number above 0 and up to 10.")
        context.clock.mode = mode
        context.clock.scale = float(scale)
        context.clock.save(context.platform.store)
        return await get_time(request)

    async def get_faults(request: web.Request) -> web.Response:
        active = [dict(vars(fault)) for fault in context.faults.active.values()]
        return web.json_response(
            {"active": active, "kinds": {name: kind.sentence for name, kind in KINDS.items()}}
        )

    async def put_fault(request: web.Request) -> web.Response:
        body = await _body(request)
        options = {name: body[name] for name in ("times", "seconds", "path") if name in body}
        context.faults.set(request.match_info["kind"], **options)
        return await get_faults(request)

    async def delete_faults(request: web.Request) -> web.Response:
        context.faults.clear(request.match_info.get("kind", ""))
        return await get_faults(request)

    return [
        web.get("/time", get_time),
        web.put("/time", _checked(put_time)),
        web.get("/faults", get_faults),
        web.delete("/faults", delete_faults),
        web.put("/faults/{kind}", _checked(put_fault)),
        web.delete("/faults/{kind}", delete_faults),
    ]


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
    body = await request.json() if request.body_exists else {}
    if not isinstance(body, dict):
        raise ValueError("The body must be a JSON object.")
    return body
