"""Ports and lifecycle of the SignalR data plane: one plain-http port per instance."""

from __future__ import annotations

import asyncio
import contextlib
import logging

from aiohttp import web
from aiohttp.typedefs import Middleware

from chatkit.core.errors import PortInUse
from chatkit.localcloud.core import cors
from chatkit.localcloud.core.platform import Platform
from chatkit.localcloud.core.runners import HttpServer
from chatkit.localcloud.core.web import Handler, loopback_only
from chatkit.localcloud.signalr.core.errors import BadRequest, SignalRError
from chatkit.localcloud.signalr.core.instance import Instance
from chatkit.localcloud.signalr.core.spec import InstanceSpec
from chatkit.localcloud.signalr.inspection import STATE, TRACE, state, trace, traced
from chatkit.localcloud.signalr.rest import actions as rest
from chatkit.localcloud.signalr.transports.clients import Clients
from chatkit.localcloud.signalr.transports.websocket import hub_endpoint

log = logging.getLogger("chatkit.local.signalr")
SERVER_MODE = "This is the serverless service: app servers cannot connect (/server). Use service mode Serverless and the REST API.\n"
CORS_METHODS = "GET, POST, DELETE, OPTIONS"
CORS_HEADERS = "authorization, x-requested-with, x-signalr-user-agent, content-type"
PREFLIGHT_MAX_AGE_S = 600
MAX_URI_CHARS = 12 * 1024
MAX_HEADER_CHARS = 16 * 1024


class SignalRService:
    """All instances of the local cloud."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._instances: dict[str, Instance] = {}
        self._heartbeat: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start the clock that all connections share."""
        self._heartbeat = asyncio.create_task(self._beat())

    async def stop(self) -> None:
        """Close every connection and port."""
        if self._heartbeat is not None:
            self._heartbeat.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._heartbeat
        for name in [*self._instances]:
            await self._close(name)

    async def apply(self, spec: InstanceSpec) -> None:
        """Create an instance or change it live: keys, origins, upstream and tier count from the next request on."""
        known = self._instances.get(spec.name)
        if known is not None and known.spec.port == spec.port:
            known.apply(spec)
            return
        if known is not None:
            await self._close(spec.name)
        instance = self._instances[spec.name] = Instance(spec, self._platform.trace)
        clients = Clients(instance)
        # aiohttp's own limits are wider than the service's, which `_errors` answers in the service's way.
        server = HttpServer(
            application(instance, clients), peek=hub_endpoint(instance, clients.accept)
        )
        try:
            await self._platform.listeners.open(f"signalr/{spec.name}", server, port=spec.port)
        except PortInUse as error:
            log.error("SignalR instance %s is not reachable. %s", spec.name, error)

    async def remove(self, name: str) -> None:
        """End an instance for good."""
        await self._close(name.lower())

    def levers(self) -> list[web.RouteDef]:
        """Routes for the local cloud's control API: faults of an instance, and a fresh start for tests."""
        return [
            web.post("/signalr/{name}/faults", self._fault),
            web.post("/signalr/{name}/reset", self._reset),
        ]

    async def _reset(self, request: web.Request) -> web.Response:
        instance = self.instance(request.match_info["name"])
        if instance is None:
            return _no_instance(request)
        instance.reset()
        return web.json_response({"reset": instance.spec.name})

    async def _fault(self, request: web.Request) -> web.Response:
        instance = self.instance(request.match_info["name"])
        if instance is None:
            return _no_instance(request)
        order = await request.json()
        kind = str(order.get("kind", ""))
        if kind == "drop":
            return web.json_response({"dropped": instance.drop(user_id=str(order.get("user", "")))})
        try:
            instance.faults.set(
                kind, count=int(order.get("count", 1)), seconds=float(order.get("seconds", 1))
            )
        except SignalRError as error:
            return web.json_response({"error": error.message}, status=400)
        return web.json_response({"set": kind})

    def instance(self, name: str) -> Instance | None:
        """The running instance of that name."""
        return self._instances.get(name.lower())

    async def _close(self, name: str) -> None:
        instance = self._instances.pop(name, None)
        if instance is not None:
            instance.close_all(None)
            await instance.upstream.close()
        await self._platform.listeners.close(f"signalr/{name}")

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(1)
            for instance in [*self._instances.values()]:
                try:
                    instance.tick()
                except Exception:  # the clock of all connections must not stop for one
                    log.exception("%s: the heartbeat failed", instance.spec.name)


def application(instance: Instance, clients: Clients) -> web.Application:
    """What serves everything but WebSockets."""
    origins = cors.middleware(lambda: _cors_rule(instance.spec), _answer_preflight)
    app = web.Application(
        middlewares=[loopback_only, traced(instance), _errors(instance), origins],
        client_max_size=2 * rest.MAX_BODY_BYTES,
    )
    app.on_response_prepare.append(cors.add_headers)
    app.add_routes(
        [
            web.route("*", "/api/health", _health),
            web.route("*", "/api/v1/health", _health),
            web.post("/client/negotiate", clients.negotiate),
            web.post("/client/negotiate/", clients.negotiate),
            *(web.get(path, clients.connect, allow_head=False) for path in ("/client", "/client/")),
            *(web.post(path, clients.post) for path in ("/client", "/client/")),
            *(web.delete(path, clients.delete) for path in ("/client", "/client/")),
            web.route("*", "/server{tail:.*}", _no_servers),
            web.get(TRACE, trace(instance)),
            web.get(STATE, state(instance)),
            *rest.routes(instance),
        ]
    )
    return app


def _cors_rule(spec: InstanceSpec) -> cors.Rule:
    """Browsers of the allowed origins may call an instance, always with credentials."""
    return cors.Rule(origins=spec.allowed_origins, credentials=True, max_age_s=PREFLIGHT_MAX_AGE_S)


def _answer_preflight(asked: cors.Preflight, allowed: dict[str, str] | None) -> web.Response:
    """204 or 403. The service names all of its methods, and headers also when none were asked for."""
    if allowed is None:
        return web.Response(status=403)
    allowed["Access-Control-Allow-Methods"] = CORS_METHODS
    allowed.setdefault("Access-Control-Allow-Headers", CORS_HEADERS)
    return web.Response(status=204, headers=allowed)


def _no_instance(request: web.Request) -> web.Response:
    return web.json_response(
        {"error": f"There is no SignalR instance {request.match_info['name']}."}, status=404
    )


async def _health(request: web.Request) -> web.Response:
    return web.Response(status=200)


async def _no_servers(request: web.Request) -> web.Response:
    return web.Response(status=404, text=SERVER_MODE)


def _errors(instance: Instance) -> Middleware:
    @web.middleware
    async def errors(request: web.Request, handler: Handler) -> web.StreamResponse:
        if len(request.raw_path) > MAX_URI_CHARS:
            return web.Response(status=414)
        if sum(len(name) + len(value) for name, value in request.raw_headers) > MAX_HEADER_CHARS:
            return web.Response(status=431)
        try:
            return await handler(request)
        except SignalRError as error:
            if error.message and request.path.startswith("/client"):
                return web.Response(status=error.status, text=error.message)
            return error.render(request.path)
        except web.HTTPException as error:
            if request.path.startswith("/api"):
                return SignalRError(
                    error.status,
                    error.reason.replace(" ", ""),
                    f"{error.reason}: {request.method} {request.path}.",
                ).render(request.path)
            raise
        except web.RequestPayloadError:
            return BadRequest("The request body is cut or broken.").render(request.path)
        except (ConnectionError, asyncio.CancelledError):
            raise
        except Exception:
            log.exception("%s: %s %s failed", instance.spec.name, request.method, request.path)
            return SignalRError(
                500, "InternalServerError", "The service failed; its log says why."
            ).render(request.path)

    return errors
