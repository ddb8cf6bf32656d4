"""What every resource provider works with, and the steps that all of them share."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlencode

from chatkit.localcloud.core.platform import Platform
from chatkit.localcloud.entra.models import Directory
from chatkit.localcloud.functions.host.spec import FunctionInfo, SiteSpec
from chatkit.localcloud.resource_manager.core import errors, regions
from chatkit.localcloud.resource_manager.core.clock import Clock, iso
from chatkit.localcloud.resource_manager.core.faults import Faults
from chatkit.localcloud.resource_manager.core.http import Answer, Call
from chatkit.localcloud.resource_manager.core.operations import Operation, Operations
from chatkit.localcloud.resource_manager.core.state import GROUPS, Document, Resources
from chatkit.localcloud.signalr.core.spec import InstanceSpec
from chatkit.localcloud.storage.state.spec import (
    AccountSpec,
    ContainerSettings,
    CorsRule,
    StaticWebsite,
)

PAGE_SIZE = 200
MAX_TAGS = 50
# Nearly every subscription has used these before; clients that do not register for themselves rely on it.
REGISTERED_ON_USE = {"Microsoft.Storage", "Microsoft.Web"}


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

    def web_endpoint(self, name: str) -> str:
        """URL of an account's static website."""

    def get_website(self, name: str) -> Any:
        """The static website setting."""

    def set_website(self, name: str, website: StaticWebsite) -> Any:
        """Change the static website setting."""

    def get_cors(self, name: str) -> list[CorsRule]:
        """The blob service's cross-origin rules."""

    def set_cors(self, name: str, rules: list[CorsRule]) -> None:
        """Replace the cross-origin rules."""

    def create_container(self, account: str, container: str) -> Any:
        """Create a container."""

    def get_container(self, account: str, container: str) -> ContainerSettings | None:
        """A container's own properties; None when there is none."""

    def set_container(
        self, account: str, container: str, *, public: str | None, metadata: dict[str, str] | None
    ) -> None:
        """Change a container's public access or metadata."""

    def list_containers(self, account: str) -> Any:
        """The containers' names."""

    def delete_container(self, account: str, container: str) -> Any:
        """Delete a container."""


class FunctionsPlane(Protocol):
    """The Functions data plane."""

    async def apply(self, spec: SiteSpec) -> None:
        """Create or update a site."""

    async def remove(self, name: str) -> None:
        """Take a site down with its code."""

    async def restart(self, name: str) -> None:
        """Restart the app."""

    def list_functions(self, name: str) -> list[FunctionInfo]:
        """What the host has indexed."""

    def deployments(self, name: str) -> list[Document]:
        """Records of a site's deployments, newest first."""

    async def sync_triggers(self, name: str) -> None:
        """Index again."""


@dataclass
class Context:
    """State and neighbours of the resource providers."""

    platform: Platform
    directory: Directory
    subscription_id: str
    signalr: SignalRPlane
    storage: StoragePlane
    functions: FunctionsPlane
    clock: Clock
    operations: Operations
    resources: Resources
    groups: Resources
    faults: Faults
    base_url: str = ""
    identity_endpoint: str = ""
    locks: dict[str, asyncio.Lock] = field(default_factory=dict)
    on_remove: dict[str, Callable[[Document], Any]] = field(default_factory=dict)
    remove_roles: Callable[[str], None] = lambda scope: None

    @classmethod
    def load(
        cls,
        platform: Platform,
        directory: Directory,
        subscription_id: str,
        *,
        signalr: SignalRPlane,
        storage: StoragePlane,
        functions: FunctionsPlane,
    ) -> Context:
        """Read what the store has."""
        store = platform.store
        clock = Clock.load(store)
        return cls(
            platform,
            directory,
            subscription_id,
            signalr,
            storage,
            functions,
            clock,
            Operations(store, clock),
            Resources(store),
            Resources(store, GROUPS),
            Faults(store),
        )

    @contextmanager
    def commit(self) -> Iterator[None]:
        """Make several writes one."""
        with self.platform.store.transaction():
            yield

    def forget(self, document: Document) -> None:
        """Delete a resource's document and the role assignments at it."""
        with self.commit():
            self.remove_roles(document["id"])
            self.resources.delete(document["id"])

    def lock(self, id_: str) -> asyncio.Lock:
        """One change of a resource at a time."""
        return self.locks.setdefault(id_.lower(), asyncio.Lock())

    # Ids and lookups --------------------------------------------------------------------------------------------------

    def check_subscription(self, call: Call) -> None:
        """Refuse a subscription that is not ours."""
        subscription = call.params.get("subscription", self.subscription_id)
        if subscription.lower() != self.subscription_id:
            raise errors.subscription_not_found(subscription)

    def group_id(self, name: str) -> str:
        """Id of a resource group."""
        return f"/subscriptions/{self.subscription_id}/resourceGroups/{name}"

    def group(self, call: Call, *, for_write: bool = False) -> Document:
        """The call's resource group.

        Raises:
            ArmError: It does not exist; it is being deleted and the call wants to write.
        """
        name = call.params["group"]
        document = self.groups.get(self.group_id(name))
        if document is None:
            raise errors.group_not_found(name)
        if for_write and document.get("operation"):
            raise errors.ArmError(
                409,
                "ResourceGroupBeingDeleted",
                f"The resource group '{document['name']}' is in deprovisioning state and cannot perform this operation.",
            )
        return document

    def resource_id(self, call: Call, type_: str) -> str:
        """Id of the call's resource (placeholder {name}), with the group's stored casing."""
        group = self.groups.get(self.group_id(call.params["group"]))
        name = group["name"] if group else call.params["group"]
        return f"{self.group_id(name)}/providers/{type_}/{call.params['name']}"

    def resource(self, call: Call, type_: str) -> Document:
        """The call's resource.

        Raises:
            ArmError: The group or the resource does not exist.
        """
        document = self.resources.get(self.resource_id(call, type_))
        if document is None:
            self.group(call)
            raise errors.resource_not_found(f"{type_}/{call.params['name']}", call.params["group"])
        return document

    def check_registered(self, namespace: str) -> None:
        """Refuse work for a provider that the subscription is not registered for."""
        kept = self.platform.store.get("registrations", namespace.lower())
        if kept is None and namespace in REGISTERED_ON_USE:
            kept = {"state": "Registered", "until": 0.0}
            self.platform.store.put("registrations", namespace.lower(), kept)
        if kept is None or kept["state"] != "Registered" and kept.get("until", 0) > Clock.now():
            raise errors.not_registered(namespace)

    def is_taken(self, type_: str, name: str) -> bool:
        """Say whether a name that must be unique in the world is in use."""
        return (
            bool(self.resources.named(type_, name))
            or self.faults.standing("name-taken") is not None
        )

    # Parts of documents -----------------------------------------------------------------------------------------------

    def new(self, call: Call, type_: str, body: Document) -> Document:
        """A document for a resource that is to be created: id, name, type, location, tags."""
        return {
            "id": self.resource_id(call, type_),
            "name": call.params["name"],
            "type": type_,
            "location": regions.location(body.get("location"), type_),
            "tags": tags(body),
        }

    def system_data(self, call: Call, old: Document | None = None) -> Document:
        """Who made and changed a resource, and when."""
        now, kind = (
            iso(),
            "Application" if call.claims and call.claims.raw.get("idtyp") == "app" else "User",
        )
        created = (old or {}).get("systemData") or {
            "createdBy": call.actor,
            "createdByType": kind,
            "createdAt": now,
        }
        changed = {"lastModifiedBy": call.actor, "lastModifiedByType": kind, "lastModifiedAt": now}
        return {**created, **changed}

    def is_pending(self, document: Document) -> bool:
        """True while the resource's last operation runs."""
        operation = (
            self.operations.get(document.get("operation", ""))
            if document.get("operation")
            else None
        )
        return operation is not None and not operation.is_done

    def polling(self, call: Call, operation: Operation, path: str) -> tuple[str, str]:
        """Azure-AsyncOperation and Location URLs under a resource's id."""
        query = urlencode(
            {
                "api-version": call.api_version,
                "t": int(operation.started * 1e7),
                "c": operation.id[:8],
            }
        )
        base = f"{call.base_url}{path}"
        return (
            f"{base}/operationStatuses/{operation.id}?{query}",
            f"{base}/operationResults/{operation.id}?{query}",
        )


def tags(body: Document) -> dict[str, str]:
    """The body's tags.

    Raises:
        ArmError: Too many, or not text.
    """
    given = body.get("tags") or {}
    if not isinstance(given, dict) or any(not isinstance(value, str) for value in given.values()):
        raise errors.invalid_body("The property 'tags' must be an object of strings.")
    if len(given) > MAX_TAGS:
        raise errors.ArmError(
            400, "InvalidTags", f"At most {MAX_TAGS} tags are allowed, {len(given)} were given."
        )
    if any(len(name) > 512 or len(value) > 256 for name, value in given.items()):
        raise errors.ArmError(
            400,
            "InvalidTagNameLength",
            "A tag name has at most 512 characters, a tag value at most 256.",
        )
    return {str(name): value for name, value in given.items()}


def properties(body: Document) -> Document:
    """The body's `properties` object; an absent one is empty."""
    given = body.get("properties") or {}
    if not isinstance(given, dict):
        raise errors.invalid_body("The property 'properties' must be an object.")
    return given


def page(call: Call, keys: Iterator[str], render: Callable[[str], Any]) -> Answer:
    """One page of a list, with an absolute nextLink when there is more.

    Args:
        call: Its $top and $skiptoken count.
        keys: All keys; already started behind `skip_token(call)`.
        render: Makes the list entry for a key; None leaves it out.
    """
    top = call.query.get("$top", "")
    limit = min(int(top), PAGE_SIZE) if top.isdecimal() and int(top) else PAGE_SIZE
    values: list[Any] = []
    last = ""
    for key in keys:
        if len(values) == limit:
            token = base64.urlsafe_b64encode(last.encode()).decode()
            query = {**call.query, "$skiptoken": token}
            return Answer(
                body={"value": values, "nextLink": f"{call.base_url}{call.path}?{urlencode(query)}"}
            )
        value = render(key)
        if value is not None:
            values.append(value)
        last = key
    return Answer(body={"value": values})


def skip_token(call: Call) -> str:
    """The key behind which the asked-for page starts.

    Raises:
        ArmError: The token is none of ours.
    """
    token = call.query.get("$skiptoken", "")
    try:
        return base64.urlsafe_b64decode(token.encode()).decode()
    except ValueError:
        raise errors.ArmError(
            400, "InvalidSkipToken", "The provided skip token is invalid."
        ) from None
