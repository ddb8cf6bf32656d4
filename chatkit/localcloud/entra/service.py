"""Ports and lifecycle of the local Entra ID and its minimal Microsoft Graph."""

from __future__ import annotations

from chatkit.localcloud.core.platform import Platform
from chatkit.localcloud.core.runners import HttpServer
from chatkit.localcloud.entra import graph
from chatkit.localcloud.entra.codes import Codes
from chatkit.localcloud.entra.core import pages
from chatkit.localcloud.entra.core.identity_hosts import IdentityHosts
from chatkit.localcloud.entra.identity import PATH as IDENTITY_PATH
from chatkit.localcloud.entra.identity import IdentityEndpoint, ManagedIdentities
from chatkit.localcloud.entra.models import Directory
from chatkit.localcloud.entra.routes import Routes
from chatkit.localcloud.entra.tokens import Tokens
from chatkit.localcloud.recorded.clock import Clock

OWN_HOST = "this machine"
"""No resource has this for its id."""


class EntraService:
    """One tenant, served at `https://localhost:PORT/<tenant id>`.

    Attributes:
        directory: Applications, principals and users.
        tokens: Signs and checks tokens; `tokens.roles` knows who may do what.
        identities: Tokens of managed identities.
        identity_hosts: Which apps may ask for which of them.
        identity_endpoint: Where they ask.
        pages_origin: Plain-http origin of the sign-in pages and the managed identity endpoint.
    """

    def __init__(self, platform: Platform, clock: Clock | None = None) -> None:
        self._platform = platform
        self._clock = clock or Clock()
        self.directory = Directory(platform.store, self._clock)
        self._authority = f"https://localhost:{platform.listeners.reserve('entra')}"
        self._graph = f"https://localhost:{platform.listeners.reserve('graph')}"
        self.pages_origin = f"http://localhost:{platform.listeners.reserve('sign-in')}"
        self.tokens = Tokens(
            platform.store,
            tenant_id=self.directory.tenant_id,
            authority=self._authority,
            clock=self._clock,
        )
        self.identities = ManagedIdentities(self.directory, self.tokens)
        self.identity_hosts = IdentityHosts(platform.store)
        self.identity_endpoint = IdentityEndpoint(
            self.directory, self.identity_hosts, self.identities, platform.trace
        )
        own = self.directory.create_service_principal(self.directory.client_id)
        # Programs of the person ask for its tokens, as code does that runs in App Service.
        self._own = self.identity_hosts.put(OWN_HOST, system=own.id, assigned=())

    async def start(self) -> None:
        """Open the ports."""
        listeners = self._platform.listeners
        server = self._platform.certificates.server
        routes = Routes(
            self.directory, self.tokens, Codes(self._platform.store), self._platform.trace
        )
        endpoint = self.identity_endpoint.routes()
        sign_in = HttpServer(routes.pages(self.pages_origin, endpoint), refuse=pages.refuse)
        await listeners.open("sign-in", sign_in, port=_port(self.pages_origin))
        authority = HttpServer(routes.app(self._authority), refuse=routes.refuse)
        await listeners.open("entra", authority, port=_port(self._authority), tls=server)
        application = graph.Graph(
            self.directory, self.tokens, base_url=self._graph, clock=self._clock
        ).app()
        graph_server = HttpServer(application, refuse=graph.refuse)
        await listeners.open("graph", graph_server, port=_port(self._graph), tls=server)

    async def stop(self) -> None:
        """Close the ports."""
        for owner in ("graph", "entra", "sign-in"):
            await self._platform.listeners.close(owner)

    def endpoints(self) -> dict[str, str]:
        """What a client needs to sign in."""
        return {
            "authority": self._authority,
            "graph": self._graph,
            "tenant_id": self.directory.tenant_id,
            "client_id": self.directory.client_id,
            "client_secret": self.directory.client_secret,
            "identity_endpoint": f"{self.pages_origin}{IDENTITY_PATH}",
            "identity_header": self._own.header,
        }


def _port(url: str) -> int:
    return int(url.rpartition(":")[2])
