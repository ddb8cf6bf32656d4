"""The HTTP side of a function app: home page, routes, keys, webhooks, admin.

One per port, over a host that may be exchanged.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Protocol

from aiohttp import web

from chatkit.core.time.propagation import APP_HOST, HOST_NAME, SETTINGS
from chatkit.localcloud.core import cors
from chatkit.localcloud.core.answering import FULL, MISDIRECTED, plainly
from chatkit.localcloud.core.web import (
    EVERY_PATH,
    OTHER_PAGE,
    SAFE_METHODS,
    Handler,
    is_from_other_page,
)
from chatkit.localcloud.drills.drills import Drills
from chatkit.localcloud.drills.rooms import Part
from chatkit.localcloud.drills.table import FUNCTIONS
from chatkit.localcloud.functions.host.errors import AnswerInvalid, HostUnavailable
from chatkit.localcloud.functions.host.host import FunctionHost
from chatkit.localcloud.functions.host.indexing import Function
from chatkit.localcloud.functions.host.spec import Cors, HostKeys
from chatkit.localcloud.functions.http import admin, http_data, webhooks
from chatkit.localcloud.functions.http.exchange import HttpExchange
from chatkit.localcloud.functions.http.keys import is_admin, may_call
from chatkit.localcloud.functions.http.requests import FUNCTION, AppTrace, traced
from chatkit.localcloud.functions.worker_process.calls import HttpData, Result
from chatkit.localcloud.recorded.clock import Clock

BODY_LIMIT_BYTES = 104_857_600
OPERATED = {"admin", "runtime"}  # paths of the host itself, which no function has
HOME_PAGE = (
    '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
    "<title>Function app</title></head>\n"
    "<body><h1>Your function app is up and running</h1>"
    "<p>This is the local stand-in for an Azure function app.</p></body></html>\n"
)
DOWN = (
    '<!DOCTYPE html><html lang="en"><head><title>Service Unavailable</title></head>\n'
    "<body><h2>Service Unavailable</h2><p>HTTP Error 503. The service is unavailable.</p>"
    "</body></html>\n"
)
# Before a name is in DNS nothing answers. Here a port stands for it: this is what App Service's
# front ends answer to a name that they do not know yet.
UNKNOWN = (
    '<!DOCTYPE html><html lang="en"><head><title>404 Web Site not found</title></head>\n'
    "<body><h1>404 Web Site not found.</h1></body></html>\n"
)


class Gate(Protocol):
    """What may stand in front of a deployed app: App Service Authentication."""

    async def handle(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer the request, or set `request[web.IDENTITY_HEADERS]` and pass it on."""


@dataclass(kw_only=True)
class Site:
    """What one port serves. Its fields may change while it serves.

    Attributes:
        cors: Allowed origins.
        keys: Keys that are checked; None for a local run, where every caller is an administrator.
        trace: Gets an event for each request.
        gate: Stands between CORS and the app, and is the only one to say who somebody is; None lets
            everything through, forged identity headers too.
        enabled: False answers 403 as a stopped app does.
        host: The running app, None when nothing was deployed yet.
        drills: Failures that callers meet.
        part: What the site is in a chat that a drill concerns.
        clock: Whether its host name or its settings are not known yet.
    """

    cors: Cors
    keys: HostKeys | None
    gate: Gate | None
    trace: AppTrace
    enabled: bool = True
    host: FunctionHost | None = None
    drills: Drills = field(default_factory=Drills)
    part: Part = ("", "")
    clock: Clock = field(default_factory=Clock)


def application(front: Frontend) -> web.Application:
    """Make the web application of a site's own port."""
    site = front.site

    @web.middleware
    async def stopped(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not site.enabled:
            return _stopped()
        if (failure := await _drilled(site)) is not None:
            return failure
        return await handler(request)

    @web.middleware
    async def gated(request: web.Request, handler: Handler) -> web.StreamResponse:
        if site.gate is None:
            return await handler(request)
        return await site.gate.handle(request, handler)

    # The host answers CORS before authentication and routes: functions never see a preflight.
    origins = cors.middleware(lambda: _cors_rule(site.cors), cors.answer_allowed)
    middlewares = [front.traced, stopped, origins, _failures, gated]
    app = web.Application(middlewares=middlewares, client_max_size=BODY_LIMIT_BYTES)
    app.on_response_prepare.extend([cors.add_headers, _name_server])
    app.router.add_route("*", EVERY_PATH, front.handle)
    return app


class Frontend:
    """Handles every request of one site.

    Attributes:
        site: What it serves.
        traced: Notes each request.
    """

    def __init__(self, site: Site) -> None:
        self.site = site
        self.traced = traced(site.trace)
        self._outstanding = 0
        self._going_on: set[asyncio.Task[Result]] = set()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer one request that came another way than by the site's port, past its gate.

        It is as it was handed on (`request[HANDED_ON]`).
        """
        if not self.site.enabled:
            return _stopped()

        async def handle(request: web.Request) -> web.StreamResponse:
            if (failure := await _drilled(self.site)) is not None:
                return failure
            return await _failures(request, self.handle)

        return await self.traced(request, handle)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request."""
        host = self.site.host
        path = request.rel_url.raw_path
        if host is None:
            return not_found(request)
        section = path.strip("/").split("/")[0].lower()
        if section in OPERATED and self._is_forged(request):
            return web.Response(status=403, text=f"{OTHER_PAGE}\n")
        if section == "admin":
            return await admin.handle(request, host, is_admin=is_admin(request, self.site.keys))
        if path == "/" and await self._is_broken(host):
            return not_found(request, host)
        host = await self._ready(host)
        if path.lower().startswith(webhooks.PREFIX):
            return await webhooks.handle(request, host, self.site.keys)
        found = host.index.router.find(request.method, path)
        if found is None:
            return not_found(request, host)
        function, params = found
        if function.error:
            raise HostUnavailable(f"The function '{function.name}' is in error: {function.error}")
        if not may_call(request, function, self.site.keys):
            return web.Response(status=401)
        return await self._invoke(request, host, function, params)

    def _is_forged(self, request: web.Request) -> bool:
        """Whether another site's page operates a local run, which asks for no key.

        Core Tools let it. Azure asks for a key, which such a page does not have.
        """
        is_open = self.site.keys is None and request.method not in SAFE_METHODS
        return is_open and is_from_other_page(request)

    async def _is_broken(self, host: FunctionHost) -> bool:
        """Whether the app has not loaded. The host itself runs then, and so does its home page."""
        try:
            await self._ready(host)
        except HostUnavailable:
            return not host.is_gone
        return False

    async def _ready(self, host: FunctionHost) -> FunctionHost:
        """Wait until the host serves; when it was replaced meanwhile, for its successor."""
        while True:
            try:
                await host.ready()
                return host
            except HostUnavailable:
                if self.site.host is host or self.site.host is None:
                    raise
                host = self.site.host

    async def _invoke(
        self, request: web.Request, host: FunctionHost, function: Function, params: dict[str, str]
    ) -> web.StreamResponse:
        limit = host.config.max_outstanding
        if limit is not None and self._outstanding >= limit:
            return web.Response(status=429)
        self._outstanding += 1
        request[FUNCTION] = function.name
        try:
            data = await http_data.request_data(
                request,
                params,
                strip_identity=self.site.gate is not None,
                with_body=not function.streams,
            )
            if function.streams:
                return await self._stream(request, host, function, data)
            if request.body_exists and not request.content_length:
                host.console.host_line(
                    f"The request for '{function.name}' has a body without Content-Length "
                    "(chunked). The Functions host does not pass such a body on: "
                    "the function gets an empty one."
                )
            result = await host.call_http(function, data, _trace(data))
        finally:
            self._outstanding -= 1
        try:
            answer = http_data.with_http_output(result, function.http_output)
            return http_data.response(answer, host.config.custom_headers)
        except AnswerInvalid as error:
            return _invalid(host, function, error)

    async def _stream(
        self, request: web.Request, host: FunctionHost, function: Function, data: HttpData
    ) -> web.StreamResponse:
        """Let a function answer piece by piece, and go on when it has answered."""
        exchange = HttpExchange(request, data, host.config.custom_headers)
        calling = asyncio.create_task(host.call_http(function, data, _trace(data), exchange))
        self._going_on.add(calling)
        calling.add_done_callback(self._going_on.discard)
        ended = asyncio.create_task(exchange.ended())
        try:
            await asyncio.wait({calling, ended}, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            calling.cancel()
            raise
        finally:
            ended.cancel()
        if not calling.done():
            return await exchange.end(has_failed=False)
        try:
            result = calling.result()
        except AnswerInvalid as error:
            return _invalid(host, function, error)
        return await exchange.end(has_failed=result.failure is not None)


def _trace(data: HttpData) -> dict[str, str]:
    return {
        "parent": data.headers.get("traceparent", ""),
        "state": data.headers.get("tracestate", ""),
    }


def _invalid(host: FunctionHost, function: Function, error: AnswerInvalid) -> web.Response:
    problem = f"The answer of '{function.name}' cannot be sent: {error}."
    host.console.host_line(problem, error=True)
    return web.Response(status=500)


@web.middleware
async def _failures(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except HostUnavailable as error:
        return web.Response(status=503, text=f"{error}\n")


def _stopped() -> web.Response:
    return web.Response(status=403, text="This web app is stopped.\n")


async def _drilled(site: Site) -> web.Response | None:
    """What the machines in front of an app answer for it while it is down; None when it runs."""
    name = site.part[1]
    if site.clock.is_late(HOST_NAME, APP_HOST.format(name)):
        return web.Response(status=404, text=UNKNOWN, content_type="text/html")
    if site.clock.is_late(SETTINGS, name):
        return web.Response(status=503, text=DOWN, content_type="text/html")
    await site.drills.be_late(site.part)
    if site.drills.on(FUNCTIONS, site.part) is None:
        return None
    return web.Response(status=503, text=DOWN, content_type="text/html")


def refuse(request: web.Request, status: int, sentence: str) -> web.Response:
    """What the host answers when it fails, or cannot read a body: the status alone."""
    if status in (MISDIRECTED, FULL):
        return plainly(request, status, sentence)
    return web.Response(status=status)


def _cors_rule(setting: Cors) -> cors.Rule:
    """The setting names origins only; App Service compares them without regard to case."""
    return cors.Rule(
        origins=setting.allowed_origins, credentials=setting.support_credentials, ignore_case=True
    )


async def _name_server(_: web.Request, response: web.StreamResponse) -> None:
    response.headers["Server"] = "Kestrel"


def not_found(request: web.Request, host: FunctionHost | None = None) -> web.Response:
    """404 where no function is; at `/` the home page."""
    if request.rel_url.raw_path != "/":
        return web.Response(status=404)
    if host is not None and _has_no_home_page(host):
        return web.Response(status=204)
    if request.method not in ("GET", "HEAD"):
        return web.Response(status=404)
    return web.Response(text=HOME_PAGE, content_type="text/html")


def _has_no_home_page(host: FunctionHost) -> bool:
    setting = host.options.settings.get("AzureWebJobsDisableHomepage", "")
    return setting.lower() == "true"
