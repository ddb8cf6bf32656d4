"""A resource type is one module: a subclass of `ResourceType` in the package `providers`.

It says what is its own: its name, api-versions, the rule for names, how a document comes from a
request, how it is shown, what its data plane is told. The rest is here, once: routes, refusals, one
change of a resource at a time, saving, undoing, deletion, recovery. `service.providers` finds them.
"""

from __future__ import annotations

import asyncio
import copy
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar, Generic, Literal, TypeVar, cast

from chatkit.localcloud.resource_manager.core import errors, identities, regions
from chatkit.localcloud.resource_manager.core.context import Context
from chatkit.localcloud.resource_manager.core.documents import HIDDEN, JsonObject, Resource
from chatkit.localcloud.resource_manager.core.http import Answer, Call, page, skip_token, tags
from chatkit.localcloud.resource_manager.core.operations import Operation
from chatkit.localcloud.resource_manager.core.routing import GROUP, SUB, Handler, Route

EXISTS = "Resources_CheckExistenceById"


class Provider(ABC):
    """Operations that Resource Manager serves. What a provider knows is in the context.

    Attributes:
        api_versions: The types it answers for, and the api-versions of each, newest first.
    """

    api_versions: ClassVar[Mapping[str, tuple[str, ...]]] = {}

    def __init__(self, context: Context) -> None:
        self.context = context

    @abstractmethod
    def routes(self) -> list[Route]:
        """Its operations."""


D = TypeVar("D", bound=Resource)


class ResourceType(Provider, Generic[D]):
    """One type of resource, kept as documents of the shape `D`.

    Attributes:
        type: Its name, for example "Microsoft.Storage/storageAccounts".
        depends_on: Types that its resources stand on: they are removed later and recovered before.
        registration: Whether the subscription must be registered for its namespace before a
            resource is created, is registered by that, or need not be.
        name_pattern: What a resource may be called.
        name_rule: The same as a sentence.
        is_name_global: Whether a name is taken for all groups once one of them uses it.
        max_tag_name: How many characters the name of a tag may have.
        created_status: HTTP status of a PUT that has made a resource.
        operation_group: First part of its operations' names in Azure's definitions.
        operation_names: Second part, where it is not the usual one.
    """

    type: ClassVar[str]
    depends_on: ClassVar[tuple[str, ...]] = ()
    registration: ClassVar[Literal["required", "on use", "free"]] = "required"
    name_pattern: ClassVar[re.Pattern[str]]
    name_rule: ClassVar[str]
    is_name_global: ClassVar[bool] = False
    max_tag_name: ClassVar[int] = 512
    created_status: ClassVar[int] = 201
    operation_group: ClassVar[str]
    operation_names: ClassVar[Mapping[str, str]] = {}

    # What a type says for itself --------------------------------------------------------------

    @abstractmethod
    def new(self, call: Call, body: JsonObject) -> D:
        """The document of a resource that a PUT creates; begin it with `envelope`.

        Raises:
            ArmError: The body asks for what the type does not take.
        """

    def replace(self, call: Call, body: JsonObject, old: D) -> D:
        """The document after a PUT of a resource that exists: as new, under its first id."""
        document = self.new(call, body)
        document["id"] = old["id"]
        document["name"] = old["name"]
        return document

    def update(self, call: Call, body: JsonObject, document: D) -> None:
        """Change a copy of the document as a PATCH asks for: the tags."""
        if "tags" in body:
            document["tags"] = tags(body, max_name=self.max_tag_name)

    def render(self, document: D) -> JsonObject:
        """What a GET shows."""
        return {name: value for name, value in document.items() if name not in HIDDEN}

    def headers(self, document: D) -> dict[str, str]:
        """Headers of an answer that shows a resource."""
        return {}

    def check_conditions(self, call: Call, old: D | None) -> None:
        """Refuse a PUT or PATCH whose conditions (If-Match) do not hold."""

    def check_removable(self, document: D) -> None:
        """Refuse to delete a resource that others stand on."""

    def prepare(self, document: D) -> None:
        """Reserve what the resource needs, for example its port, before it is written."""

    async def apply(self, document: D) -> None:
        """Bring the data plane to what the document says."""

    def release(self, document: D) -> None:
        """Give back what `prepare` reserved; in the transaction that deletes the document."""

    async def take_down(self, document: D) -> None:
        """Remove a deleted resource from the data plane."""

    async def recover(self, document: D) -> None:
        """Bring the data plane back after a restart."""
        await self.apply(document)

    def invalid_name(self, name: str) -> errors.ArmError:
        """The refusal of a name that does not fit the pattern."""
        message = f"The name '{name}' is not valid. {self.name_rule}"
        return errors.service_error(400, "InvalidResourceName", message, target="name")

    @classmethod
    def name_taken(cls, name: str) -> errors.ArmError:
        """The refusal of a name that is in use."""
        message = f"The name '{name}' is already taken. Please try a different name."
        return errors.service_error(409, "NameAlreadyExists", message, target="name")

    def location_changed(self, old: D, wanted: str) -> errors.ArmError:
        """The refusal to move a resource."""
        group = old["id"].split("/")[4]
        return errors.ArmError(
            409,
            "InvalidResourceLocation",
            f"The resource '{old['name']}' already exists in location '{old['location']}' in"
            f" resource group '{group}'. A resource with the same name cannot be created in"
            f" location '{wanted}'. Please select a new resource name.",
        )

    def quota(self, body: JsonObject, location: str) -> regions.Quota | None:
        """What a new resource in a region (its short name) counts for; None for nothing."""
        return None

    # Operations -------------------------------------------------------------------------------

    def routes(self) -> list[Route]:
        """Create, get, list, update, delete, check existence; a type adds its own."""
        many = f"{GROUP}/providers/{self.type}"
        one = many + "/{name}"
        table: list[tuple[str, str, Handler, str]] = [
            ("GET", f"{SUB}/providers/{self.type}", self.list_all, "List"),
            ("GET", many, self.list_all, "ListByResourceGroup"),
            ("GET", one, self.get, "Get"),
            ("PUT", one, self.put, "CreateOrUpdate"),
            ("PATCH", one, self.patch, "Update"),
            ("DELETE", one, self.delete, "Delete"),
        ]
        made = [Route("HEAD", one, self.exists, self.type, EXISTS)]
        for method, template, handler, usual in table:
            name = f"{self.operation_group}_{self.operation_names.get(usual, usual)}"
            made.append(Route(method, template, handler, self.type, name))
        return made

    async def list_all(self, call: Call) -> Answer:
        """Resources of a group or the subscription."""
        prefix = ""
        known = self.context.listed(call)
        if "group" in call.params:
            prefix = self.context.group(call)["id"] + "/"
        keys = known.keys(type_=self.type, prefix=prefix, after=skip_token(call))

        def entry(key: str) -> JsonObject | None:
            document = cast("D | None", known.get(key))
            if document is None or not self.context.may_read(call, document):
                return None
            return self.render(document)

        return page(call, keys, entry)

    async def exists(self, call: Call) -> Answer:
        """204 or 404, without a body."""
        return Answer(404 if self.find(call) is None else 204)

    async def get(self, call: Call) -> Answer:
        """One resource."""
        return self.answer(self.one(call))

    async def put(self, call: Call) -> Answer:
        """Create or replace a resource."""
        self.context.group(call, for_write=True)
        if self.registration != "free":
            on_use = self.registration == "on use"
            self.context.registrations.check(self.namespace(), on_use=on_use)
        body = call.typed_body(self.type)
        async with self.locked(call):
            old = self.find(call)
            self.check_conditions(call, old)
            if old is None:
                self.check_name(call.params["name"])
                document = self.new(call, body)
            else:
                self.check_location(body, old)
                document = self.replace(call, body, old)
            return await self.finish_put(call, document, old)

    async def patch(self, call: Call) -> Answer:
        """Change some properties of a resource."""
        self.context.group(call, for_write=True)
        body = call.typed_body(self.type)
        async with self.locked(call):
            old = self.one(call)
            self.check_conditions(call, old)
            document = copy.deepcopy(old)
            self.update(call, body, document)
            return await self.finish_patch(call, document, old)

    async def delete(self, call: Call) -> Answer:
        """Delete a resource. It waits for a PUT that runs: the resource is gone after both."""
        self.context.group(call)
        async with self.locked(call):
            document = self.find(call)
            if document is None:
                return self.nothing_to_delete(call)
            self.check_removable(document)
            return await self.finish_delete(call, document)

    # How each ends, where a type answers in its own way; all of them run under the lock --------

    async def finish_put(self, call: Call, document: D, old: D | None) -> Answer:
        """Save and answer a PUT."""
        await self.save(document, old)
        return self.answer(document, status=self.created_status if old is None else 200)

    async def finish_patch(self, call: Call, document: D, old: D) -> Answer:
        """Save and answer a PATCH."""
        await self.save(document, old)
        return self.answer(document)

    async def finish_delete(self, call: Call, document: D) -> Answer:
        """Remove and answer a DELETE."""
        await self.remove(document)
        return Answer(200)

    def nothing_to_delete(self, call: Call) -> Answer:
        """The answer to a DELETE of what is not there."""
        return Answer(204)

    # Documents --------------------------------------------------------------------------------

    @classmethod
    def namespace(cls) -> str:
        """The first part of its name, as "Microsoft.Storage"."""
        return cls.type.partition("/")[0]

    def locked(self, call: Call) -> asyncio.Lock:
        """One change of the call's resource at a time."""
        return self.context.locks.of(self.context.resource_id(call, self.type))

    def find(self, call: Call) -> D | None:
        """The call's resource, if it is there."""
        return self.stored(self.context.resource_id(call, self.type))

    def stored(self, id_: str) -> D | None:
        """The resource of this type with an id, if it is there."""
        return cast("D | None", self.context.resources.get(id_))

    def one(self, call: Call) -> D:
        """The call's resource.

        Raises:
            ArmError: The group or the resource does not exist.
        """
        return cast(D, self.context.resource(call, self.type))

    def all(self) -> list[D]:
        """Every resource of this type."""
        return [cast(D, document) for document in self.context.resources.all(type_=self.type)]

    def envelope(self, call: Call, body: JsonObject) -> Resource:
        """What every new document begins with: id, name, type, location, tags."""
        return {
            "id": self.context.resource_id(call, self.type),
            "name": call.params["name"],
            "type": self.type,
            "location": regions.location(body.get("location"), self.type),
            "tags": tags(body, max_name=self.max_tag_name),
        }

    def answer(self, document: D, status: int = 200) -> Answer:
        """An answer that shows a resource."""
        return Answer(status, self.render(document), self.headers(document))

    def check_name(self, name: str) -> None:
        """Refuse a name that does not fit or is taken."""
        if not self.name_pattern.fullmatch(name):
            raise self.invalid_name(name)
        if self.is_name_global and self.is_taken(name):
            raise self.name_taken(name)

    def is_taken(self, name: str) -> bool:
        """Say whether a resource of this type in any group has this name."""
        if self.context.faults.standing("name-taken") is not None:
            return True
        return self.context.has_name(self.type, name)

    def check_location(self, body: JsonObject, old: D) -> None:
        """Refuse a location that is not the resource's own; it may be left out."""
        if "location" not in body:
            return
        if regions.location(body["location"], self.type) != old["location"]:
            raise self.location_changed(old, body["location"])

    # State ------------------------------------------------------------------------------------

    async def save(self, document: D, old: D | None) -> None:
        """Write a document, then bring the data plane to it; when that fails, undo both."""
        with self.context.commit():
            self._write(document, old)
        await self._apply_or_undo(document, old)

    def _write(self, document: D, old: D | None) -> None:
        self.prepare(document)
        identities.settle(self.context.directory, document, old)
        self.context.resources.put(document)

    async def begin(self, kind: str, document: D, old: D | None) -> Operation:
        """Save a document as a long-running operation.

        Args:
            kind: As in `durations.RECORDED`, for example "signalr.create".
            document: What to write.
            old: What was there.
        """
        with self.context.commit():
            operation = self.context.operations.begin(kind, document["id"])
            document["operation"] = operation.id
            self._write(document, old)
        try:
            await self._apply_or_undo(document, old)
        except Exception:
            message = "It could not be started."
            with self.context.commit(from_reserve=True):
                self.context.operations.finish(
                    operation, {"code": "InternalServerError", "message": message}
                )
            raise
        return operation

    async def _apply_or_undo(self, document: D, old: D | None) -> None:
        try:
            await self.apply(document)
        except Exception:
            with self.context.commit(from_reserve=True):
                if old is None:
                    self._forget(document)
                else:
                    identities.settle(self.context.directory, old, document)
                    self.context.resources.put(old)
            raise

    async def remove(self, document: D) -> None:
        """Delete a resource: what is kept about it in one transaction, then its data plane.

        The caller holds the lock.
        """
        with self.context.commit(from_reserve=True):
            self._forget(document)
        self.context.note_deleted(document, is_name_global=self.is_name_global)
        await self.take_down(document)

    async def begin_removal(self, kind: str, document: D) -> Operation:
        """Delete a resource as a long-running operation of this kind; else as `remove`."""
        with self.context.commit(from_reserve=True):
            operation = self.context.operations.begin(kind, document["id"])
            self._forget(document)
        self.context.note_deleted(document, is_name_global=self.is_name_global)
        await self.take_down(document)
        return operation

    async def remove_with_group(self, id_: str) -> None:
        """Delete a resource of a group that is being deleted, if it is still there."""
        async with self.context.locks.of(id_):
            document = self.stored(id_)
            if document is not None:
                await self.remove(document)

    def _forget(self, document: D) -> None:
        self.context.roles.remove_below(document["id"])
        self.context.resources.delete(document["id"])
        identities.settle(self.context.directory, None, document)
        self.release(document)
