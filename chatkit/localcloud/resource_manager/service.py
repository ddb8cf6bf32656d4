"""Port and lifecycle of the local Resource Manager."""

from __future__ import annotations

import logging
import uuid

from aiohttp import web

from chatkit.localcloud.core.platform import Platform
from chatkit.localcloud.core.runners import HttpServer
from chatkit.localcloud.entra.identity import PATH as IDENTITY_PATH
from chatkit.localcloud.entra.models import Directory
from chatkit.localcloud.entra.tokens import Tokens
from chatkit.localcloud.resource_manager.core.context import (
    Context,
    FunctionsPlane,
    SignalRPlane,
    StoragePlane,
)
from chatkit.localcloud.resource_manager.core.control import levers
from chatkit.localcloud.resource_manager.core.routing import Route, Router
from chatkit.localcloud.resource_manager.gateway.authorization import Authorization
from chatkit.localcloud.resource_manager.gateway.edge import Edge
from chatkit.localcloud.resource_manager.gateway.groups import Groups
from chatkit.localcloud.resource_manager.gateway.scope_tags import ScopeTags
from chatkit.localcloud.resource_manager.gateway.subscriptions import Subscriptions
from chatkit.localcloud.resource_manager.providers.blob_service import BlobService
from chatkit.localcloud.resource_manager.providers.insights import Insights
from chatkit.localcloud.resource_manager.providers.signalr import SignalR
from chatkit.localcloud.resource_manager.providers.storage import Storage
from chatkit.localcloud.resource_manager.providers.web.catalog import Catalog
from chatkit.localcloud.resource_manager.providers.web.plans import Plans
from chatkit.localcloud.resource_manager.providers.web.site_actions import SiteActions
from chatkit.localcloud.resource_manager.providers.web.site_config import SiteConfig
from chatkit.localcloud.resource_manager.providers.web.site_defaults import SiteDefaults
from chatkit.localcloud.resource_manager.providers.web.site_deployments import SiteDeployments
from chatkit.localcloud.resource_manager.providers.web.sites import Sites

log = logging.getLogger("chatkit.local.arm")


class ResourceManagerService:
    """Resource Manager at `https://localhost:PORT`.

    Attributes:
        context: State of all resource providers.
        routes: Every operation.
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
    ) -> None:
        self._platform = platform
        self._base_url = f"https://localhost:{platform.listeners.reserve('resource-manager')}"
        authority = tokens.issuer.partition("/" + directory.tenant_id)[0]
        graph = f"https://localhost:{platform.listeners.reserve('graph')}"
        self.context = Context.load(
            platform,
            directory,
            _subscription_id(platform),
            signalr=signalr,
            storage=storage,
            functions=functions,
        )
        self.context.base_url = self._base_url
        self.context.identity_endpoint = (
            f"http://localhost:{platform.listeners.reserve('sign-in')}{IDENTITY_PATH}"
        )
        self.context.remove_roles = tokens.roles.remove_below
        authorization = Authorization(self.context, tokens.roles, self.context.faults)
        plans = Plans(self.context)
        self._sites = Sites(self.context, plans)
        self._signalr = SignalR(self.context)
        self._storage = Storage(self.context)
        self._groups = Groups(self.context, tokens.roles)
        rooms = (
            Subscriptions(self.context, {"authority": authority, "graph": graph}),
            self._groups,
            ScopeTags(self.context),
            self._signalr,
            self._storage,
            BlobService(self.context),
            plans,
            self._sites,
            SiteConfig(self.context, self._sites),
            SiteActions(self.context, self._sites),
            SiteDefaults(self.context),
            SiteDeployments(self.context),
            Catalog(self.context),
            Insights(self.context),
            authorization,
        )
        self.routes: list[Route] = [route for room in rooms for route in room.routes()]
        self.edge = Edge(
            self.context, Router(self.routes), tokens, authorization, authority=authority
        )

    async def start(self) -> None:
        """Bring the data planes to what the store says, then open the port."""
        for room in (self._storage, self._signalr, self._sites):
            for document in self.context.resources.all(type_=_TYPES[type(room).__name__]):
                try:
                    await room.recover(document)
                except Exception:
                    log.exception("%s could not be brought back", document["id"])
        self._groups.resume()
        port = int(self._base_url.rpartition(":")[2])
        await self._platform.listeners.open(
            "resource-manager",
            HttpServer(self.edge.app()),
            port=port,
            tls=self._platform.certificates.server,
        )

    async def stop(self) -> None:
        """Close the port and let running deletions be resumed at the next start."""
        await self._platform.listeners.close("resource-manager")
        await self._groups.finish()

    def levers(self) -> list[web.RouteDef]:
        """Operations for the local cloud's own control API: time and faults."""
        return levers(self.context)

    def endpoints(self) -> dict[str, str]:
        """What a client needs."""
        return {"resource_manager": self._base_url, "subscription_id": self.context.subscription_id}


_TYPES = {
    "Storage": "Microsoft.Storage/storageAccounts",
    "SignalR": "Microsoft.SignalRService/SignalR",
    "Sites": "Microsoft.Web/sites",
}


def _subscription_id(platform: Platform) -> str:
    kept = platform.store.get("resource-manager", "subscription")
    if kept is None:
        kept = {"id": str(uuid.uuid4())}
        platform.store.put("resource-manager", "subscription", kept)
    return str(kept["id"])
