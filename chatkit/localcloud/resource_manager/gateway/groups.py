"""Resource groups, and the generic list of resources."""

from __future__ import annotations

import asyncio
import base64
import logging
import re
from urllib.parse import urlencode

from chatkit.localcloud.entra.roles import Roles
from chatkit.localcloud.resource_manager.core import errors, regions
from chatkit.localcloud.resource_manager.core.context import Context, page, skip_token, tags
from chatkit.localcloud.resource_manager.core.http import Answer, Call
from chatkit.localcloud.resource_manager.core.operations import Operation
from chatkit.localcloud.resource_manager.core.routing import SUB, Route
from chatkit.localcloud.resource_manager.core.state import Document

log = logging.getLogger("chatkit.local.arm")
TYPE = "Microsoft.Resources/resourceGroups"
CHECK = "Resources_CheckExistenceById"
TRACKED = (
    "Microsoft.SignalRService/SignalR",
    "Microsoft.Storage/storageAccounts",
    "Microsoft.Web/serverFarms",
    "Microsoft.Web/sites",
    "Microsoft.Insights/components",
)
NAME = re.compile(r"^[-\w._()]{1,90}$")
FILTER = re.compile(r"(?i)tagName eq '([^']*)'(?: and tagValue eq '([^']*)')?")
TYPE_FILTER = re.compile(r"(?i)resourceType eq '([^']*)'")
# Sites before their plan and their storage account: nothing is ever seen without what it stands on.
REMOVAL_ORDER = (
    "microsoft.web/sites",
    "microsoft.web/serverfarms",
    "microsoft.signalrservice/signalr",
)


class Groups:
    """Operations on resource groups."""

    def __init__(self, context: Context, roles: Roles) -> None:
        self._context = context
        self._roles = roles
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def routes(self) -> list[Route]:
        """The operations."""
        one, many = SUB + "/resourceGroups/{group}", SUB + "/resourceGroups"
        return [
            Route("GET", many, self.list_all, TYPE, "ResourceGroups_List"),
            Route("HEAD", one, self.exists, TYPE, "ResourceGroups_CheckExistence"),
            Route("GET", one, self.get, TYPE, "ResourceGroups_Get"),
            Route("PUT", one, self.put, TYPE, "ResourceGroups_CreateOrUpdate"),
            Route("PATCH", one, self.patch, TYPE, "ResourceGroups_Update"),
            Route("DELETE", one, self.delete, TYPE, "ResourceGroups_Delete"),
            Route(
                "GET",
                SUB + "/operationresults/{operation}",
                self.poll,
                TYPE,
                "ResourceGroups_Delete (polling)",
            ),
            Route(
                "GET",
                one + "/resources",
                self.resources,
                "Microsoft.Resources/resources",
                "Resources_ListByResourceGroup",
            ),
            *(
                Route(
                    "HEAD", f"{one}/providers/{type_}/{{name}}", self.resource_exists, type_, CHECK
                )
                for type_ in TRACKED
            ),
            Route(
                "GET",
                SUB + "/resources",
                self.resources,
                "Microsoft.Resources/resources",
                "Resources_List",
            ),
        ]

    async def list_all(self, call: Call) -> Answer:
        """Every group, or those with a tag."""
        wanted = FILTER.search(call.query.get("$filter", ""))

        def render(key: str) -> Document | None:
            document = self._context.groups.get(key)
            if document is None or wanted and not _has_tag(document, wanted[1], wanted[2]):
                return None
            return self._render(document)

        return page(call, self._context.groups.keys(after=skip_token(call)), render)

    async def exists(self, call: Call) -> Answer:
        """204 or 404, without a body."""
        found = self._context.groups.get(self._context.group_id(call.params["group"]))
        return Answer(204 if found else 404)

    async def resource_exists(self, call: Call) -> Answer:
        """204 or 404 for a resource, without a body."""
        found = self._context.resources.get(
            self._context.group_id(call.params["group"]) + "/providers/" + _type_and_name(call)
        )
        return Answer(204 if found else 404)

    async def get(self, call: Call) -> Answer:
        """One group."""
        return Answer(body=self._render(self._context.group(call)))

    async def put(self, call: Call) -> Answer:
        """Create a group, or replace its tags."""
        name = call.params["group"]
        if not NAME.match(name) or name.endswith("."):
            raise errors.ArmError(
                400,
                "InvalidResourceGroup",
                f"The provided resource group name '{name}' has these invalid characters or form: it must have 1 to 90 letters,"
                " digits, '_', '(', ')', '-' or '.', and must not end with '.'.",
            )
        body = call.required_body()
        location = regions.location(body.get("location"), TYPE)
        old = self._context.groups.get(self._context.group_id(name))
        if old is not None:
            self._context.group(call, for_write=True)
            if old["location"] != location:
                raise errors.ArmError(
                    409,
                    "InvalidResourceGroupLocation",
                    f"Invalid resource group location '{location}'. The Resource group already exists in location"
                    f" '{old['location']}'.",
                )
        document = {
            "id": old["id"] if old else self._context.group_id(name),
            "name": old["name"] if old else name,
            "type": TYPE,
            "location": location,
            "tags": tags(body) if "tags" in body else None,
            "managedBy": body.get("managedBy"),
        }
        self._context.groups.put(document)
        await self._context.clock.wait("group.put")
        return Answer(200 if old else 201, self._render(document))

    async def patch(self, call: Call) -> Answer:
        """Replace a group's tags."""
        document = self._context.group(call, for_write=True)
        body = call.required_body()
        if "tags" in body:
            document["tags"] = tags(body)
            self._context.groups.put(document)
        return Answer(body=self._render(document))

    async def delete(self, call: Call) -> Answer:
        """Delete a group with everything in it; answered at once, polled at Location."""
        document = self._context.group(call)
        operation = self._context.operations.get(document.get("operation") or "")
        if operation is None:
            with self._context.commit():
                operation = self._context.operations.begin(
                    "group.delete", document["id"], is_open=True
                )
                self._context.groups.put({**document, "operation": operation.id})
            self._start_removal(operation)
        token = base64.urlsafe_b64encode(operation.id.encode()).decode().rstrip("=")
        query = urlencode({"api-version": call.api_version, "t": int(operation.started * 1e7)})
        url = f"{call.base_url}/subscriptions/{self._context.subscription_id}/operationresults/{token}?{query}"
        return Answer(
            202,
            headers={"Location": url, "Retry-After": str(self._context.clock.retry_after_s(15))},
        )

    async def poll(self, call: Call) -> Answer:
        """202 until the group is gone, then 200; both without a body."""
        operation = self._context.operations.get(_decoded(call.params["operation"]))
        if operation is None:
            raise errors.ArmError(404, "OperationNotFound", "The operation could not be found.")
        task = self._tasks.get(operation.id)
        if task is not None and not task.done():
            await asyncio.wait({task}, timeout=5)
            operation = self._context.operations.get(operation.id) or operation
        if operation.is_done:
            return Answer(200)
        headers = {"Location": f"{call.base_url}{call.path}?{urlencode(call.query)}"}
        return Answer(
            202, headers={**headers, "Retry-After": str(self._context.clock.retry_after_s(15))}
        )

    async def resources(self, call: Call) -> Answer:
        """Resources of every type, in a group or the subscription, as short entries."""
        prefix = ""
        if "group" in call.params:
            prefix = self._context.group(call)["id"] + "/"
        text = call.query.get("$filter", "")
        tag, kind = FILTER.search(text), TYPE_FILTER.search(text)

        def render(key: str) -> Document | None:
            document = self._context.resources.get(key)
            if document is None or tag and not _has_tag(document, tag[1], tag[2]):
                return None
            return _short(document)

        keys = self._context.resources.keys(
            type_=kind[1] if kind else "", prefix=prefix, after=skip_token(call)
        )
        return page(call, keys, render)

    # Removal ----------------------------------------------------------------------------------------------------------

    def resume(self) -> None:
        """Go on with deletions that a stop of the local cloud cut off."""
        for operation in self._context.operations.open():
            if operation.kind == "group.delete":
                self._start_removal(operation)

    async def finish(self) -> None:
        """Let running deletions come to an end of their step before the ports close."""
        for task in [*self._tasks.values()]:
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    def _start_removal(self, operation: Operation) -> None:
        task = asyncio.get_running_loop().create_task(self._remove(operation))
        self._tasks[operation.id] = task
        task.add_done_callback(lambda _: self._tasks.pop(operation.id, None))

    async def _remove(self, operation: Operation) -> None:
        context = self._context
        documents = [*context.resources.all(prefix=operation.resource_id + "/")]
        documents.sort(key=lambda document: _rank(document["type"].lower()))
        try:
            for document in documents:
                await context.on_remove[document["type"].lower()](document)
        except Exception:
            log.exception("deleting a resource group failed")
            error = {
                "code": "InternalServerError",
                "message": "A resource of the group could not be deleted.",
            }
            group = context.groups.get(operation.resource_id)
            with context.commit():
                if group:
                    context.groups.put({**group, "operation": ""})
                context.operations.finish(operation, error)
            return
        if operation.ends > context.clock.now():
            await asyncio.sleep(operation.ends - context.clock.now())
        with context.commit():
            self._roles.remove_below(operation.resource_id)
            context.groups.delete(operation.resource_id)
            context.operations.finish(operation)

    def _render(self, document: Document) -> Document:
        state = "Deleting" if document.get("operation") else "Succeeded"
        body = {
            "id": document["id"],
            "name": document["name"],
            "type": TYPE,
            "location": document["location"],
            "properties": {"provisioningState": state},
        }
        if document.get("tags") is not None:
            body["tags"] = document["tags"]
        if document.get("managedBy"):
            body["managedBy"] = document["managedBy"]
        return body


def _type_and_name(call: Call) -> str:
    return re.split(r"(?i)/providers/", call.path.rstrip("/"))[1]


def _rank(type_: str) -> int:
    return REMOVAL_ORDER.index(type_) if type_ in REMOVAL_ORDER else len(REMOVAL_ORDER)


def _has_tag(document: Document, name: str, value: str | None) -> bool:
    kept = {key.lower(): text for key, text in (document.get("tags") or {}).items()}
    return name.lower() in kept and value in (None, kept[name.lower()])


def _short(document: Document) -> Document:
    names = ("id", "name", "type", "sku", "kind", "location", "identity", "tags")
    short = {name: document[name] for name in names if document.get(name) is not None}
    if not isinstance(short.get("sku", {}), dict):  # a site's sku is that of its plan
        del short["sku"]
    return short


def _decoded(token: str) -> str:
    try:
        return base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode()
    except ValueError:
        return ""
