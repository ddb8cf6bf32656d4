"""Cross-origin rules of an instance: browsers of the allowed origins may call it, with credentials."""

from __future__ import annotations

from aiohttp import web
from aiohttp.typedefs import Middleware

from chatkit.localcloud.core.web import Handler
from chatkit.localcloud.signalr.core.instance import Instance

METHODS = "GET, POST, DELETE, OPTIONS"
HEADERS = "authorization, x-requested-with, x-signalr-user-agent, content-type"

# The allowed origin of a request, for `mark`.
ORIGIN: web.RequestKey[str] = web.RequestKey("cors_origin", str)


def cors(instance: Instance) -> Middleware:
    """The middleware of one instance: answers preflights, marks answers."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        origin = request.headers.get("Origin", "")
        allowed = bool(origin) and (
            "*" in instance.spec.allowed_origins or origin in instance.spec.allowed_origins
        )
        if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
            return (
                _marked(web.Response(status=204), origin, request)
                if allowed
                else web.Response(status=403)
            )
        if allowed:
            request[ORIGIN] = origin
        return await handler(request)

    return middleware


async def mark(request: web.Request, response: web.StreamResponse) -> None:
    """Add the headers before an answer goes out, streams and errors included."""
    origin = request.get(ORIGIN)
    if origin:
        response.headers.update(
            {
                "Access-Control-Allow-Origin": origin,
                "Access-Control-Allow-Credentials": "true",
                "Vary": "Origin",
            }
        )


def _marked(response: web.Response, origin: str, request: web.Request) -> web.Response:
    response.headers.update(
        {
            "Access-Control-Allow-Origin": origin,
            "Access-Control-Allow-Credentials": "true",
            "Access-Control-Allow-Methods": METHODS,
            "Access-Control-Allow-Headers": request.headers.get(
                "Access-Control-Request-Headers", HEADERS
            ),
            "Access-Control-Max-Age": "600",
            "Vary": "Origin",
        }
    )
    return response
