"""Resource groups, and the generic list of resources."""

from __future__ import annotations

import asyncio
import base64
import logging
import re
from typing import ClassVar
from urllib.parse import urlencode

from chatkit.localcloud.resource_manager.core import errors, regions
from chatkit.localcloud.resource_manager.core.context import Context
from chatkit.localcloud.resource_manager.core.documents import Group, JsonObject, Resource
from chatkit.localcloud.resource_manager.core.http import Answer, Call, page, skip_token, tags
from chatkit.localcloud.resource_manager.core.operations import Operation
from chatkit.localcloud.resource_manager.core.provider import Provider
from chatkit.localcloud.resource_manager.core.registry import Registry
from chatkit.localcloud.resource_manager.core.routing import SUB, Route
from chatkit.localcloud.resource_manager.core.state import (
    DEPLOYMENT_OPERATIONS,
    TEMPLATE_DEPLOYMENTS,
)
from chatkit.localcloud.resource_manager.core.type_names import RESOURCE_GROUPS
from chatkit.localcloud.resource_manager.gateway import filters
from chatkit.localcloud.resource_manager.gateway.subscriptions import VERSIONS

log = logging.getLogger("chatkit.local.arm")
RESOURCES = "Microsoft.Resources/resources"
NAME = re.compile(r"^[-\w._()]{1,90}$")
GROUP_FILTERS = ("tagName", "tagValue")
RESOURCE_FILTERS = ("tagName", "tagValue", "resourceType", "name", "location", "resourceGroup")
SHOWN = ("id", "name", "type", "sku", "kind", "location", "identity", "tags")
STATES = {"create": "Creating", "delete": "Deleting"}
RETRY_AFTER_S = 15  # recorded


class Groups(Provider):
    """Operations on resource groups."""

    api_versions: ClassVar = {RESOURCE_GROUPS: VERSIONS, RESOURCES: VERSIONS}

    def __init__(self, context: Context, registry: Registry) -> None:
        super().__init__(context)
        self._registry = registry
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def routes(self) -> list[Route]:
        """The operations."""
        many = SUB + "/resourceGroups"
        one = many + "/{group}"
        poll = SUB + "/operationresults/{operation}"
        in_group = "Resources_ListByResourceGroup"
        polling = "ResourceGroups_Delete (polling)"
        return [
            Route("GET", many, self.list_all, RESOURCE_GROUPS, "ResourceGroups_List"),
            Route("HEAD", one, self.exists, RESOURCE_GROUPS, "ResourceGroups_CheckExistence"),
            Route("GET", one, self.get, RESOURCE_GROUPS, "ResourceGroups_Get"),
            Route("PUT", one, self.put, RESOURCE_GROUPS, "ResourceGroups_CreateOrUpdate"),
            Route("PATCH", one, self.patch, RESOURCE_GROUPS, "ResourceGroups_Update"),
            Route("DELETE", one, self.delete, RESOURCE_GROUPS, "ResourceGroups_Delete"),
            Route("GET", poll, self.poll, RESOURCE_GROUPS, polling, needs_role=False),
            Route("GET", one + "/resources", self.resources, RESOURCES, in_group),
            Route("GET", SUB + "/resources", self.resources, RESOURCES, "Resources_List"),
        ]

    async def list_all(self, call: Call) -> Answer:
        """Every group, or those with a tag."""
        asked = filters.wanted(call, GROUP_FILTERS)

        def entry(key: str) -> JsonObject | None:
            document = self.context.cached_groups.get(key)
            if document is None or not filters.has_tag(document["tags"], asked):
                return None
            if not self.context.may_read(call, document):
                return None
            return self._render(document)

        return page(call, self.context.cached_groups.keys(after=skip_token(call)), entry)

    async def exists(self, call: Call) -> Answer:
        """204 or 404, without a body."""
        found = self.context.groups.get(self.context.group_id(call.params["group"]))
        return Answer(404 if found is None else 204)

    async def get(self, call: Call) -> Answer:
        """One group."""
        return Answer(body=self._render(self.context.group(call)))

    async def put(self, call: Call) -> Answer:
        """Create a group, or replace its tags."""
        name = call.params["group"]
        if not NAME.fullmatch(name) or name.endswith("."):
            raise errors.ArmError(
                400,
                "InvalidResourceGroup",
                f"The provided resource group name '{name}' has these invalid characters or form:"
                " it must have 1 to 90 letters, digits, '_', '(', ')', '-' or '.', and must not end"
                " with '.'.",
            )
        body = call.typed_body(RESOURCE_GROUPS)
        location = regions.location(body.get("location"), RESOURCE_GROUPS)
        document: Group = {
            "id": self.context.group_id(name),
            "name": name,
            "type": RESOURCE_GROUPS,
            "location": location,
            "tags": tags(body) if "tags" in body else None,
            "managedBy": body.get("managedBy"),
        }
        old = self.context.groups.get(document["id"])
        if old is not None:
            self.context.group(call, for_write=True)
            _check_location(old, location)
            document["id"] = old["id"]
            document["name"] = old["name"]
        self.context.groups.put(document)
        await self.context.clock.wait("group.put")
        return Answer(201 if old is None else 200, self._render(document))

    async def patch(self, call: Call) -> Answer:
        """Replace a group's tags."""
        document = self.context.group(call, for_write=True)
        body = call.typed_body(RESOURCE_GROUPS)
        if "tags" in body:
            document["tags"] = tags(body)
            self.context.groups.put(document)
        return Answer(body=self._render(document))

    async def delete(self, call: Call) -> Answer:
        """Delete a group with everything in it; answered at once, polled at Location."""
        document = self.context.group(call)
        operation = self.context.operations.get(document.get("operation", ""))
        if operation is None:
            with self.context.commit(from_reserve=True):
                operation = self.context.operations.begin(
                    "group.delete", document["id"], is_open=True
                )
                self.context.groups.put({**document, "operation": operation.id})
            self._start_removal(operation)
        token = base64.urlsafe_b64encode(operation.id.encode()).decode().rstrip("=")
        query = urlencode({"api-version": call.api_version, "t": int(operation.started * 1e7)})
        subscription = f"{call.base_url}/subscriptions/{self.context.subscription_id}"
        return self._accepted(f"{subscription}/operationresults/{token}?{query}")

    async def poll(self, call: Call) -> Answer:
        """202 until the group is gone, then 200; both without a body."""
        operation = self.context.operations.get(_decoded(call.params["operation"]))
        if operation is None:
            raise errors.operation_not_found()
        task = self._tasks.get(operation.id)
        if task is not None and not task.done():
            await asyncio.wait({task}, timeout=5)
            operation = self.context.operations.get(operation.id) or operation
        if operation.is_done:
            return Answer(200)
        return self._accepted(f"{call.base_url}{call.path}?{urlencode(call.query)}")

    def _accepted(self, location: str) -> Answer:
        seconds = self.context.clock.retry_after_s(RETRY_AFTER_S)
        return Answer(202, headers={"Location": location, "Retry-After": str(seconds)})

    async def resources(self, call: Call) -> Answer:
        """Resources of every type, in a group or the subscription, as short entries."""
        prefix = ""
        if "group" in call.params:
            prefix = self.context.group(call)["id"] + "/"
        asked = filters.wanted(call, RESOURCE_FILTERS)

        def entry(key: str) -> JsonObject | None:
            document = self.context.cached_resources.get(key)
            if document is None or not _fits(document, asked):
                return None
            if not self.context.may_read(call, document):
                return None
            return {**_short(document), **self._expanded(document, expand)}

        expand = [part.strip().lower() for part in call.query.get("$expand", "").split(",")]
        type_ = asked.get("resourceType", "")
        known = self.context.cached_resources
        keys = known.keys(type_=type_, prefix=prefix, after=skip_token(call))
        return page(call, keys, entry)

    def _expanded(self, document: Resource, names: list[str]) -> JsonObject:
        """What a list shows of a resource only when it is asked to."""
        found: JsonObject = {
            "createdTime": document.get("createdTime"),
            "changedTime": document.get("changedTime"),
            "provisioningState": self._state(document),
        }
        return {name: value for name, value in found.items() if name.lower() in names and value}

    def _state(self, document: Resource) -> str:
        operation = self.context.operations.running(document)
        if operation is None:
            return "Succeeded"
        return STATES.get(operation.kind.rpartition(".")[2], "Updating")

    # Removal ----------------------------------------------------------------------------------

    def resume(self) -> None:
        """Go on with deletions that a stop of the local cloud cut off."""
        for operation in self.context.operations.open():
            if operation.kind == "group.delete":
                self._start_removal(operation)

    async def finish(self) -> None:
        """Stop running deletions; the next start resumes them."""
        tasks = [*self._tasks.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _start_removal(self, operation: Operation) -> None:
        task = asyncio.get_running_loop().create_task(self._remove(operation))
        self._tasks[operation.id] = task
        task.add_done_callback(lambda _: self._tasks.pop(operation.id, None))

    async def _remove(self, operation: Operation) -> None:
        context = self.context
        try:
            await self._remove_resources(operation.resource_id)
        except Exception:
            log.exception("deleting a resource group failed")
            message = "A resource of the group could not be deleted."
            group = context.groups.get(operation.resource_id)
            with context.commit(from_reserve=True):
                if group:
                    context.groups.put({**group, "operation": ""})
                context.operations.finish(
                    operation, {"code": "InternalServerError", "message": message}
                )
            return
        if operation.ends > context.clock.now():
            await asyncio.sleep(operation.ends - context.clock.now())
        group = context.groups.get(operation.resource_id)
        with context.commit(from_reserve=True):
            context.roles.remove_below(operation.resource_id)
            for collection in (TEMPLATE_DEPLOYMENTS, DEPLOYMENT_OPERATIONS):
                context.platform.store.delete_all(collection, operation.resource_id.lower() + "/")
            context.groups.delete(operation.resource_id)
            context.operations.finish(operation)
        if group is not None:
            context.cached_groups.note_deleted(group)

    async def _remove_resources(self, group_id: str) -> None:
        """Remove what the group holds, dependents first.

        The ids of running changes count, too: a PUT that began before the deletion may have
        written nothing yet. New ones are refused from now on.
        """
        for type_ in self._registry.removal_order:
            ids = {
                *self.context.resources.keys(type_=type_.type, prefix=group_id + "/"),
                *self.context.locks.held_below(f"{group_id}/providers/{type_.type}"),
            }
            for id_ in sorted(ids):
                await type_.remove_with_group(id_)

    def _render(self, document: Group) -> JsonObject:
        state = "Deleting" if document.get("operation") else "Succeeded"
        body: JsonObject = {
            "id": document["id"],
            "name": document["name"],
            "type": RESOURCE_GROUPS,
            "location": document["location"],
            "properties": {"provisioningState": state},
        }
        if document["tags"] is not None:
            body["tags"] = document["tags"]
        if document["managedBy"]:
            body["managedBy"] = document["managedBy"]
        return body


def _check_location(old: Group, location: str) -> None:
    if old["location"] != location:
        raise errors.ArmError(
            409,
            "InvalidResourceGroupLocation",
            f"Invalid resource group location '{location}'. The Resource group already exists in"
            f" location '{old['location']}'.",
        )


def _fits(document: Resource, asked: filters.Wanted) -> bool:
    if not filters.has_tag(document["tags"], asked):
        return False
    found = {
        "name": document["name"],
        "location": document["location"],
        "resourceGroup": document["id"].split("/")[4],
    }
    return all(
        asked[name].lower() == value.lower() for name, value in found.items() if name in asked
    )


def _short(document: Resource) -> JsonObject:
    every: JsonObject = {**document}
    short = {name: every[name] for name in SHOWN if every.get(name) is not None}
    if not isinstance(short.get("sku", {}), dict):  # a site's sku is that of its plan
        del short["sku"]
    return short


def _decoded(token: str) -> str:
    padding = "=" * (-len(token) % 4)
    try:
        return base64.urlsafe_b64decode(token + padding).decode()
    except ValueError:
        return ""
