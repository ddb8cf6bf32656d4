"""What an instance can be asked about itself.

Every request, token decision, frame and upstream call, newest kept.

`GET /trace?after=NUMBER` on the instance's own port, with a token signed for that path by one of
its keys; `GET /state` in the same way: who is connected, and what counts towards the tier. Azure
shows both in its portal (live trace, metrics); there is no API to copy.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.typedefs import Middleware

from chatkit.localcloud.core.trace import CAUSE_FORM, CAUSE_HEADER, caused, events_answer
from chatkit.localcloud.core.web import Handler, host_name, noted, whole_number
from chatkit.localcloud.signalr.core import authentication
from chatkit.localcloud.signalr.core.errors import BadRequest
from chatkit.localcloud.signalr.core.instance import Instance

TRACE = "/trace"
STATE = "/state"


def traced(instance: Instance) -> Middleware:
    """Note each request with its answer's status and duration; WebSockets note their own."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path in (TRACE, STATE) or "Upgrade" in request.headers:
            return await handler(request)
        cause = request.headers.get(CAUSE_HEADER, "")
        if CAUSE_FORM.fullmatch(cause):
            with caused(cause):
                return await _noted(instance, request, handler)
        return await _noted(instance, request, handler)

    return middleware


async def _noted(instance: Instance, request: web.Request, handler: Handler) -> web.StreamResponse:
    def note(status: int, ms: float) -> None:
        instance.trace.emit(
            "request", method=request.method, path=request.path, status=status, ms=ms
        )

    return await noted(request, handler, note)


def trace(instance: Instance) -> Callable[[web.Request], Awaitable[web.Response]]:
    """The handler of `/trace`."""

    async def handle(request: web.Request) -> web.Response:
        _authenticate(instance, request)
        after = whole_number(request.query.get("after", "0"))
        if after is None:
            raise BadRequest("after is the number of the last event that is known.")
        return await events_answer(instance.trace.after(after))

    return handle


def state(instance: Instance) -> Callable[[web.Request], Awaitable[web.Response]]:
    """The handler of `/state`."""

    async def handle(request: web.Request) -> web.Response:
        _authenticate(instance, request)
        connections = instance.connections.all()
        shown = [
            {
                "hub": one.hub,
                "connectionId": one.id,
                "userId": one.user_id or None,
                "groups": sorted(one.groups),
            }
            for one in connections
        ]
        quotas = instance.quotas
        counts = {
            "connections": len(connections),
            "connectionsAllowed": quotas.max_connections,
            "messagesToday": quotas.messages_today,
        }
        return web.json_response({**counts, "clients": shown})

    return handle


def _authenticate(instance: Instance, request: web.Request) -> None:
    token = authentication.bearer(request.headers)
    audience = f"http://{host_name(request)}{request.path}"
    authentication.verify(instance.spec, token, [audience])
