"""Shapes of what is kept and shown: resources, groups, times, and JSON passed on as it came."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, NotRequired, TypedDict

from chatkit.core.time import clock

# JSON whose shape the other side decides: request bodies, settings that are kept as they came, and
# rendered answers. Everything else has a type.
Json = Any
JsonObject = dict[str, Any]


class AssignedIdentity(TypedDict):
    """A user-assigned managed identity, as the resources show it that have it."""

    principalId: str
    clientId: str


class Identity(TypedDict):
    """The managed identities of a resource.

    The tenant and the principal are those of the system-assigned one; the others are by ARM id.
    """

    type: str
    tenantId: NotRequired[str]
    principalId: NotRequired[str]
    userAssignedIdentities: NotRequired[dict[str, AssignedIdentity]]


class SystemData(TypedDict):
    """Who made and changed a resource, and when."""

    createdBy: str
    createdByType: str
    createdAt: str
    lastModifiedBy: str
    lastModifiedByType: str
    lastModifiedAt: str


class Resource(TypedDict):
    """What every resource has; each type adds its own fields.

    `operation` is the id of the last long-running operation on it. It is never shown, and the
    times are shown only in lists that ask for them.
    """

    id: str
    name: str
    type: str
    location: str
    tags: dict[str, str]
    identity: NotRequired[Identity | None]
    operation: NotRequired[str]
    createdTime: NotRequired[str]
    changedTime: NotRequired[str]


HIDDEN = ("operation", "createdTime", "changedTime")


class Group(TypedDict):
    """A resource group; `operation` is the id of its running deletion."""

    id: str
    name: str
    type: str
    location: str
    tags: dict[str, str] | None
    managedBy: str | None
    operation: NotRequired[str]
    createdTime: NotRequired[str]
    changedTime: NotRequired[str]


def iso(seconds: float | None = None) -> str:
    """A time as Azure's documents have it, with seven digits: 2026-04-09T19:18:12.7866667Z.

    Args:
        seconds: Unix time; now without it.
    """
    if seconds is None:
        seconds = clock.wall()
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f") + "7Z"
