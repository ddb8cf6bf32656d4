"""Parameters of a template: what it declares, what a deployment gives, and whether both fit.

Follows "Parameters in ARM templates" and, for languageVersion 2.0, "Type definitions in ARM
templates" of Microsoft's documentation.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from chatkit.localcloud.resource_manager.core.documents import Json, JsonObject
from chatkit.localcloud.resource_manager.core.errors import ArmError
from chatkit.localcloud.resource_manager.templates.language.core.values import kind_of
from chatkit.localcloud.resource_manager.templates.reading.located import Path
from chatkit.localcloud.resource_manager.templates.reading.refusals import invalid_template
from chatkit.localcloud.resource_manager.templates.reading.template import Template

# As answers write them, by what a template may write.
TYPES = {
    "string": "String",
    "securestring": "SecureString",
    "int": "Int",
    "bool": "Bool",
    "object": "Object",
    "secureobject": "SecureObject",
    "array": "Array",
}
SECURE = ("securestring", "secureobject")
KINDS = {
    "string": ("String",),
    "securestring": ("String",),
    "int": ("Integer",),
    "bool": ("Boolean",),
    "object": ("Object",),
    "secureobject": ("Object",),
    "array": ("Array",),
}
EXPECTED = {
    "String": "String, Uri",
    "Integer": "Integer",
    "Boolean": "Boolean",
    "Object": "Object",
    "Array": "Array",
}
HELP = "Please see https://aka.ms/arm-create-parameter-file for usage details."
REFERENCE = re.compile(r"^#/definitions/(.+)$")
MAX_REFERENCES = 32


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


def definition_of(template: Template, body: JsonObject) -> JsonObject:
    """What a parameter or an output is, with the type that it refers to taken in."""
    merged = dict(body)
    for _ in range(MAX_REFERENCES):
        reference = merged.pop("$ref", None)
        if reference is None:
            return merged
        match = REFERENCE.match(str(reference))
        referred = template.section("definitions").get(match[1]) if match else None
        if not isinstance(referred, dict):
            raise invalid_template(f"The type definition '{reference}' is not found", None)
        merged = {**referred, **merged}
    raise invalid_template("A type definition refers to itself", None)


def type_of(definition: JsonObject) -> str:
    """A definition's type in small letters; empty for none."""
    return str(definition.get("type", "")).lower()


def is_secure(template: Template, body: JsonObject) -> bool:
    """Whether values of a parameter or an output are kept to themselves."""
    return type_of(definition_of(template, body)) in SECURE


def given(template: Template, parameters: Json, path: Path) -> Given:
    """What a request gives for a template's parameters.

    Args:
        template: The template.
        parameters: The section `parameters` of the request.
        path: Where it stands there.

    Raises:
        ArmError: One is not declared, has no form of a parameter, or one is missing.
    """
    if parameters is None:
        parameters = {}
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
            template.located.place((*path, unknown[0])),
            (*path, unknown[0]),
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
    if isinstance(body, dict) and "reference" in body:
        raise invalid_template(
            f"The parameter '{name}' refers to a secret of a key vault: Microsoft.KeyVault is not"
            " part of the local cloud. Give its value"
        )
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


def check(template: Template, name: str, body: JsonObject, value: Json) -> None:
    """Refuse a value that a parameter does not take.

    Raises:
        ArmError: It has another type, or is not among the allowed ones.
    """
    _Check(template, name).run(body, value, "")


@dataclass(frozen=True)
class _Check:
    template: Template
    parameter: str

    def _refused(self, sentence: str) -> ArmError:
        path = ("parameters", self.parameter)
        return invalid_template(sentence, self.template.place(path), path)

    def _invalid(self, where: str, sentence: str) -> ArmError:
        place = self.template.place(("parameters", self.parameter))
        at = f" at '{where}'" if where else ""
        return self._refused(
            f"The provided value for the template parameter '{self.parameter}'{at} at line"
            f" '{place.line}' and column '{place.column}' is not valid. {sentence} {HELP}"
        )

    def run(self, body: JsonObject, value: Json, where: str) -> None:
        """Look at a value and what is in it."""
        definition = definition_of(self.template, body)
        if value is None and definition.get("nullable"):
            return
        type_ = type_of(definition)
        kinds = KINDS.get(type_)
        if kinds is None:
            if not where:
                raise self._refused(
                    f"The type '{definition.get('type')}' of the template parameter"
                    f" '{self.parameter}' is not valid: the types are {', '.join(TYPES.values())}"
                )
            return
        kind = kind_of(value)
        if kind not in kinds:
            raise self._refused(
                f"Template parameter JToken type is not valid. Expected '{EXPECTED[kinds[0]]}'."
                f" Actual '{kind}'. {HELP}"
            )
        self._allowed(definition, value, where, type_)
        self._sized(definition, value, where)
        self._inside(definition, value, where)

    def _allowed(self, definition: JsonObject, value: Json, where: str, type_: str) -> None:
        allowed = definition.get("allowedValues")
        if not allowed or value in allowed:
            return
        if isinstance(value, list) and all(item in allowed for item in value):
            return  # an array of allowed elements, as Azure takes it
        listed = ",".join(str(one) for one in allowed)
        said = "" if type_ in SECURE else f" '{_plain(value)}'"
        raise self._invalid(
            where, f"The value{said} is not part of the allowed value(s): '{listed}'."
        )

    def _sized(self, definition: JsonObject, value: Json, where: str) -> None:
        if isinstance(value, str | list):
            for name, word in (("minLength", "greater"), ("maxLength", "less")):
                limit = definition.get(name)
                if isinstance(limit, int) and _is_beyond(len(value), limit, word):
                    raise self._invalid(
                        where,
                        f"Length of the value should be {word} than or equal to '{limit}'.",
                    )
        if isinstance(value, int) and not isinstance(value, bool):
            for name, word in (("minValue", "greater"), ("maxValue", "less")):
                limit = definition.get(name)
                if isinstance(limit, int) and _is_beyond(value, limit, word):
                    raise self._invalid(
                        where, f"The value should be {word} than or equal to '{limit}'."
                    )

    def _inside(self, definition: JsonObject, value: Json, where: str) -> None:
        if isinstance(value, list) and isinstance(definition.get("items"), dict):
            for index, item in enumerate(value):
                self.run(definition["items"], item, f"{where}[{index}]")
        if not isinstance(value, dict):
            return
        members = definition.get("properties") or {}
        for name, member in members.items():
            inner = f"{where}.{name}" if where else name
            if name in value:
                self.run(member, value[name], inner)
            elif not definition_of(self.template, member).get("nullable"):
                raise self._invalid(where, f"The property '{name}' is missing.")
        if definition.get("additionalProperties") is False:
            for name in value:
                if name not in members:
                    raise self._invalid(where, f"The property '{name}' is not allowed.")


def _is_beyond(size: int, limit: int, word: str) -> bool:
    return size < limit if word == "greater" else size > limit


def _plain(value: Json) -> str:
    return str(value)[:100]


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
