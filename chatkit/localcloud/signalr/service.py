"""Ports and lifecycle of the SignalR data plane: one port per instance, for http and https."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from functools import partial

from aiohttp import web

from chatkit.core import strict_json
from chatkit.core.errors import PortInUse
from chatkit.core.time.propagation import HOST_NAME, SIGNALR_HOST
from chatkit.localcloud.core.platform import Platform
from chatkit.localcloud.drills.drills import Drills
from chatkit.localcloud.drills.kept import Drill
from chatkit.localcloud.drills.table import DROP, EXPIRED
from chatkit.localcloud.entra.tokens import Tokens
from chatkit.localcloud.recorded.clock import Clock
from chatkit.localcloud.signalr.attachments import Attachments
from chatkit.localcloud.signalr.core.entra_access import EntraAccess
from chatkit.localcloud.signalr.core.errors import SignalRError
from chatkit.localcloud.signalr.core.instance import Instance
from chatkit.localcloud.signalr.core.spec import InstanceSpec
from chatkit.localcloud.signalr.core.upstream import IdentityToken
from chatkit.localcloud.signalr.edge import server
from chatkit.localcloud.signalr.heartbeat import beat
from chatkit.localcloud.signalr.message_counts import MessageCounts

log = logging.getLogger("chatkit.local.signalr")


class SignalRService:
    """All instances of the local cloud.

    Args:
        platform: Ports, certificates, trace.
        tokens: Checks tokens of Entra ID, and knows the roles of their principals.
        identity_token: Gets the tokens of an instance's managed identity.
        drills: Failures that clients meet; none by default.
        clock: Which host names are known late; none by default.
    """

    def __init__(
        self,
        platform: Platform,
        tokens: Tokens,
        identity_token: IdentityToken,
        drills: Drills | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._platform = platform
        self._clock = clock or Clock()
        self._drills = drills or Drills()
        self._drills.on_begin(self._drill)
        self._entra = EntraAccess(tokens)
        self._identity_token = identity_token
        self._instances: dict[str, Instance] = {}
        self._attachments = Attachments(self.instance)
        self._counts = MessageCounts(platform.store)
        self._heartbeat: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start the clock that all connections share."""
        self._heartbeat = asyncio.create_task(beat(self._instances.values, keep=self._counts.keep))

    async def stop(self) -> None:
        """Close every connection and port."""
        if self._heartbeat is not None:
            self._heartbeat.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._heartbeat
        for name in [*self._instances]:
            await self._close(name)

    async def apply(self, spec: InstanceSpec) -> None:
        """Create an instance or change it live.

        New keys, origins, upstream templates and tier count from the next request on.
        """
        spec = self._attachments.spec(spec)
        known = self._instances.get(spec.name)
        if known is not None and known.spec.port == spec.port:
            known.apply(spec)
            return
        if known is not None:
            await self._close(spec.name)
        instance = Instance(
            spec, self._platform.trace, self._entra, self._identity_token, self._drills
        )
        self._counts.restore(instance)
        self._instances[spec.name] = instance
        try:
            tls = self._platform.certificates.server
            http = server(instance, tls, partial(self._is_reachable, spec.name))
            await self._platform.listeners.open(_owner(spec.name), http, port=spec.port)
        except PortInUse as error:
            log.error("SignalR instance %s is not reachable. %s", spec.name, error)

    def _is_reachable(self, name: str) -> bool:
        """Whether the host name of an instance is known already."""
        return not self._clock.is_late(HOST_NAME, SIGNALR_HOST.format(name))

    async def remove(self, name: str) -> None:
        """End an instance for good."""
        self._attachments.forget(name.lower())
        await self._close(name.lower())
        self._counts.forget(name.lower())

    def control_routes(self) -> list[web.RouteDef]:
        """Routes for the local cloud's control API.

        Which instances there are, faults of one, a fresh start for tests, and the emulator's key.
        """
        return [
            web.get("/signalr", self._list),
            web.post("/signalr/{name}/attach", self._attachments.attach),
            web.post("/signalr/{name}/faults", self._fault),
            web.post("/signalr/{name}/reset", self._reset),
        ]

    async def _list(self, _request: web.Request) -> web.Response:
        found = [{"name": one.spec.name, "port": one.spec.port} for one in self._instances.values()]
        return web.json_response(found)

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
        try:
            order = dict(strict_json.loads(await request.read() or b"{}"))
            kind = str(order.get("kind", ""))
            if kind == "drop":
                dropped = instance.drop(user_id=str(order.get("user", "")))
                return web.json_response({"dropped": dropped})
            instance.faults.set(
                kind, count=int(order.get("count", 1)), seconds=float(order.get("seconds", 1))
            )
        except (SignalRError, ValueError, TypeError, OverflowError) as error:
            return web.json_response({"error": str(error)}, status=400)
        return web.json_response({"set": kind})

    def instance(self, name: str) -> Instance | None:
        """The running instance of that name."""
        return self._instances.get(name.lower())

    def _drill(self, drill: Drill) -> None:
        """Throw everybody out, when a drill does."""
        if drill.kind in (DROP, EXPIRED):
            for instance in self._instances.values():
                instance.drop(room=drill.room)

    async def _close(self, name: str) -> None:
        instance = self._instances.pop(name, None)
        if instance is not None:
            self._counts.keep(instance)
            await instance.close()
        await self._platform.listeners.close(_owner(name))


def _owner(name: str) -> str:
    """Under which name an instance has its port."""
    return f"signalr/{name}"


def _no_instance(request: web.Request) -> web.Response:
    return web.json_response(
        {"error": f"There is no SignalR instance {request.match_info['name']}."}, status=404
    )
