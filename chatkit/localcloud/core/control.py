"""The local cloud's own endpoint: stop, trace, time and faults.

Every call needs the token that only this user's files hold.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable

from aiohttp import web

from chatkit.core.running.reachable import TOKEN_HEADER
from chatkit.core.text.constant_time import is_same_secret
from chatkit.localcloud.core.platform import Platform
from chatkit.localcloud.core.runners import HttpServer
from chatkit.localcloud.core.trace import events_answer
from chatkit.localcloud.core.web import Handler

DIGITS = 19


def refuse(_: web.Request, status: int, sentence: str) -> web.Response:
    """What the endpoint answers when it fails, or cannot read a body."""
    return web.json_response({"error": sentence}, status=status)


class Control:
    """A small http API on its own port; `cloud.json` holds its address and token."""

    def __init__(
        self,
        platform: Platform,
        *,
        on_stop: Callable[[], None],
        routes: Iterable[web.RouteDef] = (),
    ) -> None:
        self._platform = platform
        self._routes = routes
        self._on_stop = on_stop
        self._token = secrets.token_urlsafe(32)
        self._port = 0

    async def start(self) -> None:
        """Open the port."""
        app = web.Application(middlewares=[self._with_token])
        app.add_routes(
            [web.post("/stop", self._stop), web.get("/trace", self._trace), *self._routes]
        )
        self._port = self._platform.listeners.reserve("control")
        await self._platform.listeners.open(
            "control", HttpServer(app, refuse=refuse), port=self._port, ipv4_only=True
        )

    def endpoints(self) -> dict[str, str]:
        """Address and token of this API."""
        return {"control": f"http://127.0.0.1:{self._port}", "control_token": self._token}

    @web.middleware
    async def _with_token(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if not is_same_secret(request.headers.get(TOKEN_HEADER, ""), self._token):
            return web.json_response(
                {"error": f"The {TOKEN_HEADER} header is missing or wrong."}, status=403
            )
        return await handler(request)

    async def _stop(self, request: web.Request) -> web.Response:
        self._on_stop()
        return web.json_response({"stopping": True}, status=202)

    async def _trace(self, request: web.Request) -> web.Response:
        text = request.query.get("after", "0")
        if not text.isascii() or not text.isdecimal():
            return refuse(request, 400, "after is the number of the last event that is known.")
        after = int(text[:DIGITS])
        source = request.query.get("source", "")
        return await events_answer(self._platform.trace.after(after, source=source))
