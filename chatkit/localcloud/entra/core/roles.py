"""Role assignments: who may do what at which scope.

Kept here so that every service can ask; Resource Manager edits them.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from chatkit.core.time import clock
from chatkit.core.time.propagation import REVOKED, ROLE
from chatkit.localcloud.core.store import Document, Store
from chatkit.localcloud.recorded.clock import Clock

ASSIGNMENTS = "role-assignments"


@dataclass(frozen=True)
class Role:
    """A built-in role.

    Attributes:
        id: Its GUID, the same in every tenant.
        name: Display name.
        actions: Allowed control-plane actions, with wildcards.
        not_actions: Taken off those.
        data_actions: Allowed data-plane actions.
    """

    id: str
    name: str
    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    data_actions: tuple[str, ...] = ()


_BLOBS = "Microsoft.Storage/storageAccounts/blobServices"
_SIGNALR = "Microsoft.SignalRService/SignalR"
_IDENTITIES = "Microsoft.ManagedIdentity/userAssignedIdentities"
# What the roles for managing one service allow besides that service.
_COMMON = (
    "Microsoft.Authorization/*/read",
    "Microsoft.Insights/alertRules/*",
    "Microsoft.Resources/subscriptions/resourceGroups/read",
    "Microsoft.Resources/deployments/*",
    "Microsoft.Support/*",
)
ROLES = {
    role.id: role
    for role in (
        Role("8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "Owner", ("*",)),
        Role(
            "b24988ac-6180-42a0-ab88-20f7382dd24c",
            "Contributor",
            ("*",),
            (
                "Microsoft.Authorization/*/Delete",
                "Microsoft.Authorization/*/Write",
                "Microsoft.Authorization/elevateAccess/Action",
            ),
        ),
        Role("acdd72a7-3385-48ef-bd42-f606fba81ae7", "Reader", ("*/read",)),
        Role(
            "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",
            "User Access Administrator",
            ("*/read", "Microsoft.Authorization/*"),
        ),
        Role(
            "de139f84-1756-47ae-9be6-808fbbe84772",
            "Website Contributor",
            (
                "Microsoft.Authorization/*/read",
                "Microsoft.Insights/alertRules/*",
                "Microsoft.Insights/components/*",
                "Microsoft.ResourceHealth/availabilityStatuses/read",
                "Microsoft.Resources/deployments/*",
                "Microsoft.Resources/subscriptions/resourceGroups/read",
                "Microsoft.Support/*",
                "Microsoft.Web/certificates/*",
                "Microsoft.Web/listSitesAssignedToHostName/read",
                "Microsoft.Web/serverFarms/join/action",
                "Microsoft.Web/serverFarms/read",
                "Microsoft.Web/sites/*",
            ),
        ),
        Role(
            "17d1049b-9a84-46fb-8f53-869881c3d3ab",
            "Storage Account Contributor",
            (
                "Microsoft.Authorization/*/read",
                "Microsoft.Insights/alertRules/*",
                "Microsoft.Insights/diagnosticSettings/*",
                "Microsoft.Network/virtualNetworks/subnets/joinViaServiceEndpoint/action",
                "Microsoft.ResourceHealth/availabilityStatuses/read",
                "Microsoft.Resources/deployments/*",
                "Microsoft.Resources/subscriptions/resourceGroups/read",
                "Microsoft.Storage/storageAccounts/*",
                "Microsoft.Support/*",
            ),
        ),
        Role(
            "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
            "Storage Blob Data Owner",
            (f"{_BLOBS}/containers/*", f"{_BLOBS}/generateUserDelegationKey/action"),
            (),
            (f"{_BLOBS}/containers/blobs/*",),
        ),
        Role(
            "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
            "Storage Blob Data Contributor",
            tuple(f"{_BLOBS}/containers/{verb}" for verb in ("read", "write", "delete"))
            + (f"{_BLOBS}/generateUserDelegationKey/action",),
            (),
            tuple(
                f"{_BLOBS}/containers/blobs/{verb}"
                for verb in ("read", "write", "delete", "move/action", "add/action")
            ),
        ),
        Role(
            "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
            "Storage Blob Data Reader",
            (f"{_BLOBS}/containers/read", f"{_BLOBS}/generateUserDelegationKey/action"),
            (),
            (f"{_BLOBS}/containers/blobs/read",),
        ),
        Role(
            "db58b8e5-c6ad-4a2a-8342-4190687cbf4a",
            "Storage Blob Delegator",
            (f"{_BLOBS}/generateUserDelegationKey/action",),
        ),
        Role("974c5e8b-45b9-4653-ba55-5f855dd0fb88", "Storage Queue Data Contributor"),
        Role("0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3", "Storage Table Data Contributor"),
        Role(
            "8cf5e20a-e4b2-4e9d-b3a1-5ceb692c2761",
            "SignalR/Web PubSub Contributor",
            ("Microsoft.SignalRService/*", *_COMMON),
        ),
        Role(
            "04165923-9d83-45d5-8227-78b77b0a687e",
            "SignalR AccessKey Reader",
            (
                "Microsoft.SignalRService/*/read",
                f"{_SIGNALR}/listkeys/action",
                "Microsoft.Authorization/*/read",
                "Microsoft.Resources/subscriptions/resourceGroups/read",
                "Microsoft.Support/*",
            ),
        ),
        Role(
            "7e4f1700-ea5a-4f59-8f37-079cfe29dce3",
            "SignalR Service Owner",
            (),
            (),
            (f"{_SIGNALR}/*",),
        ),
        Role(
            "420fcaa2-552c-430f-98ca-3264be4806c7",
            "SignalR App Server",
            (),
            (),
            (
                f"{_SIGNALR}/auth/accessKey/action",
                f"{_SIGNALR}/serverConnection/write",
                f"{_SIGNALR}/clientConnection/write",
            ),
        ),
        Role(
            "fd53cd77-2268-407a-8f46-7e7863d0f521",
            "SignalR REST API Owner",
            (),
            (),
            (
                f"{_SIGNALR}/auth/clientToken/action",
                *(f"{_SIGNALR}/{kind}/*" for kind in ("hub", "group", "clientConnection", "user")),
            ),
        ),
        Role(
            "ddde6b66-c0df-4114-a159-3618637b3035",
            "SignalR REST API Reader",
            (),
            (),
            tuple(f"{_SIGNALR}/{kind}/read" for kind in ("group", "clientConnection", "user")),
        ),
        Role(
            "e40ec5ca-96e0-45a2-b4ff-59039f2c2b59",
            "Managed Identity Contributor",
            (f"{_IDENTITIES}/read", f"{_IDENTITIES}/write", f"{_IDENTITIES}/delete", *_COMMON),
        ),
        Role(
            "f1a07417-d97a-45cb-824c-7a7467783830",
            "Managed Identity Operator",
            (f"{_IDENTITIES}/*/read", f"{_IDENTITIES}/*/assign/action", *_COMMON),
        ),
    )
}
BY_NAME = {role.name: role.id for role in ROLES.values()}


@dataclass(frozen=True)
class Assignment:
    """One role at one scope for one principal.

    Attributes:
        id: ARM id of the assignment.
        scope: ARM id of where it counts, and below.
        role_id: GUID of the role.
        principal_id: Object id.
        principal_type: "ServicePrincipal" or "User".
        created: Unix time.
        effective: Unix time from which it counts.
        description: Free text.
    """

    id: str
    scope: str
    role_id: str
    principal_id: str
    principal_type: str = "ServicePrincipal"
    created: float = 0.0
    effective: float = 0.0
    description: str = ""


class Roles:
    """All assignments of the subscription.

    Args:
        store: Keeps them.
        lateness: Which of them are known late; none by default.
    """

    def __init__(self, store: Store, lateness: Clock | None = None) -> None:
        self._store = store
        self._lateness = lateness or Clock()
        self._by_principal: dict[str, dict[str, Assignment]] = {}
        self._revoked: dict[str, Assignment] = {}
        for _, document in store.items(ASSIGNMENTS):
            self._index(Assignment(**document))

    def _index(self, assignment: Assignment) -> None:
        self._by_principal.setdefault(assignment.principal_id.lower(), {})[
            assignment.id.lower()
        ] = assignment

    def assign(self, assignment: Assignment) -> None:
        """Keep an assignment."""
        document: Document = dict(vars(assignment))
        key = assignment.id.lower()
        before = self._by_principal.get(assignment.principal_id.lower(), {}).get(key)
        self._store.put(ASSIGNMENTS, key, document)
        self._index(assignment)
        self._store.on_undo(lambda: self._take_back(assignment, before))

    def _take_back(self, assignment: Assignment, before: Assignment | None) -> None:
        if before is not None:
            self._index(before)
        else:
            self._by_principal[assignment.principal_id.lower()].pop(assignment.id.lower(), None)

    def remove(self, id_: str) -> Assignment | None:
        """Remove an assignment and return it."""
        document = self._store.get(ASSIGNMENTS, id_.lower())
        if document is None:
            return None
        self._store.delete(ASSIGNMENTS, id_.lower())
        assignment = Assignment(**document)
        self._by_principal[assignment.principal_id.lower()].pop(id_.lower(), None)
        self._store.on_undo(lambda: self._index(assignment))
        return assignment

    def give(self, assignment: Assignment) -> None:
        """Keep an assignment that counts late, as on Azure."""
        self.assign(assignment)
        self._lateness.begin(ROLE, assignment.id)

    def revoke(self, id_: str) -> Assignment | None:
        """Remove an assignment that may count on for a while, as on Azure, and return it."""
        is_known = not self._lateness.is_late(ROLE, id_)
        removed = self.remove(id_)
        if removed is not None and is_known:
            self._lateness.begin(REVOKED, id_)
            kept = {**self._revoked, id_.lower(): removed}
            self._revoked = {
                key: one for key, one in kept.items() if self._lateness.is_late(REVOKED, key)
            }
        return removed

    def remove_below(self, scope: str) -> None:
        """Remove the assignments of a deleted resource or group."""
        for assignment in self.all():
            if is_at(scope, assignment.scope):
                self.remove(assignment.id)

    def get(self, id_: str) -> Assignment | None:
        """The assignment with this id."""
        document = self._store.get(ASSIGNMENTS, id_.lower())
        if document is None:
            return None
        return Assignment(**document)

    def all(self) -> list[Assignment]:
        """Every assignment."""
        return [one for assignments in self._by_principal.values() for one in assignments.values()]

    def at(self, principal_id: str, scope: str) -> list[Assignment]:
        """A principal's assignments that count at a scope now."""
        return [one for one in self._counting(principal_id) if is_at(one.scope, scope)]

    def below(self, principal_id: str, scope: str) -> bool:
        """Say whether a principal has any role that counts now, at a scope or below it."""
        return any(is_at(scope, one.scope) for one in self._counting(principal_id))

    def _counting(self, principal_id: str) -> Iterator[Assignment]:
        """A principal's assignments that count now, those of a moment ago included."""
        now = clock.steady()
        principal = principal_id.lower()
        for one in self._by_principal.get(principal, {}).values():
            if one.effective <= now and not self._lateness.is_late(ROLE, one.id):
                yield one
        for one in self._revoked.values():
            is_own = one.principal_id.lower() == principal
            if is_own and self._lateness.is_late(REVOKED, one.id):
                yield one

    def allows(self, principal_id: str, scope: str, action: str, *, is_data: bool = False) -> bool:
        """Say whether a principal may do something.

        Args:
            principal_id: Object id from the token.
            scope: ARM id of the resource.
            action: For example
                "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/write".
            is_data: True for an action of a data plane.
        """
        return any(
            _grants(one.role_id, action.lower(), is_data) for one in self.at(principal_id, scope)
        )


@lru_cache(maxsize=4096)
def _grants(role_id: str, action: str, is_data: bool) -> bool:
    role = ROLES.get(role_id)
    if role is None:
        return False
    if is_data:
        return any(_covers(pattern, action) for pattern in role.data_actions)
    return any(_covers(pattern, action) for pattern in role.actions) and not any(
        _matches(pattern, action) for pattern in role.not_actions
    )


def _covers(pattern: str, action: str) -> bool:
    # "userAssignedIdentities/*/assign/action" allows "userAssignedIdentities/assign/action".
    return _matches(pattern, action) or _matches(pattern.replace("/*/", "/"), action)


def _matches(pattern: str, action: str) -> bool:
    return re.match(fnmatch.translate(pattern.lower()), action) is not None


def is_at(scope: str, id_: str) -> bool:
    """Say whether an ARM id is a scope itself, or lies below it."""
    upper = scope.lower().rstrip("/")
    lower = id_.lower().rstrip("/")
    return lower == upper or lower.startswith(upper + "/")
