"""Who a token or a role is about: people, service principals, managed identities."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, TypedDict

DOMAIN = "chatkit.onmicrosoft.example"


@dataclass(frozen=True)
class Principal:
    """Who a token is about.

    Attributes:
        id: Object id.
        kind: "User", "ServicePrincipal" or "ManagedIdentity".
        name: Display name.
        app_id: Application id; empty for users.
        resource_id: ARM id of the resource that a managed identity is, or belongs to; empty for
            others.
    """

    id: str
    kind: str
    name: str
    app_id: str = ""
    resource_id: str = ""

    @classmethod
    def stored(cls, document: Mapping[str, Any]) -> Principal:
        """A principal as the store has it; older homes have more about some."""
        names = [field.name for field in fields(cls) if field.name in document]
        return cls(**{name: str(document[name]) for name in names})

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
