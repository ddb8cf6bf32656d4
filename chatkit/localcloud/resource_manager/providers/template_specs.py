"""Microsoft.Resources/templateSpecs: templates that are kept as resources, version by version."""

from __future__ import annotations

import asyncio
import re
from typing import ClassVar, cast

from chatkit.localcloud.resource_manager.core import errors
from chatkit.localcloud.resource_manager.core.documents import JsonObject, Resource
from chatkit.localcloud.resource_manager.core.http import (
    Answer,
    Call,
    page,
    properties,
    skip_token,
    tags,
)
from chatkit.localcloud.resource_manager.core.provider import ResourceType
from chatkit.localcloud.resource_manager.core.routing import GROUP, Handler, Route

TYPE = "Microsoft.Resources/templateSpecs"
VERSIONS = ("2022-02-01", "2021-05-01", "2021-03-01-preview", "2019-06-01-preview")
NAME = re.compile(r"^[-\w._()]{1,90}$")
NAME_RULE = "It must have 1 to 90 letters, digits, '_', '(', ')', '-' and '.'."
OF_SPEC = ("description", "displayName", "metadata")
OF_VERSION = ("description", "metadata", "uiFormDefinition")


class Spec(Resource):
    """A template spec, or a version of one, as it is kept and shown."""

    properties: JsonObject


def _asked(body: JsonObject, names: tuple[str, ...]) -> JsonObject:
    """The properties of a body that a document takes."""
    asked = properties(body)
    return {name: asked[name] for name in names if asked.get(name) is not None}


class TemplateSpecs(ResourceType[Spec]):
    """Operations on template specs."""

    type = TYPE
    api_versions: ClassVar = {type: VERSIONS}
    registration = "free"
    name_pattern = NAME
    name_rule = NAME_RULE
    operation_group = "TemplateSpecs"
    operation_names: ClassVar = {"List": "ListBySubscription"}

    def new(self, call: Call, body: JsonObject) -> Spec:
        """A template spec without versions."""
        return {**self.envelope(call, body), "properties": _asked(body, OF_SPEC)}

    async def get(self, call: Call) -> Answer:
        """One template spec; with its versions where they are asked for."""
        document = self.one(call)
        shown = self.render(document)
        if call.query.get("$expand", "").lower() == "versions":
            shown["properties"] = {**shown["properties"], "versions": self._versions(document)}
        return Answer(body=shown)

    def _versions(self, document: Spec) -> JsonObject:
        found: JsonObject = {}
        for one in self.context.resources.all(prefix=document["id"] + "/versions/"):
            found[one["name"]] = {
                "timeCreated": one.get("createdTime"),
                "timeModified": one.get("changedTime"),
            }
        return found

    def release(self, document: Spec) -> None:
        """Its versions go with it."""
        for key in [*self.context.resources.keys(prefix=document["id"] + "/versions/")]:
            self.context.resources.delete(key)


class TemplateSpecVersions(ResourceType[Spec]):
    """Operations on the versions of template specs."""

    type = f"{TYPE}/versions"
    api_versions: ClassVar = {type: VERSIONS}
    depends_on = (TYPE,)
    registration = "free"
    name_pattern = NAME
    name_rule = NAME_RULE
    operation_group = "TemplateSpecVersions"

    def routes(self) -> list[Route]:
        """The operations, below a template spec."""
        many = f"{GROUP}/providers/{TYPE}/{{name}}/versions"
        one = many + "/{version}"
        table: list[tuple[str, str, Handler, str]] = [
            ("GET", many, self.list_all, "List"),
            ("GET", one, self.get, "Get"),
            ("PUT", one, self.put, "CreateOrUpdate"),
            ("PATCH", one, self.patch, "Update"),
            ("DELETE", one, self.delete, "Delete"),
        ]
        return [
            Route(method, template, handler, self.type, f"{self.operation_group}_{name}")
            for method, template, handler, name in table
        ]

    def _id(self, call: Call) -> str:
        spec = self.context.resource_id(call, TYPE)
        return f"{spec}/versions/{call.params['version']}"

    def _spec(self, call: Call) -> Resource:
        return self.context.resource(call, TYPE)

    def locked(self, call: Call) -> asyncio.Lock:
        """One change of a template spec at a time: it may go meanwhile."""
        return self.context.locks.of(self.context.resource_id(call, TYPE))

    def find(self, call: Call) -> Spec | None:
        """The call's version, if it is there."""
        return self.stored(self._id(call))

    def one(self, call: Call) -> Spec:
        """The call's version.

        Raises:
            ArmError: The group, the template spec or the version does not exist.
        """
        found = self.find(call)
        if found is None:
            self._spec(call)
            name = f"{TYPE}/{call.params['name']}/versions/{call.params['version']}"
            raise errors.resource_not_found(name, call.params["group"])
        return found

    async def list_all(self, call: Call) -> Answer:
        """The versions of a template spec."""
        prefix = self._spec(call)["id"] + "/versions/"
        keys = self.context.resources.keys(prefix=prefix, after=skip_token(call))

        def entry(key: str) -> JsonObject | None:
            document = self.stored(key)
            return None if document is None else self.render(document)

        return page(call, keys, entry)

    def new(self, call: Call, body: JsonObject) -> Spec:
        """A version with its template, and those that it links to."""
        spec = self._spec(call)
        if not self.name_pattern.fullmatch(call.params["version"]):
            raise self.invalid_name(call.params["version"])
        asked = properties(body)
        made = _asked(body, OF_VERSION)
        made["mainTemplate"] = asked.get("mainTemplate")
        if not isinstance(made["mainTemplate"], dict):
            raise errors.invalid_body("The property 'mainTemplate' must be an object.")
        made["linkedTemplates"] = _linked(asked.get("linkedTemplates"))
        return {
            "id": f"{spec['id']}/versions/{call.params['version']}",
            "name": call.params["version"],
            "type": self.type,
            "location": spec["location"],
            "tags": tags(body, max_name=self.max_tag_name),
            "properties": made,
        }

    async def patch(self, call: Call) -> Answer:
        """Change the tags."""
        async with self.locked(call):
            document = cast(Spec, {**self.one(call)})
            self.update(call, call.body(), document)
            return await self.finish_patch(call, document, self.one(call))


def _linked(templates: object) -> list[JsonObject]:
    """The templates that a version links to, by path.

    Raises:
        ArmError: One has not the form of that.
    """
    if templates is None:
        return []
    if isinstance(templates, list) and all(
        isinstance(one, dict)
        and isinstance(one.get("path"), str)
        and isinstance(one.get("template"), dict)
        for one in templates
    ):
        return templates
    raise errors.invalid_body(
        "The property 'linkedTemplates' must be an array of objects with 'path' and 'template'."
    )
