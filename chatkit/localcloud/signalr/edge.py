"""The HTTP edge of an instance: every address, and the one place where errors become answers."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable

from aiohttp import web

from chatkit.core.accepting import ProtocolFactory
from chatkit.localcloud.core import cors
from chatkit.localcloud.core.answering import MISDIRECTED
from chatkit.localcloud.core.first_bytes import http_or_https
from chatkit.localcloud.core.runners import HttpServer, once_known
from chatkit.localcloud.core.web import Handler
from chatkit.localcloud.signalr.core.errors import SignalRError
from chatkit.localcloud.signalr.core.instance import Instance
from chatkit.localcloud.signalr.core.spec import InstanceSpec
from chatkit.localcloud.signalr.inspection import STATE, TRACE, state, trace, traced
from chatkit.localcloud.signalr.rest import routes as rest
from chatkit.localcloud.signalr.rest.call import MAX_BODY_BYTES
from chatkit.localcloud.signalr.transports.clients import Clients, Reach
from chatkit.localcloud.signalr.transports.websocket import hub_endpoint

SERVER_MODE = (
    "This is the serverless service: app servers cannot connect (/server). "
    "Use service mode Serverless and the REST API.\n"
)
CORS_METHODS = "GET, POST, DELETE, OPTIONS"
CORS_HEADERS = "authorization, x-requested-with, x-signalr-user-agent, content-type"
PREFLIGHT_MAX_AGE_S = 600
# The service's own limits. HttpServer's are wider, so that `_errors` answers in the service's way.
MAX_URI_CHARS = 12 * 1024
MAX_HEADER_CHARS = 16 * 1024


def server(
    instance: Instance, tls: ssl.SSLContext | None, is_reachable: Callable[[], bool] | None = None
) -> HttpServer:
    """What serves an instance's port: WebSockets of clients, and HTTP for everything else.

    Both with and without TLS: browsers use http here, and Azure's clients send tokens over https
    only. Microsoft's emulator has none.

    Args:
        instance: Whose port it is.
        tls: Its certificate; None for http alone.
        is_reachable: Whether its host name is known already; it is by default.
    """
    clients = Clients(instance)
    clear = hub_endpoint(instance, clients.accept)

    def peek(http: ProtocolFactory) -> ProtocolFactory:
        usual = clear(http) if tls is None else http_or_https(tls)(clear(http))
        return usual if is_reachable is None else once_known(is_reachable, usual)

    return HttpServer(application(instance, clients), refuse=refuse, peek=peek)


def application(instance: Instance, clients: Clients) -> web.Application:
    """What serves everything but WebSockets."""
    origins = cors.middleware(lambda: _cors_rule(instance.spec), _answer_preflight)
    app = web.Application(
        middlewares=[traced(instance), _errors, origins],
        client_max_size=2 * MAX_BODY_BYTES,
    )
    app.on_response_prepare.append(cors.add_headers)
    app.add_routes(
        [
            web.route("*", "/api/health", _health),
            web.route("*", "/api/v1/health", _health),
            web.post("/client/negotiate", clients.negotiate),
            web.post("/client/negotiate/", clients.negotiate),
            web.route("*", "/server{tail:.*}", _no_servers),
            web.get(TRACE, trace(instance)),
            web.get(STATE, state(instance)),
        ]
    )
    for path in ("/client", "/client/"):
        app.router.add_get(path, clients.connect, allow_head=False)
        app.router.add_post(path, clients.post)
        app.router.add_delete(path, clients.delete)
    app.add_routes(rest.routes(instance))
    return app


CLIENT_METHODS = {
    "/client/negotiate": ("POST",),
    "/client": ("GET", "POST", "DELETE"),
    "/client/": ("GET", "POST", "DELETE"),
}
"""What clients ask for, for who serves them at another address than the instance's port."""


async def answer_client(
    instance: Instance, reach: Reach, request: web.Request
) -> web.StreamResponse:
    """Answer a client's request of `CLIENT_METHODS` that came to another address."""
    clients = Clients(instance, reach)
    if request.path == "/client/negotiate":
        handler: Handler = clients.negotiate
    else:
        handler = {"GET": clients.connect, "POST": clients.post}.get(request.method, clients.delete)

    async def answer(request: web.Request) -> web.StreamResponse:
        return await _errors(request, handler)

    return await traced(instance)(request, answer)


def client_sockets(
    find: Callable[[], Instance | None], reach: Reach
) -> Callable[[ProtocolFactory], ProtocolFactory]:
    """What serves WebSockets of clients at another address: for `HttpServer(app, peek=…)`.

    Args:
        find: The instance as it is when a connection begins; None while there is none.
        reach: How its clients come there.
    """

    def peek(http: ProtocolFactory) -> ProtocolFactory:
        def first() -> asyncio.BaseProtocol:
            instance = find()
            if instance is None:
                return http()
            return hub_endpoint(instance, Clients(instance, reach).accept)(http)()

        return first

    return peek


def _cors_rule(spec: InstanceSpec) -> cors.Rule:
    """Browsers of the allowed origins may call an instance, always with credentials."""
    return cors.Rule(origins=spec.allowed_origins, credentials=True, max_age_s=PREFLIGHT_MAX_AGE_S)


def _answer_preflight(allowed: dict[str, str] | None) -> web.Response:
    """204 or 403. The service names all methods, and headers also when none were asked for."""
    if allowed is None:
        return web.Response(status=403)
    allowed["Access-Control-Allow-Methods"] = CORS_METHODS
    allowed.setdefault("Access-Control-Allow-Headers", CORS_HEADERS)
    return web.Response(status=204, headers=allowed)


async def _health(_request: web.Request) -> web.Response:
    return web.Response(status=200)


async def _no_servers(_request: web.Request) -> web.Response:
    return web.Response(status=404, text=SERVER_MODE)


@web.middleware
async def _errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    if len(request.raw_path) > MAX_URI_CHARS:
        return web.Response(status=414)
    if sum(len(name) + len(value) for name, value in request.raw_headers) > MAX_HEADER_CHARS:
        return web.Response(status=431)
    try:
        return await handler(request)
    except SignalRError as error:
        return _failed(request, error)
    except web.HTTPException as error:
        if not request.path.startswith("/api"):
            raise
        code = error.reason.replace(" ", "")
        sentence = f"{error.reason}: {request.method} {request.path}."
        return render(SignalRError(error.status, code, sentence), request.path)


def _failed(request: web.Request, error: SignalRError) -> web.Response:
    if error.message and request.path.startswith("/client"):
        return web.Response(status=error.status, text=error.message)
    return render(error, request.path)


def refuse(request: web.Request, status: int, sentence: str) -> web.Response:
    """What the service answers when it fails, or cannot read a body."""
    if status == MISDIRECTED and request.path.startswith("/client"):
        return web.Response(status=status, text=f"{sentence}\n")
    codes = {500: "InternalServerError", MISDIRECTED: "MisdirectedRequest"}
    code = codes.get(status, "BadRequest")
    return render(SignalRError(status, code, sentence), request.path)


def render(error: SignalRError, target: str) -> web.Response:
    """An error in the service's own shape."""
    if not error.message:
        headers = {**error.headers}
        if error.code:
            headers.setdefault("x-ms-error-code", error.code)
        return web.Response(status=error.status, headers=headers)
    body: dict[str, object] = {
        "code": error.code or "BadRequest",
        "message": error.message,
        "target": target,
        "details": [],
        "inner": None,
    }
    return web.json_response(body, status=error.status, headers=error.headers)
