"""The page of a local cloud on which people see the ways of messages, and what notebooks ask.

The page itself holds nothing of a chat. What it shows it asks for with a proof that it knows the
token behind the `#` of its address: a browser sends that part to nobody, and so does the page. A
page that stays open over a stop and a start goes on by itself, and what listened at its port
meanwhile has learned nothing that opens the map: the proof is of one run, the token of one port.
"""

from __future__ import annotations

from aiohttp import web

from chatkit.core.running.reachable import new_token
from chatkit.journeys.picture import picture, words
from chatkit.localcloud.core.browser import page_token
from chatkit.localcloud.core.browser.page_files import page_files
from chatkit.localcloud.core.browser.page_token import PageToken, forbid
from chatkit.localcloud.core.platform import Platform
from chatkit.localcloud.core.runners import HttpServer
from chatkit.localcloud.core.store import Store
from chatkit.localcloud.core.web import whole_number
from chatkit.localcloud.journeys.reader import Journeys

OWNER = "map"
TOKENS = "map"
FILES = page_files(
    __package__, {"/": "map.html", "/map.js": "map.js", "/map.css": "map.css"}, below=""
)
HEADERS = {
    **page_token.HEADERS,
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:;"
        " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
}
GONE = "The way is not known any more."
NO_NUMBER = "after, way and steps are whole numbers."


def refuse(_: web.Request, status: int, sentence: str) -> web.Response:
    """What the page's port answers when it fails, or cannot read a request."""
    return web.json_response({"error": sentence}, status=status, headers=HEADERS)


class MapService:
    """The page on a port of its own.

    Args:
        platform: Ports and trace. The home is the folder around the local cloud's.
    """

    def __init__(self, platform: Platform) -> None:
        self._listeners = platform.listeners
        self._port = platform.listeners.reserve(OWNER)
        self._token = _kept_token(platform.store, self._port)
        self._journeys = Journeys(platform.trace, platform.folder.parent)
        self._opened_by = PageToken(lambda: self._token, self._journeys.run)

    async def start(self) -> None:
        """Open the port."""
        app = web.Application()
        page_token.harden(app, HEADERS)
        app.add_routes([web.get(path, self._file) for path in FILES])
        app.add_routes([web.get("/run", self._opened_by.tell_run)])
        app.add_routes([web.get("/journeys", self._news), web.get("/picture", self._picture)])
        server = HttpServer(app, refuse=refuse)
        await self._listeners.open(OWNER, server, port=self._port, ipv4_only=True)

    async def stop(self) -> None:
        """Close the port."""
        await self._listeners.close(OWNER)

    def endpoints(self) -> dict[str, str]:
        """Address of the page, with what opens it."""
        return {"map": f"http://127.0.0.1:{self._port}/#{self._token}"}

    def control_routes(self) -> list[web.RouteDef]:
        """What notebooks ask, at the control endpoint and with its token."""
        return [web.get("/journeys", self.answer_news)]

    async def _file(self, request: web.Request) -> web.Response:
        return FILES[request.path].answer(HEADERS)

    async def _news(self, request: web.Request) -> web.Response:
        if not self._opened_by.is_known_to(request):
            return forbid(request)
        return await self.answer_news(request)

    async def answer_news(self, request: web.Request) -> web.Response:
        """What has happened, for somebody who may know it."""
        after = whole_number(request.query.get("after", "0"))
        if after is None:
            return refuse(request, 400, NO_NUMBER)
        return web.json_response(await self._journeys.news(after), headers=HEADERS)

    async def _picture(self, request: web.Request) -> web.Response:
        if not self._opened_by.is_known_to(request):
            return forbid(request)
        return await self.answer_picture(request)

    async def answer_picture(self, request: web.Request) -> web.Response:
        """A way as a picture, for somebody who may know it."""
        way = whole_number(request.query.get("way", "0"))
        steps = whole_number(request.query.get("steps", "0"))
        if way is None or steps is None:
            return refuse(request, 400, NO_NUMBER)
        journey = self._journeys.find(way)
        of_other = request.query.get("run", self._journeys.run) != self._journeys.run
        if way and (journey is None or of_other):
            return refuse(request, 404, GONE)
        moves = request.query.get("moves") == "1"
        document = {"svg": picture(journey, steps, moves=moves), "words": words(journey, steps)}
        return web.json_response(document, headers=HEADERS)


def _kept_token(store: Store, port: int) -> str:
    """The token of the map at a port: the same over restarts, another one at another port."""
    known = store.get(TOKENS, str(port))
    if known is not None:
        return str(known["token"])
    token = new_token()
    for old, _ in [*store.items(TOKENS)]:
        store.delete(TOKENS, old)
    store.put(TOKENS, str(port), {"token": token})
    return token
