"""What every provider works with, and how a call finds its group and its resource."""

from __future__ import annotations

import uuid
from contextlib import AbstractContextManager
from dataclasses import dataclass

from chatkit.core.time.propagation import NAME
from chatkit.localcloud.core.platform import Platform
from chatkit.localcloud.core.store import Store
from chatkit.localcloud.entra.core.identity_hosts import IdentityHosts
from chatkit.localcloud.entra.core.roles import Roles
from chatkit.localcloud.entra.models import Directory
from chatkit.localcloud.recorded.clock import Clock
from chatkit.localcloud.resource_manager.core import errors
from chatkit.localcloud.resource_manager.core.documents import Group, Resource
from chatkit.localcloud.resource_manager.core.faults import Faults
from chatkit.localcloud.resource_manager.core.http import Call
from chatkit.localcloud.resource_manager.core.operations import Operations
from chatkit.localcloud.resource_manager.core.planes import Planes
from chatkit.localcloud.resource_manager.core.registrations import Registrations
from chatkit.localcloud.resource_manager.core.state import (
    GROUPS,
    RESOURCES,
    Cached,
    Documents,
    Locks,
)
from chatkit.localcloud.resource_manager.core.type_names import RESOURCE_GROUPS


@dataclass(frozen=True)
class Endpoints:
    """Addresses that answers name.

    Attributes:
        resource_manager: Of this service.
        authority: Where people and clients sign in.
        graph: Of Microsoft Graph.
        identity: Where an app with a managed identity asks for tokens.
    """

    resource_manager: str
    authority: str
    graph: str
    identity: str


@dataclass(frozen=True)
class Context:
    """State and neighbours of the providers."""

    platform: Platform
    directory: Directory
    roles: Roles
    identity_hosts: IdentityHosts
    planes: Planes
    endpoints: Endpoints
    subscription_id: str
    clock: Clock
    operations: Operations
    registrations: Registrations
    resources: Documents[Resource]
    groups: Documents[Group]
    cached_resources: Cached[Resource]
    cached_groups: Cached[Group]
    faults: Faults
    locks: Locks

    @classmethod
    def load(
        cls,
        platform: Platform,
        directory: Directory,
        roles: Roles,
        planes: Planes,
        endpoints: Endpoints,
        *,
        clock: Clock,
    ) -> Context:
        """Read what the store has."""
        store = platform.store
        resources: Documents[Resource] = Documents(store, RESOURCES)
        groups: Documents[Group] = Documents(store, GROUPS)
        return cls(
            platform=platform,
            directory=directory,
            roles=roles,
            identity_hosts=IdentityHosts(store),
            planes=planes,
            endpoints=endpoints,
            subscription_id=_subscription_id(store),
            clock=clock,
            operations=Operations(store, clock),
            registrations=Registrations(store, clock),
            resources=resources,
            groups=groups,
            cached_resources=Cached(resources, clock),
            cached_groups=Cached(groups, clock),
            faults=Faults(store),
            locks=Locks(),
        )

    def commit(self, *, from_reserve: bool = False) -> AbstractContextManager[None]:
        """Make several writes one; see `Store.transaction`."""
        return self.platform.store.transaction(from_reserve=from_reserve)

    def check_subscription(self, call: Call) -> None:
        """Refuse a subscription that is not ours."""
        subscription = call.params.get("subscription", self.subscription_id)
        if subscription.lower() != self.subscription_id:
            raise errors.subscription_not_found(subscription)

    def may_read(self, call: Call, document: Resource | Group) -> bool:
        """Say whether a list shows an entry to its reader: they need a role for each."""
        if call.claims is None:
            return False
        action = f"{document['type']}/read"
        if document["type"] == RESOURCE_GROUPS:
            action = "Microsoft.Resources/subscriptions/resourceGroups/read"
        return self.roles.allows(call.claims.oid, document["id"], action)

    def listed(self, call: Call) -> Documents[Resource] | Cached[Resource]:
        """What lists of one type show: a group's asks the provider, a subscription's a cache."""
        return self.resources if "group" in call.params else self.cached_resources

    def note_deleted(self, document: Resource, *, is_name_global: bool) -> None:
        """Let lists show a resource, and its name be taken, for a while, as on Azure."""
        self.cached_resources.note_deleted(document)
        if is_name_global:
            self.clock.begin(NAME, f"{document['type']}/{document['name']}")

    def has_name(self, type_: str, name: str) -> bool:
        """Say whether a resource of a type has this name, or had it a moment ago."""
        if self.clock.is_late(NAME, f"{type_}/{name}"):
            return True
        return bool(self.resources.named(type_, name))

    def check_linked(self, call: Call, id_: str, action: str) -> None:
        """Refuse a call whose body names a resource that the caller may not use.

        Raises:
            ArmError: 403 LinkedAuthorizationFailed.
        """
        if call.claims is not None and not self.roles.allows(call.claims.oid, id_, action):
            name = call.claims.appid or call.claims.name
            raise errors.linked_forbidden(name, call.claims.oid, action, id_)

    def group_id(self, name: str) -> str:
        """Id of a resource group."""
        return f"/subscriptions/{self.subscription_id}/resourceGroups/{name}"

    def group(self, call: Call, *, for_write: bool = False) -> Group:
        """The call's resource group.

        Raises:
            ArmError: It does not exist; it is being deleted and the call wants to write.
        """
        name = call.params["group"]
        document = self.groups.get(self.group_id(name))
        if document is None:
            raise errors.group_not_found(name)
        if for_write and document.get("operation"):
            raise errors.group_being_deleted(document["name"])
        return document

    def resource_id(self, call: Call, type_: str) -> str:
        """Id of the call's resource (placeholder {name}), with the group's stored casing."""
        name = call.params["group"]
        group = self.groups.get(self.group_id(name))
        if group is not None:
            name = group["name"]
        return f"{self.group_id(name)}/providers/{type_}/{call.params['name']}"

    def resource(self, call: Call, type_: str) -> Resource:
        """The call's resource.

        Raises:
            ArmError: The group or the resource does not exist.
        """
        document = self.resources.get(self.resource_id(call, type_))
        if document is None:
            self.group(call)
            raise errors.resource_not_found(f"{type_}/{call.params['name']}", call.params["group"])
        return document


def _subscription_id(store: Store) -> str:
    kept = store.get("resource-manager", "subscription")
    if kept is None:
        kept = {"id": str(uuid.uuid4())}
        store.put("resource-manager", "subscription", kept)
    return str(kept["id"])
