"""CORS answered by the host, before authentication and routes: functions never see a preflight."""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web
from aiohttp.typedefs import Middleware

from chatkit.localcloud.core.web import Handler
from chatkit.localcloud.functions.host.spec import Cors


def cors_middleware(current: Callable[[], Cors]) -> Middleware:
    """Make the middleware; the settings are read at each request, so that a change works at once."""

    @web.middleware
    async def cors(request: web.Request, handler: Handler) -> web.StreamResponse:
        headers = _headers(request, current())
        if (
            headers
            and request.method == "OPTIONS"
            and "Access-Control-Request-Method" in request.headers
        ):
            return web.Response(status=204, headers={**headers, **_preflight(request)})
        try:
            response = await handler(request)
        except web.HTTPException as error:
            error.headers.update(headers)
            raise
        response.headers.update(headers)
        return response

    return cors


def _headers(request: web.Request, cors: Cors) -> dict[str, str]:
    """What an allowed origin is told; empty for others and for requests without an origin."""
    origin = request.headers.get("Origin", "")
    if not origin:
        return {}
    allowed = {
        text.lower() for text in cors.allowed_origins
    }  # as in Azure, one with a slash at the end matches nothing
    if origin.lower() in allowed:
        credentials = (
            {"Access-Control-Allow-Credentials": "true"} if cors.support_credentials else {}
        )
        return {"Access-Control-Allow-Origin": origin, "Vary": "Origin", **credentials}
    return {"Access-Control-Allow-Origin": "*"} if "*" in allowed else {}


def _preflight(request: web.Request) -> dict[str, str]:
    wanted = request.headers.get("Access-Control-Request-Headers", "")
    methods = request.headers["Access-Control-Request-Method"]
    return {"Access-Control-Allow-Methods": methods} | (
        {"Access-Control-Allow-Headers": wanted} if wanted else {}
    )
