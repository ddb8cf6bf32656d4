"""Who a token or a role is about: people, service principals, managed identities."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypedDict

DOMAIN = "chatkit.onmicrosoft.example"


@dataclass(frozen=True)
class Principal:
    """Who a token is about.

    Attributes:
        id: Object id.
        kind: "User", "ServicePrincipal" or "ManagedIdentity".
        name: Display name.
        app_id: Application id; empty for users.
        header: Secret with which an app asks the managed identity endpoint; empty for others.
    """

    id: str
    kind: str
    name: str
    app_id: str = ""
    header: str = field(default="", repr=False)

    @property
    def upn(self) -> str:
        """User principal name of a user."""
        if self.kind != "User" or "@" in self.name:
            return self.name
        return f"{self.name}@{DOMAIN}"


class AppRoleAssignment(TypedDict):
    """An application permission of Graph that a service principal has."""

    id: str
    principalId: str
    appRoleId: str
    createdDateTime: str
