"""A server at which SignalR clients fail, in one way for each address."""

from __future__ import annotations

import json

from aiohttp import web

PAGE = "<!DOCTYPE html><html></html>"
TEMPLATE = "This HTTP triggered function executed successfully."
END = "\x1e"
DEFAULT_MODE = json.dumps(
    {"error": "Service is now in 'Default' mode, but app servers are not connected."}
)
CLOSED = '{"type":7,"error":"Connection closed with an error."}'
TRANSPORTS = [{"transport": "WebSockets", "transferFormats": ["Text", "Binary"]}]


def failing_app() -> web.Application:
    """`/WAY/negotiate` fails in that way; `/hub/WAY` is a hub that does."""
    app = web.Application()
    app.router.add_post("/hub/{way}/negotiate", _service_negotiate)
    app.router.add_get("/hub/{way}", _hub)
    app.router.add_post("/{way}/negotiate", _negotiate)
    return app


async def _negotiate(request: web.Request) -> web.Response:
    way = request.match_info["way"]
    if way.isdigit():
        return web.Response(status=int(way))
    if way == "html":
        return web.Response(text=PAGE, content_type="text/html")
    if way == "template":
        return web.Response(text=TEMPLATE)
    if way == "case":
        return web.json_response({"Url": "http://x", "AccessToken": "y"})
    return web.json_response({"url": f"{request.url.origin()}/hub/{way}", "accessToken": "eyJ"})


async def _service_negotiate(_: web.Request) -> web.Response:
    known = {"connectionId": "a", "connectionToken": "a", "negotiateVersion": 1}
    return web.json_response({**known, "availableTransports": TRANSPORTS})


async def _hub(request: web.Request) -> web.StreamResponse:
    way = request.match_info["way"]
    if way == "ws404":
        return web.Response(status=404)
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    await socket.receive()
    if way == "mode":
        await socket.send_str(DEFAULT_MODE + END)
    else:
        await socket.send_str("{}" + END)
        await socket.send_str(CLOSED + END)
    await socket.close()
    return socket
