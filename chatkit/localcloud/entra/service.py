"""Ports and lifecycle of the local Entra ID and its minimal Microsoft Graph."""

from __future__ import annotations

from chatkit.localcloud.entra.models import Directory
from chatkit.localcloud.entra.routes import Routes
from chatkit.localcloud.entra.tokens import Tokens
from chatkit.localcloud.platform import Platform


class EntraService:
    """One tenant, served at `https://localhost:PORT/<tenant id>`.

    Attributes:
        directory: Applications, principals and users.
        tokens: Signs and checks tokens.
    """

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self.directory = Directory(platform.store)
        self.tokens = Tokens(platform.store, tenant_id=self.directory.tenant_id)
        self._authority = f"https://localhost:{platform.listeners.reserve('entra')}"
        self._graph = f"https://localhost:{platform.listeners.reserve('graph')}"
        self.tokens.set_authority(self._authority)

    async def start(self) -> None:
        """Open the ports."""
        app = Routes(self.directory, self.tokens, self._platform.trace).app(self._authority)
        port = int(self._authority.rpartition(":")[2])
        await self._platform.listeners.open("entra", app, port=port, tls=self._platform.certificates.server)

    async def stop(self) -> None:
        """Close the ports."""
        await self._platform.listeners.close("entra")

    def endpoints(self) -> dict[str, str]:
        """What a client needs to sign in."""
        return {
            "authority": self._authority,
            "graph": self._graph,
            "tenant_id": self.directory.tenant_id,
            "client_id": self.directory.client_id,
            "client_secret": self.directory.client_secret,
        }
