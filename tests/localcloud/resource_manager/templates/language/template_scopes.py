"""A scope for the tests of the template language, with a cloud that has one chat in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from chatkit.localcloud.resource_manager.templates.language.core.errors import (
    no_such_parameter,
    no_such_variable,
)
from chatkit.localcloud.resource_manager.templates.language.core.scope import (
    Level,
    Place,
    Resources,
    UserFunction,
)
from chatkit.localcloud.resource_manager.templates.language.core.values import Json, JsonObject

SUBSCRIPTION = "11111111-1111-1111-1111-111111111111"
CHAT: JsonObject = {"location": "westeurope", "properties": {"hostName": "chat.example"}}


class Cloud:
    """What a template can ask about; `asked` has the resources whose state was asked for."""

    def __init__(self, level: Level = Level.RESOURCE_GROUP) -> None:
        self.level = level
        self.asked: list[str] = []

    def reference(self, name_or_id: str, api_version: str | None, full: bool) -> Json:
        self.asked.append(name_or_id)
        return CHAT if full else CHAT["properties"]

    def references(self, symbolic_name: str, full: bool) -> Json:
        self.asked.append(symbolic_name)
        return [CHAT["properties"], CHAT["properties"]]

    def resource_info(self, symbolic_name: str) -> Json:
        return {"name": symbolic_name}

    def list_call(
        self, function_name: str, resource: str, api_version: str | None, body: Json
    ) -> Json:
        self.asked.append(resource)
        return {"primaryKey": f"{function_name} of {resource}"}

    def resource_group(self) -> JsonObject:
        group = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/chat"
        return {"id": group, "name": "chat", "location": "westeurope"}

    def subscription(self) -> JsonObject:
        return {"id": f"/subscriptions/{SUBSCRIPTION}", "subscriptionId": SUBSCRIPTION}

    def management_group(self) -> JsonObject:
        return {"name": "chats"}

    def tenant(self) -> JsonObject:
        return {"tenantId": "33333333-3333-3333-3333-333333333333"}

    def deployment(self) -> JsonObject:
        return {"name": "first"}

    def deployer(self) -> JsonObject:
        return {"objectId": "00000000-0000-0000-0000-0000000a11ce"}

    def environment(self) -> JsonObject:
        return {"suffixes": {"storage": "core.windows.net"}}

    def provider(self, namespace: str, resource_type: str | None) -> Json:
        return {"resourceType": resource_type, "apiVersions": ["2024-04-01"]}

    def zones(self, namespace: str, resource_type: str, location: str) -> list[str]:
        return ["1", "2", "3"] if namespace == "Microsoft.Compute" else []

    def new_guid(self) -> str:
        return "b76a51fc-bd72-4a77-b9a2-3c29e7d2e551"

    def utc_now(self) -> datetime:
        return datetime(2019, 3, 5, 17, 53, 18, tzinfo=UTC)


@dataclass
class Around:
    """A scope: names of parameters and variables in lower case."""

    place: Place = Place.PROPERTIES
    resources: Resources = field(default_factory=Cloud)
    values: JsonObject = field(default_factory=lambda: {"name": "chat"})
    functions: dict[str, UserFunction] = field(default_factory=dict)

    def parameter(self, name: str) -> Json:
        if name.lower() not in self.values:
            raise no_such_parameter(name)
        return self.values[name.lower()]

    def variable(self, name: str) -> Json:
        if name.lower() not in self.values:
            raise no_such_variable(name)
        return self.values[name.lower()]

    def user_function(self, namespace: str, name: str) -> UserFunction | None:
        return self.functions.get(f"{namespace}.{name}".lower())

    def copy_index(self, loop_name: str | None) -> int | None:
        return {None: 2, "outer": 5}.get(loop_name)
