"""Parameters of a template: what it declares, what a deployment gives, and whether both fit."""

from __future__ import annotations

from dataclasses import dataclass

from chatkit.localcloud.resource_manager.core.documents import Json, JsonObject
from chatkit.localcloud.resource_manager.templates.reading.located import Located, Path
from chatkit.localcloud.resource_manager.templates.reading.refusals import (
    invalid_template,
    no_key_vault,
)
from chatkit.localcloud.resource_manager.templates.reading.template import Template
from chatkit.localcloud.resource_manager.templates.reading.types import (
    HELP,
    SECURE,
    TYPES,
    check,
    definition_of,
    type_of,
)


@dataclass(frozen=True)
class Given:
    """What a deployment gives for parameters.

    Attributes:
        values: By name in small letters.
    """

    values: JsonObject

    def has(self, name: str) -> bool:
        """Whether there is a value for a parameter."""
        return name.lower() in self.values


@dataclass(frozen=True)
class Section:
    """The section `parameters` of a request, or of a file of them.

    Attributes:
        located: What it stands in.
        path: Where it stands in that.
        value: What it is.
    """

    located: Located
    path: Path
    value: Json


def given(template: Template, section: Section) -> Given:
    """What a request gives for a template's parameters.

    Args:
        template: The template.
        section: What is given.

    Raises:
        ArmError: One is not declared, has no form of a parameter, or one is missing.
    """
    parameters = {} if section.value is None else section.value
    if not isinstance(parameters, dict):
        raise invalid_template("The section 'parameters' of the deployment is not an object")
    declared = {name.lower(): name for name in template.section("parameters")}
    unknown = [name for name in parameters if name.lower() not in declared]
    if unknown:
        supported = ", ".join(declared.values())
        raise invalid_template(
            f"The template parameters '{', '.join(unknown)}' in the parameters file are not valid;"
            " they are not present in the original template and can therefore not be provided at"
            f" deployment time. The only supported parameters for this template are '{supported}'."
            " Please see https://aka.ms/arm-pass-parameter-values for usage details.",
            section.located.place((*section.path, unknown[0])),
            (*section.path, unknown[0]),
        )
    values = {name.lower(): _value(name, body) for name, body in parameters.items()}
    for name, body in template.section("parameters").items():
        # Bicep passes null on for what is not given: the default is meant (its diagnostic BCP369).
        if "defaultValue" in body and values.get(name.lower(), "") is None:
            del values[name.lower()]
    _check_missing(template, values)
    for name, body in template.section("parameters").items():
        if name.lower() in values:
            check(template, name, body, values[name.lower()])
    return Given(values)


def _value(name: str, body: Json) -> Json:
    if isinstance(body, dict) and isinstance(body.get("reference"), dict):
        raise no_key_vault(name, body["reference"])
    if not isinstance(body, dict) or "value" not in body:
        raise invalid_template(f"The parameter '{name}' has no 'value'. {HELP}")
    return body["value"]


def _check_missing(template: Template, values: JsonObject) -> None:
    sentences: list[str] = []
    first: Path = ()
    for name, body in template.section("parameters").items():
        has_value = name.lower() in values or "defaultValue" in body
        if has_value or definition_of(template, body).get("nullable"):
            continue
        path = ("parameters", name)
        place = template.place(path)
        first = first or path
        sentences.append(
            f"The value for the template parameter '{name}' at line '{place.line}' and column"
            f" '{place.column}' is not provided. {HELP}"
        )
    if sentences:
        details = sentences if len(sentences) > 1 else []
        raise invalid_template(sentences[0], template.place(first), first, details=details)


def shown(template: Template, values: JsonObject) -> JsonObject:
    """Parameters as answers show them and the store keeps them: secure ones without a value."""
    found: JsonObject = {}
    for name, body in template.section("parameters").items():
        type_ = type_of(definition_of(template, body))
        entry: JsonObject = {"type": TYPES.get(type_, "Object")}
        if type_ not in SECURE:
            entry["value"] = values.get(name.lower())
        found[name] = entry
    return found
