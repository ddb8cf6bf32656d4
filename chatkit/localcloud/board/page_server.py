"""The board's page, on a loopback port of the instructor's machine.

Everybody on this machine may have the page, and gets what a projector shows: no names, and not what
a hand says. Who proves to know the token gets both. The token stands behind the `#` of the page's
address and goes over no network; the join codes' counterparts for the functions stay in this
process.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from aiohttp import web

from chatkit.core.running.reachable import TOKEN_HEADER, Reachable, new_token
from chatkit.core.settings import kit
from chatkit.localcloud.board import facts
from chatkit.localcloud.board.functions import Functions
from chatkit.localcloud.core.browser.page_files import page_files
from chatkit.localcloud.core.browser.page_token import (
    HEADERS,
    PageToken,
    harden,
    proving,
    refuse,
)
from chatkit.localcloud.core.runners import HttpServer
from chatkit.localcloud.core.web import OTHER_PAGE, is_from_other_page

PAGE: Final = "/board"
NAMES: Final = ("board.css", "board.js", "access.js", "people.js", "view.js", "figures.js")
FILES: Final = page_files(
    __package__,
    {PAGE: "board.html", **{f"{PAGE}/{name}": name for name in NAMES}},
    below=PAGE,
)
CLIENT: Final = f"{PAGE}/signalr.min.js"
RUN: Final = f"{PAGE}/run"
KNOWN: Final = f"{PAGE}/known"
MAX_BODY_BYTES = 4 * 1024
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " connect-src 'self' {hub} {socket}; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'"
)
WRONG_TOKEN = "This needs the link of the instructor: `chatkit class board status` has it."


@dataclass(frozen=True)
class Place:
    """Where people join now.

    Attributes:
        address: HOST:PORT behind the `@` of their code; empty while there is none.
        notice: What has changed; empty for nothing.
    """

    address: str
    notice: str = ""


class PageServer:
    """Answers the page.

    Args:
        home: Has the board's facts.
        known: These, as they were at the start.
        functions: The board's functions.
        place: Tells where people join now.
    """

    def __init__(
        self,
        home: Path,
        known: facts.Facts,
        functions: Functions,
        place: Callable[[], Place],
    ) -> None:
        self._home = home
        self._known = known
        self._functions = functions
        self._place = place
        self.token = new_token()
        self._opened_by = PageToken(lambda: self.token)

    def reachable(self, port: int) -> Reachable:
        """What this home's verbs are told of the page at a port."""
        return Reachable(port, self.token, room=self._place().address)

    def server(self, secret: str, port: int) -> HttpServer:
        """What serves the port.

        Args:
            secret: What the process proves itself with.
            port: Where.
        """
        app = web.Application(client_max_size=MAX_BODY_BYTES)
        harden(app, {**HEADERS, "Content-Security-Policy": self._policy()})
        app.add_routes([web.get(path, self._file) for path in FILES])
        app.add_routes(
            [
                web.get("/", proving(secret, port, PAGE)),
                web.get(CLIENT, self._client),
                web.get(RUN, self._opened_by.tell_run),
                web.get(KNOWN, self._tell_known),
                web.post(f"{PAGE}/negotiate", self._negotiate),
                web.get(f"{PAGE}/results", self._results),
                web.post(f"{PAGE}/hands", self._hands),
            ]
        )
        return HttpServer(app, refuse=refuse)

    # For everybody on this machine

    async def _file(self, request: web.Request) -> web.Response:
        return FILES[request.path].answer()

    async def _client(self, _: web.Request) -> web.Response:
        content = (kit() / "content" / "vendor" / "signalr.min.js").read_bytes()
        return web.Response(body=content, content_type="text/javascript")

    async def _tell_known(self, request: web.Request) -> web.Response:
        """The class: its names for the instructor alone."""
        is_instructor = self._opened_by.is_known_to(request)
        if TOKEN_HEADER in request.headers and not is_instructor:
            return refuse(request, 403, WRONG_TOKEN)
        now = facts.read(self._home)  # a class gets longer, and has newcomers
        place = self._place()
        told: dict[str, Any] = {
            "address": place.address,
            "notice": place.notice,
            "title": now.title,
            "ends": now.ends,
            "sections": self._known.sections,
            "instructor": is_instructor,
        }
        if is_instructor:
            told["names"] = now.names
        return web.json_response(told)

    async def _negotiate(self, request: web.Request) -> web.StreamResponse:
        return await self._ask(request, "negotiate")

    async def _results(self, request: web.Request) -> web.StreamResponse:
        return await self._ask(request, "results")

    # For callers with the token

    async def _hands(self, request: web.Request) -> web.StreamResponse:
        if not self._opened_by.is_known_to(request):
            return refuse(request, 403, WRONG_TOKEN)
        return await self._ask(request, "hands", body=await request.read())

    async def _ask(self, request: web.Request, path: str, *, body: bytes = b"") -> web.Response:
        if is_from_other_page(request):
            return refuse(request, 403, OTHER_PAGE)
        is_instructor = self._opened_by.is_known_to(request)
        if TOKEN_HEADER in request.headers and not is_instructor:
            return refuse(request, 403, WRONG_TOKEN)
        token = self._known.board_token if is_instructor else self._known.screen_token
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        return await self._functions.ask(request.method, path, body=body, headers=headers)

    def _policy(self) -> str:
        hub = self._known.hub
        return POLICY.format(hub=hub, socket=hub.replace("http", "ws", 1))
