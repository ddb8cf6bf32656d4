"""Microsoft.Insights components: `az functionapp create` makes one. It collects nothing."""

from __future__ import annotations

import re
import uuid
from typing import ClassVar

from chatkit.localcloud.resource_manager.core.documents import JsonObject, Resource, iso
from chatkit.localcloud.resource_manager.core.http import Call, properties
from chatkit.localcloud.resource_manager.core.provider import ResourceType


class Component(Resource):
    """A component as it is kept and shown."""

    kind: str
    properties: JsonObject


class Components(ResourceType[Component]):
    """Operations on Application Insights components."""

    type = "Microsoft.Insights/components"
    api_versions: ClassVar = {
        type: ("2020-02-02", "2020-02-02-preview", "2018-05-01-preview", "2015-05-01")
    }
    registration = "free"
    name_pattern = re.compile(r"^.{1,260}$")
    name_rule = "It must have 1 to 260 characters."
    created_status = 200
    operation_group = "Components"
    operation_names: ClassVar = {"Update": "UpdateTags"}

    def new(self, call: Call, body: JsonObject) -> Component:
        """A component with a key of its own."""
        key = str(uuid.uuid4())
        name = call.params["name"]
        return {
            **self.envelope(call, body),
            "kind": body.get("kind") or "web",
            "properties": {
                "ApplicationId": name,
                "AppId": str(uuid.uuid5(uuid.UUID(key), "app")),
                "Application_Type": properties(body).get("Application_Type") or "web",
                "InstrumentationKey": key,
                "ConnectionString": f"InstrumentationKey={key}",
                "Name": name,
                "CreationDate": iso(),
                "TenantId": self.context.directory.tenant_id,
                "provisioningState": "Succeeded",
                "RetentionInDays": 90,
                "IngestionMode": "ApplicationInsights",
                "publicNetworkAccessForIngestion": "Enabled",
                "publicNetworkAccessForQuery": "Enabled",
                "Ver": "v2",
            },
        }

    def replace(self, call: Call, body: JsonObject, old: Component) -> Component:
        """As new, with the key of before."""
        document = super().replace(call, body, old)
        for name in ("AppId", "InstrumentationKey", "ConnectionString", "CreationDate"):
            document["properties"][name] = old["properties"][name]
        return document
