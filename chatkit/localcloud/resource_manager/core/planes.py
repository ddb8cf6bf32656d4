"""The data planes as Resource Manager sees them: what it tells them and what it asks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from chatkit.localcloud.functions.host.spec import FunctionInfo, SiteSpec
from chatkit.localcloud.resource_manager.core.documents import JsonObject
from chatkit.localcloud.signalr.core.spec import InstanceSpec
from chatkit.localcloud.storage.state.spec import (
    AccountSpec,
    ContainerSettings,
    CorsRule,
    StaticWebsite,
)


class SignalRPlane(Protocol):
    """The SignalR data plane."""

    async def apply(self, spec: InstanceSpec) -> None:
        """Create or update an instance."""

    async def remove(self, name: str) -> None:
        """Take an instance down."""


class StoragePlane(Protocol):
    """The storage data plane."""

    async def apply(self, spec: AccountSpec) -> None:
        """Create or update an account."""

    def forget(self, name: str) -> None:
        """Delete what is stored about an account; part of the caller's transaction."""

    async def remove(self, name: str) -> None:
        """Delete an account with its data."""

    def blob_endpoint(self, name: str) -> str:
        """URL of an account's blob service."""

    def suffix(self) -> str:
        """What stands behind `ACCOUNT.blob.` in an account's address by host name."""

    def web_endpoint(self, name: str) -> str:
        """URL of an account's static website."""

    def get_website(self, name: str) -> StaticWebsite:
        """The static website setting."""

    def set_website(self, name: str, setting: StaticWebsite) -> None:
        """Change the static website setting."""

    def get_cors(self, name: str) -> list[CorsRule]:
        """The blob service's cross-origin rules."""

    def set_cors(self, name: str, rules: list[CorsRule]) -> None:
        """Replace the cross-origin rules."""

    def create_container(self, account: str, container: str) -> None:
        """Create a container."""

    def get_container(self, account: str, container: str) -> ContainerSettings | None:
        """A container's own properties; None when there is none."""

    def set_container(
        self, account: str, container: str, *, public: str | None, metadata: dict[str, str] | None
    ) -> None:
        """Change a container's public access or metadata."""

    def list_containers(self, account: str) -> list[str]:
        """The containers' names."""

    def delete_container(self, account: str, container: str) -> None:
        """Delete a container."""


class FunctionsPlane(Protocol):
    """The Functions data plane."""

    async def apply(self, spec: SiteSpec) -> None:
        """Create or update a site."""

    def forget(self, name: str) -> None:
        """Delete what is stored about a site; part of the caller's transaction."""

    async def remove(self, name: str) -> None:
        """Take a site down with its code."""

    async def restart(self, name: str) -> None:
        """Restart the app."""

    def list_functions(self, name: str) -> list[FunctionInfo]:
        """What the host has indexed."""

    def deployments(self, name: str) -> list[JsonObject]:
        """Records of a site's deployments, newest first."""

    def deployment_log(self, name: str, deployment_id: str) -> list[JsonObject]:
        """The lines of a deployment's build log."""

    async def sync_triggers(self, name: str) -> None:
        """Index again."""


@dataclass(frozen=True)
class Planes:
    """The three data planes."""

    signalr: SignalRPlane
    storage: StoragePlane
    functions: FunctionsPlane
