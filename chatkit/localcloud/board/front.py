"""The board's address in a room: joining, results and the hub, and nothing else.

A request is looked up by its target as it was sent, letter by letter, as at the stage. The app gets
a code, a body and the sender's address; no other header of theirs passes.
"""

from __future__ import annotations

import asyncio
from html import escape
from urllib.parse import parse_qs

import aiohttp
from aiohttp import web

from chatkit.localcloud.board.functions import Functions, at_origin
from chatkit.localcloud.core.answering import plainly
from chatkit.localcloud.core.runners import HttpServer
from chatkit.localcloud.core.web import EVERY_PATH, OTHER_PAGE, is_from_other_page, wants_websocket

MAX_BODY_BYTES = 40 * 1024
HUB = "board"
API = {"/api/negotiate": ("POST",), "/api/results": ("POST", "DELETE")}
CLIENT = ("/client/", "/client")
CLIENT_NEGOTIATE = ("/client/negotiate", "/client//negotiate")
METHODS = {
    "/": ("GET", "HEAD"),
    **API,
    **dict.fromkeys(CLIENT, ("GET",)),
    **dict.fromkeys(CLIENT_NEGOTIATE, ("POST",)),
}
MAX_SOCKETS = 300
MAX_FRAME_BYTES = 64 * 1024
SIGNALR = ("Authorization", "Content-Type", "X-SignalR-User-Agent")
WELCOME = (
    "This is the board of a class. Join it with your code:\n"
    "  chatkit class join CODE@{place}\n"
    'or in a notebook: workshop.join_class("CODE@{place}")\n'
)
WELCOME_PAGE = (  # a phone would show the plain text too small to read
    '<!doctype html><html lang="en"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width, initial-scale=1">'
    "<title>The board of a class</title></head><body><h1>This is the board of a class.</h1>"
    "<p>Join it with your code, on the machine on which you work:</p>"
    "<p><code>chatkit class join CODE@{place}</code></p><p>or in a notebook:</p>"
    "<p><code>workshop.join_class(&quot;CODE@{place}&quot;)</code></p></body></html>\n"
)
NOTHING = "There is nothing at this address."
FULL = "There are too many connections now."


class Front:
    """Answers the room.

    Args:
        host: The address.
        port: The port.
        hub: Where the hub is.
        functions: The board's functions.
        session: Connects to the hub.
    """

    def __init__(
        self, host: str, port: int, hub: str, functions: Functions, session: aiohttp.ClientSession
    ) -> None:
        self._place = f"{host}:{port}"
        self._hub = hub
        self._functions = functions
        self._session = session
        self._sockets = 0

    def server(self) -> HttpServer:
        """What serves the address."""
        app = web.Application(client_max_size=MAX_BODY_BYTES)
        app.on_response_prepare.append(_harden)
        app.router.add_route("*", EVERY_PATH, self._handle)
        return HttpServer(app, refuse=_refuse, serves=lambda host: host == self._place)

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        target = request.raw_path.partition("?")[0]
        methods = METHODS.get(target)
        if len(request.headers.getall("Host", [])) != 1:
            return plainly(request, 400, "The Host header must be there once.")  # RFC 9112 §3.2
        if methods is None:
            return plainly(request, 404, NOTHING)
        if request.method not in methods:
            allowed = {"Allow": ", ".join(methods)}
            return web.Response(status=405, headers=allowed, text="This method is not for this.\n")
        if target == "/":
            return self._welcome(request)
        if is_from_other_page(request):
            return plainly(request, 403, OTHER_PAGE)
        if target in API:
            return await self._api(request, target)
        return await self._client(request, target)

    def _welcome(self, request: web.Request) -> web.Response:
        """What to type: as a page for who opens it on a phone."""
        if "text/html" in request.headers.get("Accept", ""):
            page = WELCOME_PAGE.format(place=escape(self._place))
            return web.Response(text=page, content_type="text/html")
        return web.Response(text=WELCOME.format(place=self._place))

    async def _api(self, request: web.Request, target: str) -> web.StreamResponse:
        headers = {"Content-Type": "application/json", "X-Forwarded-For": request.remote or ""}
        if "Authorization" in request.headers:
            headers["Authorization"] = request.headers["Authorization"]
        path = target.removeprefix("/api/")
        body = await request.read()
        answer = await self._functions.ask(request.method, path, body=body, headers=headers)
        return at_origin(answer, self._hub, f"http://{self._place}")

    # The hub

    async def _client(self, request: web.Request, target: str) -> web.StreamResponse:
        query = request.raw_path.partition("?")[2]
        if parse_qs(query).get("hub") != [HUB]:
            return plainly(request, 404, NOTHING)
        if target in CLIENT_NEGOTIATE:
            return await self._negotiate(request, query)
        if not wants_websocket(request):
            return plainly(request, 400, "The board's hub is there for WebSockets.")
        if self._sockets >= MAX_SOCKETS:
            return plainly(request, 503, FULL)
        self._sockets += 1
        try:
            return await self._pass_on(request, query)
        finally:
            self._sockets -= 1

    async def _negotiate(self, request: web.Request, query: str) -> web.StreamResponse:
        headers = {name: request.headers[name] for name in SIGNALR if name in request.headers}
        url = f"{self._hub}/client/negotiate?{query}"
        try:
            async with self._session.post(
                url, headers=headers, allow_redirects=False, timeout=aiohttp.ClientTimeout(total=20)
            ) as answer:
                content = await answer.read()
                kind = {"Content-Type": answer.headers.get("Content-Type", "text/plain")}
                return web.Response(status=answer.status, body=content, headers=kind)
        except (aiohttp.ClientError, TimeoutError):
            return plainly(request, 503, "The hub does not answer.")

    async def _pass_on(self, request: web.Request, query: str) -> web.StreamResponse:
        """Carry frames between a client and the hub until one of them ends."""
        url = f"{self._hub}/client/?{query}"
        token = request.headers.get("Authorization")
        headers = {"Authorization": token} if token else {}
        try:
            inner = await self._session.ws_connect(
                url, headers=headers, max_msg_size=MAX_FRAME_BYTES
            )
        except aiohttp.WSServerHandshakeError as error:
            return plainly(request, error.status or 502, "The hub does not let this in.")
        except (aiohttp.ClientError, TimeoutError):
            return plainly(request, 503, "The hub does not answer.")
        async with inner:
            outer = web.WebSocketResponse(max_msg_size=MAX_FRAME_BYTES)
            await outer.prepare(request)
            ways = {
                asyncio.create_task(_carry(outer, inner)),
                asyncio.create_task(_carry(inner, outer)),
            }
            _, running = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            for way in running:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            await outer.close()
            return outer


Socket = web.WebSocketResponse | aiohttp.ClientWebSocketResponse


async def _carry(source: Socket, sink: Socket) -> None:
    async for message in source:
        if message.type is aiohttp.WSMsgType.TEXT:
            await sink.send_str(message.data)
        elif message.type is aiohttp.WSMsgType.BINARY:
            await sink.send_bytes(message.data)


async def _harden(_: web.Request, response: web.StreamResponse) -> None:
    """Say to browsers that nothing here is for a page."""
    response.headers["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Server"] = "chatkit"


def _refuse(_: web.Request, status: int, sentence: str) -> web.Response:
    return web.json_response({"error": sentence}, status=status)
