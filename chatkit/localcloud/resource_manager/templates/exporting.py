"""A resource group as a template: what its resources are, without what Azure decides itself.

Follows "Export an ARM template" of Microsoft's documentation. Secrets are not exported: no keys, no
app settings. Neither are role assignments, which are at a resource and not in the group.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar
from urllib.parse import quote, urlencode

from chatkit.localcloud.resource_manager.bodies import body_types
from chatkit.localcloud.resource_manager.core import errors
from chatkit.localcloud.resource_manager.core.context import Context
from chatkit.localcloud.resource_manager.core.documents import Json, JsonObject, Resource
from chatkit.localcloud.resource_manager.core.http import Answer, Call
from chatkit.localcloud.resource_manager.core.provider import Provider
from chatkit.localcloud.resource_manager.core.registry import Registry
from chatkit.localcloud.resource_manager.core.routing import GROUP, Route
from chatkit.localcloud.resource_manager.core.type_names import RESOURCE_GROUPS, SITES, STORAGE
from chatkit.localcloud.resource_manager.gateway.dispatch import Dispatch
from chatkit.localcloud.resource_manager.templates.records import Results

SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
OPTIONS = {
    *("includeparameterdefaultvalue", "includecomments", "skipresourcenameparameterization"),
    "skipallparameterization",
}
NOT_A_NAME = re.compile(r"[^A-Za-z0-9]+")
IN_PARTS = ("name", "type")
ACTION = "Microsoft.Resources/subscriptions/resourceGroups/exportTemplate/action"
# What a template may have of types whose schemas are not at hand.
OTHERS: JsonObject = {
    "location": "string",
    "tags": {"*": "string"},
    "kind": "string",
    "properties": {
        "Application_Type": "string",
        "Request_Source": "string",  # components
        "retentionInDays": "integer",
        "sku": {"name": "string"},  # workspaces
        **dict.fromkeys(("description", "displayName"), "string"),  # template specs
        **dict.fromkeys(("metadata", "mainTemplate", "linkedTemplates"), body_types.ANY),
    },
}


class GroupExport(Provider):
    """Operations that make a template of a resource group."""

    api_versions: ClassVar = {}

    def __init__(self, context: Context, registry: Registry, dispatch: Dispatch) -> None:
        super().__init__(context)
        self._registry = registry
        self._dispatch = dispatch
        self._results = Results()

    def routes(self) -> list[Route]:
        """The operations."""
        name = "ResourceGroups_ExportTemplate"
        one = GROUP + "/exportTemplate"
        poll = GROUP + "/exportTemplateResults/{operation}"
        polling = f"{name} (polling)"
        return [
            Route("POST", one, self.export, RESOURCE_GROUPS, name, action=ACTION),
            Route("GET", poll, self.result, RESOURCE_GROUPS, polling, action=ACTION),
        ]

    async def export(self, call: Call) -> Answer:
        """Export a group or some of its resources: 202, with the address of the result."""
        group = self.context.group(call)
        body = call.body()
        options = _options(body)
        if str(body.get("outputFormat") or "Json").lower() != "json":
            raise errors.not_implemented("Exporting as Bicep", "the output format Json")
        found = self._wanted(call, group["id"], body.get("resources") or ["*"])
        making = _Making(group["id"], options, [document["id"] for document in found])
        for document in found:
            for id_, type_ in self._with_children(document):
                shown = await self._shown(call, id_, type_)
                if shown is not None:
                    making.add(id_, type_, self._version(type_), shown)
        token = self._results.keep(call, {"template": making.template()})
        query = urlencode({"api-version": call.api_version})
        path = f"{quote(group['id'])}/exportTemplateResults/{token}"
        seconds = str(self.context.clock.retry_after_s(1))
        headers = {"Location": f"{call.base_url}{path}?{query}", "Retry-After": seconds}
        return Answer(202, headers=headers)

    async def result(self, call: Call) -> Answer:
        """The template, for the caller who asked for it."""
        return Answer(body=self._results.get(call))

    def _wanted(self, call: Call, group_id: str, ids: Json) -> list[Resource]:
        """The resources to export that the caller may read, those that others stand on first."""
        if not isinstance(ids, list) or not all(isinstance(one, str) for one in ids):
            raise errors.invalid_body("The property 'resources' must be an array of strings.")
        named = {one.lower().rstrip("/") for one in ids}
        found: list[Resource] = []
        for type_ in self._registry.recovery_order:
            for document in self.context.resources.all(type_=type_.type, prefix=group_id + "/"):
                is_wanted = "*" in named or document["id"].lower() in named
                if is_wanted and self.context.may_read(call, document):
                    found.append(document)
        missing = named - {"*"} - {document["id"].lower() for document in found}
        if missing:
            raise errors.ArmError(
                400,
                "ExportTemplateInvalidResources",
                f"The resources '{', '.join(sorted(missing))}' are not in the resource group.",
            )
        return found

    def _with_children(self, document: Resource) -> Iterator[tuple[str, str]]:
        """A resource, and what templates have below it."""
        id_ = document["id"]
        yield id_, document["type"]
        if document["type"] == STORAGE:
            service = f"{id_}/blobServices/default"
            yield service, f"{STORAGE}/blobServices"
            for name in self.context.planes.storage.list_containers(document["name"]):
                if not name.startswith("$"):
                    yield f"{service}/containers/{name}", f"{STORAGE}/blobServices/containers"
        if document["type"] == SITES:
            yield f"{id_}/config/authsettingsV2", f"{SITES}/config"

    def _version(self, type_: str) -> str:
        """The newest api-version of a type, or of what it is below, that is no preview."""
        while type_ not in self._registry.api_versions:
            type_ = type_.rpartition("/")[0]
        known = self._registry.api_versions[type_]
        return next((one for one in known if not one.endswith("-preview")), known[0])

    async def _shown(self, call: Call, id_: str, type_: str) -> JsonObject | None:
        url = f"{quote(id_)}?api-version={self._version(type_)}"
        try:
            answer = await self._dispatch.send("GET", url, call)
        except errors.ArmError:
            return None  # not set, or not the caller's to read
        return answer.body if isinstance(answer.body, dict) else None


def _options(body: JsonObject) -> set[str]:
    given = {one.strip().lower() for one in str(body.get("options") or "").split(",")}
    unknown = given - OPTIONS - {"", "none"}
    if unknown:
        raise errors.invalid_body(
            f"The options '{', '.join(sorted(unknown))}' of the export are none of"
            " IncludeParameterDefaultValue, IncludeComments, SkipResourceNameParameterization,"
            " SkipAllParameterization."
        )
    return given


@dataclass
class _Making:
    """A template on its way."""

    group_id: str
    options: set[str]
    ids: list[str]
    resources: list[JsonObject] = field(default_factory=list)
    parameters: JsonObject = field(default_factory=dict)

    def template(self) -> JsonObject:
        """What has been made."""
        return {
            "$schema": SCHEMA,
            "contentVersion": "1.0.0.0",
            "parameters": dict(sorted(self.parameters.items())),
            "variables": {},
            "resources": self.resources,
        }

    def add(self, id_: str, type_: str, version: str, shown: JsonObject) -> None:
        """Take a resource in, as a GET shows it."""
        waits: list[str] = []
        names = _names(id_)
        below = self._ids_above(id_)
        body = _writable(shown, _schema(type_, names), is_top=True)
        if not body and type_.count("/") > 1:
            return  # nothing is set there
        if shown.get("identity"):
            body["identity"] = _identity(shown["identity"])
        made: JsonObject = {
            "type": type_,
            "apiVersion": version,
            "name": self._name(type_, names),
        }
        if "includecomments" in self.options:
            made["comments"] = f"Generalized from resource: '{id_}'."
        made.update(self._referring(body, waits))
        waits = [*below, *(one for one in waits if one not in below)]
        if waits:
            made["dependsOn"] = waits
        self.resources.append(made)

    def _ids_above(self, id_: str) -> list[str]:
        """What a resource below another one waits for."""
        parent = id_.rpartition("/")[0].rpartition("/")[0]
        if parent.lower().endswith(("/providers", "/config")) or parent.count("/") < 8:
            return []
        return [self._id_expression(parent)]

    def _parameter(self, type_: str, names: list[str]) -> str:
        """The parameter for the name of a resource of the group."""
        kind = type_.split("/")[1]
        name = f"{kind}_{NOT_A_NAME.sub('_', names[0])}_name"
        body: JsonObject = {"type": "String"}
        if "includeparameterdefaultvalue" in self.options:
            body["defaultValue"] = names[0]
        self.parameters[name] = body
        return name

    def _is_literal(self) -> bool:
        skipped = {"skipallparameterization", "skipresourcenameparameterization"}
        return bool(self.options & skipped)

    def _name(self, type_: str, names: list[str]) -> str:
        if self._is_literal():
            return "/".join(names)
        parameter = self._parameter(type_, names)
        if len(names) == 1:
            return f"[parameters('{parameter}')]"
        rest = "/".join(names[1:])
        return f"[concat(parameters('{parameter}'), '/{rest}')]"

    def _id_expression(self, id_: str) -> str:
        names = _names(id_)
        type_ = _type(id_)
        first = f"'{names[0]}'"
        if not self._is_literal():
            first = f"parameters('{self._parameter(type_, names)}')"
        rest = "".join(f", '{name}'" for name in names[1:])
        return f"[resourceId('{type_}', {first}{rest})]"

    def _referring(self, value: Json, waits: list[str]) -> Json:
        """A value in which ids of the group's resources are expressions."""
        if isinstance(value, list):
            return [self._referring(one, waits) for one in value]
        if isinstance(value, dict):
            return {
                self._referring(name, waits): self._referring(one, waits)
                for name, one in value.items()
            }
        if not isinstance(value, str):
            return value
        if value.startswith("["):
            return f"[{value}"
        for id_ in self.ids:
            if value.lower() == id_.lower():
                expression = self._id_expression(id_)
                if expression not in waits:
                    waits.append(expression)
                return expression
        return value


def _names(id_: str) -> list[str]:
    return id_.rpartition("/providers/")[2].split("/")[2::2]


def _type(id_: str) -> str:
    parts = id_.rpartition("/providers/")[2].split("/")
    return "/".join([parts[0], *parts[1::2]])


def _schema(type_: str, names: list[str]) -> JsonObject:
    bodies = body_types.document()["bodies"]
    known = {name.lower(): body for name, body in bodies.items()}
    return known.get(type_.lower()) or known.get(f"{type_}/{names[-1]}".lower()) or OTHERS


def _writable(value: Json, type_: Json, *, is_top: bool = False) -> Json:
    """What of an answer a template can have: the rest is decided by Azure.

    Name and type are in the schemas' parts, too, but not in what is kept of these.
    """
    if isinstance(type_, str) and type_.startswith("#"):
        type_ = body_types.document()["definitions"][type_[1:]]
    if isinstance(value, dict) and isinstance(type_, dict):
        kept: JsonObject = {}
        for name, part in value.items():
            inner = type_.get(name, type_.get("*"))
            if inner is None and not is_top and name in IN_PARTS:
                inner = body_types.ANY
            if inner is not None and part is not None:
                found = _writable(part, inner)
                if found not in ({}, []):
                    kept[name] = found
        return kept
    if isinstance(value, list) and isinstance(type_, list):
        return [_writable(one, type_[0]) for one in value]
    return value


def _identity(shown: JsonObject) -> JsonObject:
    found: JsonObject = {"type": shown["type"]}
    if shown.get("userAssignedIdentities"):
        found["userAssignedIdentities"] = {id_: {} for id_ in shown["userAssignedIdentities"]}
    return found
