"""Microsoft.Resources/tags: the tags of a group or a resource, set without touching the rest."""

from __future__ import annotations

from typing import ClassVar

from chatkit.localcloud.resource_manager.core import errors
from chatkit.localcloud.resource_manager.core.context import Context
from chatkit.localcloud.resource_manager.core.documents import Group, JsonObject, Resource
from chatkit.localcloud.resource_manager.core.http import (
    Answer,
    Call,
    properties,
    tags,
    with_tags,
)
from chatkit.localcloud.resource_manager.core.provider import Provider
from chatkit.localcloud.resource_manager.core.registry import Registry
from chatkit.localcloud.resource_manager.core.routing import GROUP, Route
from chatkit.localcloud.resource_manager.gateway.subscriptions import VERSIONS

TYPE = "Microsoft.Resources/tags"
TAIL = f"/providers/{TYPE}/default"


class ScopeTags(Provider):
    """Operations on the tags at a scope."""

    api_versions: ClassVar = {TYPE: VERSIONS}

    def __init__(self, context: Context, registry: Registry) -> None:
        super().__init__(context)
        self._registry = registry

    def routes(self) -> list[Route]:
        """The operations, for groups and for resources."""
        made: list[Route] = []
        for scope in (GROUP, GROUP + "/providers/{namespace}/{kind}/{name}"):
            made += [
                Route("GET", scope + TAIL, self.get, TYPE, "Tags_GetAtScope"),
                Route("PUT", scope + TAIL, self.put, TYPE, "Tags_CreateOrUpdateAtScope"),
                Route("PATCH", scope + TAIL, self.patch, TYPE, "Tags_UpdateAtScope"),
                Route("DELETE", scope + TAIL, self.delete, TYPE, "Tags_DeleteAtScope"),
            ]
        return made

    async def get(self, call: Call) -> Answer:
        """The tags."""
        return Answer(body=_shown(self._tagged(call)))

    async def put(self, call: Call) -> Answer:
        """Replace all tags."""
        return Answer(body=_shown(await self._write(call, "replace")))

    async def patch(self, call: Call) -> Answer:
        """Replace, merge or delete tags: `operation` says which."""
        operation = str(call.required_body().get("operation") or "")
        return Answer(body=_shown(await self._write(call, operation.lower())))

    async def delete(self, call: Call) -> Answer:
        """Remove all tags."""
        async with self.context.locks.of(self._tagged(call)["id"]):
            self._save(call, {})
        return Answer(200)

    async def _write(self, call: Call, operation: str) -> Group | Resource:
        max_name = self._registry.max_tag_name(self._type(call))
        given = tags(properties(call.required_body()), max_name=max_name)
        async with self.context.locks.of(self._tagged(call)["id"]):
            kept = self._tagged(call)["tags"] or {}
            self.context.group(call, for_write=True)
            changed = tags({"tags": _changed(kept, given, operation)}, max_name=max_name)
            return self._save(call, changed)

    def _tagged(self, call: Call) -> Group | Resource:
        """What the scope names."""
        if "name" not in call.params:
            return self.context.group(call)
        return self._resource(call)

    def _type(self, call: Call) -> str:
        """The type of the resource that the scope names; empty for a group."""
        if "name" not in call.params:
            return ""
        return f"{call.params['namespace']}/{call.params['kind']}"

    def _resource(self, call: Call) -> Resource:
        return self.context.resource(call, self._type(call))

    def _save(self, call: Call, changed: dict[str, str]) -> Group | Resource:
        if "name" not in call.params:
            group: Group = {**self.context.group(call), "tags": changed}
            self.context.groups.put(group)
            return group
        resource: Resource = {**self._resource(call), "tags": changed}
        self.context.resources.put(resource)
        return resource


def _changed(kept: dict[str, str], given: dict[str, str], operation: str) -> dict[str, str]:
    if operation == "replace":
        return given
    if operation == "merge":
        return with_tags(kept, given)
    if operation == "delete":
        # A tag is named by its value, too; an empty value stands for any.
        named = {name.lower(): text for name, text in given.items()}
        return {n: text for n, text in kept.items() if named.get(n.lower()) not in (text, "")}
    raise errors.invalid_body("The property 'operation' must be one of Replace, Merge, Delete.")


def _shown(document: Group | Resource) -> JsonObject:
    return {
        "id": f"{document['id']}{TAIL}",
        "name": "default",
        "type": TYPE,
        "properties": {"tags": document["tags"] or {}},
    }
