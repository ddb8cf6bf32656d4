"""Port and lifecycle of the local Resource Manager."""

from __future__ import annotations

import importlib
import inspect
import logging
import pkgutil

from aiohttp import web

from chatkit.localcloud.core.platform import Platform
from chatkit.localcloud.core.runners import HttpServer
from chatkit.localcloud.entra.identity import PATH as IDENTITY_PATH
from chatkit.localcloud.entra.models import Directory
from chatkit.localcloud.entra.tokens import Tokens
from chatkit.localcloud.recorded.clock import Clock
from chatkit.localcloud.resource_manager import providers as package
from chatkit.localcloud.resource_manager.core.context import Context, Endpoints
from chatkit.localcloud.resource_manager.core.control import control_routes
from chatkit.localcloud.resource_manager.core.planes import (
    FunctionsPlane,
    Planes,
    SignalRPlane,
    StoragePlane,
)
from chatkit.localcloud.resource_manager.core.provider import Provider
from chatkit.localcloud.resource_manager.core.registry import Registry
from chatkit.localcloud.resource_manager.core.routing import Route, Router
from chatkit.localcloud.resource_manager.gateway.admission import Admission
from chatkit.localcloud.resource_manager.gateway.authorization import Authorization
from chatkit.localcloud.resource_manager.gateway.dispatch import Dispatch
from chatkit.localcloud.resource_manager.gateway.edge import Edge
from chatkit.localcloud.resource_manager.gateway.groups import Groups
from chatkit.localcloud.resource_manager.gateway.late import Late
from chatkit.localcloud.resource_manager.gateway.scope_tags import ScopeTags
from chatkit.localcloud.resource_manager.gateway.subscriptions import Subscriptions
from chatkit.localcloud.resource_manager.providers.signalr import SignalR
from chatkit.localcloud.resource_manager.templates.deployments import Deployments
from chatkit.localcloud.resource_manager.templates.exporting import GroupExport

log = logging.getLogger("chatkit.local.arm")
OWN: tuple[type[Provider], ...] = (
    Subscriptions,
    Groups,
    ScopeTags,
    Authorization,
    Deployments,
    GroupExport,
)
"""What Resource Manager answers itself."""


def providers() -> list[type[Provider]]:
    """Every provider in the package `providers`, by module.

    A module that lies there is found. A list of them would be one more place to change for a new
    type, and forgetting it would show only as an answer 501.
    """
    found: list[type[Provider]] = []
    for entry in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        module = importlib.import_module(entry.name)
        for value in vars(module).values():
            if not inspect.isclass(value) or value.__module__ != module.__name__:
                continue
            if issubclass(value, Provider) and not inspect.isabstract(value):
                found.append(value)
    return found


class ResourceManagerService:
    """Resource Manager at `https://localhost:PORT`.

    Attributes:
        context: State of all resource providers.
        routes: Every operation.
        admission: What lets a call through.
        dispatch: What finds and runs an operation.
        edge: Its HTTP side.
    """

    def __init__(
        self,
        platform: Platform,
        directory: Directory,
        tokens: Tokens,
        *,
        signalr: SignalRPlane,
        storage: StoragePlane,
        functions: FunctionsPlane,
        clock: Clock | None = None,
    ) -> None:
        self._platform = platform
        self._port = platform.listeners.reserve("resource-manager")
        endpoints = Endpoints(
            resource_manager=f"https://localhost:{self._port}",
            authority=tokens.issuer.partition("/" + directory.tenant_id)[0],
            graph=f"https://localhost:{platform.listeners.reserve('graph')}",
            identity=f"http://localhost:{platform.listeners.reserve('sign-in')}{IDENTITY_PATH}",
        )
        planes = Planes(signalr, storage, functions)
        self.context = Context.load(
            platform,
            directory,
            tokens.roles,
            planes,
            endpoints,
            clock=clock or Clock.load(platform.store),
        )
        found = [provider(self.context) for provider in providers()]
        self._registry = Registry(OWN, found)
        self._groups = Groups(self.context, self._registry)
        authorization = Authorization(self.context)
        own = (
            Subscriptions(self.context, self._registry),
            self._groups,
            ScopeTags(self.context, self._registry),
            authorization,
        )
        router = Router([route for provider in (*own, *found) for route in provider.routes()])
        self.admission = Admission(self.context, self._registry, tokens, authorization)
        late = Late(self.context, self._registry)
        self.dispatch = Dispatch(self._registry, router, self.admission, late)
        self._deployments = Deployments(self.context, self._registry, self.dispatch)
        export = GroupExport(self.context, self._registry, self.dispatch)
        router.add([*self._deployments.routes(), *export.routes()])
        self.routes: list[Route] = router.routes
        self.edge = Edge(platform.trace, self.dispatch)

    async def start(self) -> None:
        """Bring the data planes to what the store says, then open the port."""
        for type_ in self._registry.recovery_order:
            for document in type_.all():
                try:
                    await type_.recover(document)
                except Exception:
                    log.exception("%s could not be brought back", document["id"])
        self._groups.resume()
        self._deployments.recover()
        await self._platform.listeners.open(
            "resource-manager",
            HttpServer(self.edge.app(), refuse=self.edge.refuse),
            port=self._port,
            tls=self._platform.certificates.server,
        )

    async def stop(self) -> None:
        """Close the port and let running deletions be resumed at the next start."""
        await self._platform.listeners.close("resource-manager")
        await self._deployments.finish()
        await self._groups.finish()

    async def resize(self, instance: str, sku: str, units: int) -> None:
        """Give a SignalR Service instance another tier and number of units."""
        for provider in self._registry.recovery_order:
            if isinstance(provider, SignalR):
                for found in provider.all():
                    if found["name"].lower() == instance.lower():
                        await provider.resize(found["id"], sku, units)

    def control_routes(self) -> list[web.RouteDef]:
        """Operations for the local cloud's own control API: time and faults."""
        return control_routes(self.context)

    def endpoints(self) -> dict[str, str]:
        """What a client needs."""
        return {
            "resource_manager": self.context.endpoints.resource_manager,
            "subscription_id": self.context.subscription_id,
        }
