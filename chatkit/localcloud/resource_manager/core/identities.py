"""Managed identities of resources.

A system-assigned one is a principal of the tenant and lives as long as its resource. User-assigned
ones are resources of their own, which several resources may have.
"""

from __future__ import annotations

import uuid
from typing import TypedDict, cast

from chatkit.localcloud.entra.models import Directory
from chatkit.localcloud.resource_manager.core import errors
from chatkit.localcloud.resource_manager.core.context import Context
from chatkit.localcloud.resource_manager.core.documents import (
    AssignedIdentity,
    Identity,
    Json,
    JsonObject,
    Resource,
)
from chatkit.localcloud.resource_manager.core.http import Call
from chatkit.localcloud.resource_manager.core.type_names import USER_ASSIGNED_IDENTITIES

SYSTEM = "SystemAssigned"
USER = "UserAssigned"
KINDS = {SYSTEM.lower(): SYSTEM, USER.lower(): USER}


class UserAssignedProperties(TypedDict):
    """Who a user-assigned identity is in the tenant."""

    tenantId: str
    principalId: str
    clientId: str


class UserAssignedIdentity(Resource):
    """A user-assigned identity as it is kept."""

    properties: UserAssignedProperties


def identify(
    context: Context, call: Call, document: Resource, given: Json, *, only_one: bool = False
) -> None:
    """Give a document the identities that a request asks for, keep those it has, or remove them.

    `settle` brings the tenant to what the document says, when that is written.

    Args:
        context: Knows the tenant and the resources.
        call: A PATCH changes the user-assigned identities that it names; other calls replace all.
        document: What is going to be written.
        given: The request's `identity`.
        only_one: Whether the type takes one identity at most, as SignalR Service does.

    Raises:
        ArmError: A kind that there is not, or an identity that is not there or not the caller's to
            assign.
    """
    wanted = given if isinstance(given, dict) else {}
    kinds = _kinds(wanted)
    identity: Identity = {"type": ", ".join(kinds)}
    if SYSTEM in kinds:
        identity["tenantId"] = context.directory.tenant_id
        identity["principalId"] = principal_id(document) or str(uuid.uuid4())
    if USER in kinds:
        identity["userAssignedIdentities"] = _assigned(context, call, document, wanted)
    if only_one and len(all_principals(identity)) > 1:
        message = "The resource supports one managed identity, system-assigned or user-assigned."
        raise errors.invalid_property(message, target="identity")
    if kinds:
        document["identity"] = identity
    elif document.get("identity"):
        document["identity"] = None


def _kinds(given: JsonObject) -> list[str]:
    text = str(given.get("type") or "None")
    names = [name.strip().lower() for name in text.split(",")]
    if names == ["none"]:
        return []
    if not set(names) <= set(KINDS):
        message = f"The identity type '{text}' is not None, SystemAssigned or UserAssigned."
        raise errors.invalid_property(message, target="identity.type")
    return [KINDS[name] for name in KINDS if name in names]


def _assigned(
    context: Context, call: Call, document: Resource, given: JsonObject
) -> dict[str, AssignedIdentity]:
    """The user-assigned identities after a call: those it names with null go."""
    named = given.get("userAssignedIdentities") or {}
    if not isinstance(named, dict):
        raise errors.invalid_body(
            "The property 'identity.userAssignedIdentities' must be an object."
        )
    found: dict[str, AssignedIdentity] = {}
    if call.method == "PATCH":
        found = dict(assigned(document))
    for id_, value in named.items():
        for same in [known for known in found if known.lower() == id_.lower()]:
            del found[same]
        if value is not None:
            found[id_] = _user_assigned(context, call, id_)
    if not found:
        message = "The identity type 'UserAssigned' needs at least one identity."
        raise errors.invalid_property(message, target="identity.userAssignedIdentities")
    return found


def _user_assigned(context: Context, call: Call, id_: str) -> AssignedIdentity:
    kept = context.resources.get(id_)
    if kept is None or kept["type"] != USER_ASSIGNED_IDENTITIES:
        raise errors.ArmError(
            400,
            "FailedIdentityOperation",
            f"Identity operation failed: the resource '{id_}' was not found.",
        )
    context.check_linked(call, kept["id"], f"{USER_ASSIGNED_IDENTITIES}/assign/action")
    about = cast(UserAssignedIdentity, kept)["properties"]
    return {"principalId": about["principalId"], "clientId": about["clientId"]}


def settle(directory: Directory, document: Resource | None, old: Resource | None) -> None:
    """Make the principal of a resource that is written now, and remove that of the one before.

    Call it in the transaction that writes the document.
    """
    wanted = principal_id(document)
    had = principal_id(old)
    if had and had != wanted:
        directory.delete_identity(had)
    if document is not None and wanted and wanted != had:
        directory.create_identity(document["name"], wanted, resource_id=document["id"])


def principal_id(document: Resource | None) -> str:
    """Object id of a resource's system-assigned identity; empty without one."""
    identity = document.get("identity") if document is not None else None
    return identity.get("principalId", "") if identity else ""


def assigned(document: Resource) -> dict[str, AssignedIdentity]:
    """A resource's user-assigned identities, by ARM id."""
    identity = document.get("identity")
    return identity.get("userAssignedIdentities", {}) if identity else {}


def all_principals(identity: Identity | None) -> list[str]:
    """Object ids of all identities of a resource, the system-assigned one first."""
    if not identity:
        return []
    users = identity.get("userAssignedIdentities", {}).values()
    found = [identity.get("principalId", ""), *(one["principalId"] for one in users)]
    return [one for one in found if one]
