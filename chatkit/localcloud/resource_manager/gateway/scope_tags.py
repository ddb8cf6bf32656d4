"""Microsoft.Resources/tags: the tags of a resource group or a resource, set without touching anything else of it."""

from __future__ import annotations

import re

from chatkit.localcloud.resource_manager.core import errors
from chatkit.localcloud.resource_manager.core.context import Context, properties, tags
from chatkit.localcloud.resource_manager.core.http import Answer, Call
from chatkit.localcloud.resource_manager.core.routing import GROUP, Route
from chatkit.localcloud.resource_manager.core.state import Document, Resources

TYPE = "Microsoft.Resources/tags"
TAIL = f"/providers/{TYPE}/default"


class ScopeTags:
    """Operations on the tags at a scope."""

    def __init__(self, context: Context) -> None:
        self._context = context

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
        _, document = self._tagged(call)
        return Answer(body=_shown(document))

    async def put(self, call: Call) -> Answer:
        """Replace all tags."""
        return Answer(body=_shown(await self._write(call, "Replace")))

    async def patch(self, call: Call) -> Answer:
        """Replace, merge or delete tags: `operation` says which."""
        return Answer(
            body=_shown(await self._write(call, str(call.required_body().get("operation") or "")))
        )

    async def delete(self, call: Call) -> Answer:
        """Remove all tags."""
        async with self._context.lock(_scope(call)):
            kept, document = self._tagged(call)
            kept.put({**document, "tags": {}})
        return Answer(200)

    async def _write(self, call: Call, operation: str) -> Document:
        given = tags(properties(call.required_body()))
        async with self._context.lock(_scope(call)):
            kept, document = self._tagged(call)
            self._context.group(call, for_write=True)
            found = document.get("tags") or {}
            wanted = {
                "replace": given,
                "merge": {**found, **given},
                "delete": {
                    name: value
                    for name, value in found.items()
                    if given.get(name, None) not in (value, "")
                },
            }.get(operation.lower())
            if wanted is None:
                raise errors.invalid_body(
                    "The property 'operation' must be one of Replace, Merge, Delete."
                )
            changed = {**document, "tags": tags({"tags": wanted})}
            kept.put(changed)
        return changed

    def _tagged(self, call: Call) -> tuple[Resources, Document]:
        """What the scope names, and where it is kept."""
        if "name" not in call.params:
            return self._context.groups, self._context.group(call)
        type_ = f"{call.params['namespace']}/{call.params['kind']}"
        return self._context.resources, self._context.resource(call, type_)


def _scope(call: Call) -> str:
    return re.split(r"(?i)/providers/microsoft\.resources/tags", call.path)[0]


def _shown(document: Document) -> Document:
    return {
        "id": f"{document['id']}{TAIL}",
        "name": "default",
        "type": TYPE,
        "properties": {"tags": document.get("tags") or {}},
    }
