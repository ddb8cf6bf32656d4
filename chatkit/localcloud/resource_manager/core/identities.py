"""Managed identities of resources.

A system-assigned one is a principal of the tenant and lives as long as its resource.
"""

from __future__ import annotations

import uuid

from chatkit.localcloud.entra.models import Directory
from chatkit.localcloud.resource_manager.core import errors
from chatkit.localcloud.resource_manager.core.documents import JsonObject, Resource


def identify(directory: Directory, document: Resource, given: JsonObject | None) -> None:
    """Give a document the identity that a request asks for, keep the one it has, or remove it.

    `settle` brings the tenant to what the document says, when that is written.

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
            "principalId": str(uuid.uuid4()),
        }
    elif kind == "none" and has:
        document["identity"] = None


def settle(directory: Directory, document: Resource | None, old: Resource | None) -> None:
    """Make the principal of a resource that is written now, and remove that of the one before.

    Call it in the transaction that writes the document.
    """
    wanted = principal_id(document)
    had = principal_id(old)
    if had and had != wanted:
        directory.delete_identity(had)
    if document is not None and wanted and wanted != had:
        directory.create_identity(document["name"], wanted)


def principal_id(document: Resource | None) -> str:
    """Object id of a resource's identity; empty without one, or without a resource."""
    identity = document.get("identity") if document is not None else None
    return identity["principalId"] if identity else ""
