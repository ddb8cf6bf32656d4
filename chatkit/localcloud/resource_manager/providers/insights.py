"""Microsoft.Insights components: `az functionapp create` makes one by default. It is kept and shown, and collects nothing."""

from __future__ import annotations

import uuid

from chatkit.localcloud.resource_manager.core.clock import iso
from chatkit.localcloud.resource_manager.core.context import Context, page, properties, skip_token
from chatkit.localcloud.resource_manager.core.http import Answer, Call
from chatkit.localcloud.resource_manager.core.routing import GROUP, Route
from chatkit.localcloud.resource_manager.core.state import Document

TYPE = "Microsoft.Insights/components"


class Insights:
    """Operations on Application Insights components."""

    def __init__(self, context: Context) -> None:
        self._context = context
        context.on_remove[TYPE.lower()] = self.remove

    def routes(self) -> list[Route]:
        """The operations."""
        many = GROUP + f"/providers/{TYPE}"
        one = many + "/{name}"
        return [
            Route("GET", many, self.list_all, TYPE, "Components_ListByResourceGroup"),
            Route("GET", one, self.get, TYPE, "Components_Get"),
            Route("PUT", one, self.put, TYPE, "Components_CreateOrUpdate"),
            Route("DELETE", one, self.delete, TYPE, "Components_Delete"),
        ]

    async def list_all(self, call: Call) -> Answer:
        """Components of a group."""
        prefix = self._context.group(call)["id"] + "/"
        keys = self._context.resources.keys(type_=TYPE, prefix=prefix, after=skip_token(call))
        return page(call, keys, self._context.resources.get)

    async def get(self, call: Call) -> Answer:
        """One component."""
        return Answer(body=self._context.resource(call, TYPE))

    async def put(self, call: Call) -> Answer:
        """Create or replace a component."""
        self._context.group(call, for_write=True)
        body = call.required_body()
        old = self._context.resources.get(self._context.resource_id(call, TYPE))
        key = old["properties"]["InstrumentationKey"] if old else str(uuid.uuid4())
        document = self._context.new(call, TYPE, body) | {
            "kind": body.get("kind") or "web",
            "properties": {
                "ApplicationId": call.params["name"],
                "AppId": str(uuid.uuid5(uuid.UUID(key), "app")),
                "Application_Type": properties(body).get("Application_Type") or "web",
                "InstrumentationKey": key,
                "ConnectionString": f"InstrumentationKey={key}",
                "Name": call.params["name"],
                "CreationDate": old["properties"]["CreationDate"] if old else iso(),
                "TenantId": self._context.directory.tenant_id,
                "provisioningState": "Succeeded",
                "RetentionInDays": 90,
                "IngestionMode": "ApplicationInsights",
                "publicNetworkAccessForIngestion": "Enabled",
                "publicNetworkAccessForQuery": "Enabled",
                "Ver": "v2",
            },
        }
        self._context.resources.put(document)
        return Answer(200, document)

    async def delete(self, call: Call) -> Answer:
        """Delete a component; 204 when there is none."""
        removed = self._context.resources.delete(self._context.resource_id(call, TYPE))
        return Answer(200 if removed else 204)

    async def remove(self, document: Document) -> None:
        """Delete a component's document."""
        self._context.forget(document)
