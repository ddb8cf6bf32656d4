"""A template as it was given, with the places of its parts.

Follows "Understand the structure and syntax of ARM templates" of Microsoft's documentation.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from chatkit.localcloud.resource_manager.core.documents import Json, JsonObject
from chatkit.localcloud.resource_manager.templates.language.core.scope import UserFunction
from chatkit.localcloud.resource_manager.templates.reading.links import Link
from chatkit.localcloud.resource_manager.templates.reading.located import Located, Path, Position
from chatkit.localcloud.resource_manager.templates.reading.refusals import (
    invalid_template,
    unreadable_template,
)

MEMBERS = {
    *("$schema", "contentVersion", "apiProfile", "parameters", "functions", "variables"),
    *("resources", "outputs", "metadata", "languageVersion", "definitions", "imports"),
    *("extensions", "asserts"),
}
REQUIRED = ("$schema", "contentVersion", "resources")
SYMBOLIC = "2"  # languageVersions from here on: resources are an object, by symbolic name
MAX_RESOURCES = 800  # Azure's limit for a template
MAX_PARAMETERS = 256
MAX_OUTPUTS = 64


@dataclass(frozen=True)
class Declared:
    """A resource as the template has it.

    Attributes:
        symbol: Its symbolic name; empty in a list of resources.
        body: What it is.
        path: Where it stands in the template.
        parents: The resources that it stands in, outermost first.
    """

    symbol: str
    body: JsonObject
    path: Path
    parents: tuple[Declared, ...] = ()


@dataclass(frozen=True)
class Template:
    """A template that has the form of one.

    Attributes:
        document: The template.
        located: The request that it came in, for places.
        root: Where the template stands in it.
        link: Where it was fetched from; None for one of a request.
    """

    document: JsonObject
    located: Located
    root: Path
    link: Link | None = None

    @property
    def is_symbolic(self) -> bool:
        """Whether its resources have symbolic names."""
        return isinstance(self.document.get("resources"), dict)

    def place(self, path: Path) -> Position:
        """Where a part of the template stands in the request."""
        return self.located.place((*self.root, *path))

    def section(self, name: str) -> JsonObject:
        """An object of the template; empty when it is not there."""
        found: JsonObject = self.document.get(name) or {}
        return found

    def declared(self) -> Iterator[Declared]:
        """Its resources, those within others behind them."""
        yield from _declared(self.document["resources"], ("resources",), ())

    def functions(self) -> dict[tuple[str, str], UserFunction]:
        """The functions that it defines, by namespace and name in small letters."""
        found: dict[tuple[str, str], UserFunction] = {}
        for namespace in self.document.get("functions") or []:
            for name, member in (namespace.get("members") or {}).items():
                parameters = tuple(one["name"] for one in member.get("parameters") or [])
                output = (member.get("output") or {}).get("value")
                key = (str(namespace.get("namespace")).lower(), name.lower())
                found[key] = UserFunction(parameters, output)
        return found


def open_template(
    located: Located, root: Path, document: Json, link: Link | None = None
) -> Template:
    """A template of a request, or of a link in one.

    Raises:
        ArmError: It has not the form of a template.
    """
    template = Template(document, located, root, link)
    if not isinstance(document, dict):
        raise unreadable_template("The template is not a JSON object.", template.place(()))
    for name in document:
        if name not in MEMBERS:
            raise unreadable_template(
                f"Could not find member '{name}' on object of type 'Template'.",
                template.place((name,)),
                (name,),
            )
    for name in REQUIRED:
        if document.get(name) is None:
            raise unreadable_template(
                f"Required property '{name}' not found in JSON.", template.place(())
            )
    _check_language(template)
    _check_sections(template)
    _check_sizes(template)
    return template


def _check_language(template: Template) -> None:
    """Refuse resources that have not the form of the template's language version."""
    version = str(template.document.get("languageVersion") or "1.0")
    if version.startswith(SYMBOLIC) == template.is_symbolic:
        return
    form = "an object" if version.startswith(SYMBOLIC) else "an array"
    raise unreadable_template(
        f"The section 'resources' of a template of languageVersion '{version}' must be {form}.",
        template.place(("resources",)),
        ("resources",),
    )


def _check_sections(template: Template) -> None:
    for name in ("parameters", "variables", "outputs", "definitions", "asserts"):
        section = template.document.get(name)
        if section is not None and not isinstance(section, dict):
            raise unreadable_template(
                f"The section '{name}' is not an object.", template.place((name,)), (name,)
            )
    for section_name in ("parameters", "outputs"):
        for name, body in template.section(section_name).items():
            path = (section_name, name)
            if not isinstance(body, dict):
                raise unreadable_template(f"'{name}' is not an object.", template.place(path), path)
    for name in ("imports", "extensions"):
        if template.document.get(name):
            raise invalid_template(
                f"The section '{name}' is not part of the local cloud: it deploys resources of"
                f" Resource Manager alone, without the extension {_extensions(template, name)} (see"
                " docs/templates.md)",
                template.place((name,)),
                (name,),
            )
    _check_resources(template)
    _check_functions(template)


def _extensions(template: Template, section: str) -> str:
    """The extensions that a section names: by `name`, or by `provider` in its older form."""
    declared = template.document[section]
    bodies = declared.values() if isinstance(declared, dict) else [declared]
    if isinstance(declared, list):
        bodies = declared
    names = [str(one.get("name") or one.get("provider")) for one in bodies if isinstance(one, dict)]
    return ", ".join(f"'{name}'" for name in names)


def _check_resources(template: Template) -> None:
    for one in template.declared():
        if not isinstance(one.body, dict):
            raise unreadable_template(
                "A resource is not an object.", template.place(one.path), one.path
            )
        for name in ("type", "apiVersion", "name"):
            if one.body.get(name) is None:
                raise unreadable_template(
                    f"Required property '{name}' not found in JSON.{_of_profile(template, name)}",
                    template.place(one.path),
                    one.path,
                )


def _of_profile(template: Template, name: str) -> str:
    profile = template.document.get("apiProfile")
    if name != "apiVersion" or not profile:
        return ""
    return f" (The local cloud does not know which versions the apiProfile '{profile}' has.)"


def _check_functions(template: Template) -> None:
    functions = template.document.get("functions") or []
    if isinstance(functions, list) and all(_is_namespace(one) for one in functions):
        return
    path = ("functions",)
    raise unreadable_template(
        "The section 'functions' is no list of namespaces with members.",
        template.place(path),
        path,
    )


def _is_namespace(value: Json) -> bool:
    if not isinstance(value, dict):
        return False
    members = value.get("members") or {}
    return isinstance(members, dict) and all(_is_function(one) for one in members.values())


def _is_function(value: Json) -> bool:
    """Whether a function of a template has parameters with names, and an output."""
    if not isinstance(value, dict) or not isinstance(value.get("output") or {}, dict):
        return False
    parameters = value.get("parameters") or []
    return isinstance(parameters, list) and all(
        isinstance(one, dict) and isinstance(one.get("name"), str) for one in parameters
    )


def _check_sizes(template: Template) -> None:
    limits = (("parameters", MAX_PARAMETERS), ("outputs", MAX_OUTPUTS))
    for name, limit in limits:
        count = len(template.section(name))
        if count > limit:
            raise invalid_template(
                f"The number of template {name} limit exceeded. Limit: '{limit}' and actual:"
                f" '{count}'. Please see https://aka.ms/arm-template/#{name} for usage details.",
                template.place((name,)),
                (name,),
            )
    count = sum(1 for _ in template.declared())
    if count > MAX_RESOURCES:
        raise too_many_resources(template, count)


def too_many_resources(template: Template, count: int) -> Exception:
    """The refusal of a template of too many resources."""
    return invalid_template(
        f"The number of template resources limit exceeded. Limit: '{MAX_RESOURCES}' and actual:"
        f" '{count}'. Please see https://aka.ms/arm-template/#resources for usage details.",
        template.place(("resources",)),
        ("resources",),
    )


def _declared(resources: Json, path: Path, parents: tuple[Declared, ...]) -> Iterator[Declared]:
    if isinstance(resources, dict):
        entries = [(name, body, (*path, name)) for name, body in resources.items()]
    elif isinstance(resources, list):
        entries = [("", body, (*path, index)) for index, body in enumerate(resources)]
    else:
        return
    for symbol, body, where in entries:
        one = Declared(symbol, body, where, parents)
        yield one
        if isinstance(body, dict) and body.get("resources"):
            yield from _declared(body["resources"], (*where, "resources"), (*parents, one))
