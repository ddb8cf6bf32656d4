"""Managed identities of resources.

A system-assigned one is a principal of the tenant and lives as long as its resource.
"""

from __future__ import annotations

from chatkit.localcloud.entra.models import Directory
from chatkit.localcloud.resource_manager.core import errors
from chatkit.localcloud.resource_manager.core.documents import JsonObject, Resource


def identify(directory: Directory, document: Resource, given: JsonObject | None) -> None:
    """Give a resource the identity that a request asks for, keep the one it has, or remove it.

    Raises:
        ArmError: A user-assigned identity is asked for.
    """
    kind = str((given or {}).get("type") or "None").lower().replace(" ", "")
    if kind not in ("none", "systemassigned"):
        raise errors.not_implemented("A user-assigned identity", "system-assigned identities")
    has = principal_id(document)
    if kind == "systemassigned" and not has:
        document["identity"] = {
            "type": "SystemAssigned",
            "tenantId": directory.tenant_id,
            "principalId": directory.create_identity(document["name"]),
        }
    elif kind == "none" and has:
        forget(directory, document)
        document["identity"] = None


def forget(directory: Directory, document: Resource) -> None:
    """Remove a resource's principal from the tenant; nothing happens when it has none."""
    has = principal_id(document)
    if has:
        directory.delete_identity(has)


def principal_id(document: Resource) -> str:
    """Object id of a resource's identity; empty without one."""
    identity = document.get("identity")
    return identity["principalId"] if identity else ""
