"""Types of parameters and outputs, and whether a value is of one.

Follows "Parameters in ARM templates" and, for languageVersion 2.0, "Type definitions in ARM
templates" of Microsoft's documentation, and what the Bicep compiler writes
(github.com/Azure/bicep, src/Bicep.Core/Emit/TemplateWriter.cs).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from chatkit.localcloud.resource_manager.core.documents import Json, JsonObject
from chatkit.localcloud.resource_manager.core.errors import ArmError
from chatkit.localcloud.resource_manager.templates.language.core.values import kind_of
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
DEFINITIONS = "#/definitions/"
MAX_REFERENCES = 32


def definition_of(template: Template, body: JsonObject) -> JsonObject:
    """What a parameter or an output is, with the type that it refers to taken in."""
    merged = dict(body)
    for _ in range(MAX_REFERENCES):
        reference = merged.pop("$ref", None)
        if reference is None:
            return merged
        referred = _referred(template, str(reference))
        if not isinstance(referred, dict):
            raise invalid_template(f"The type definition '{reference}' is not found", None)
        merged = {**referred, **merged}
    raise invalid_template("A type definition refers to itself", None)


def _referred(template: Template, reference: str) -> Json:
    """What a pointer (RFC 6901) into the definitions leads to; None for nothing."""
    if not reference.startswith(DEFINITIONS):
        return None
    found: Json = template.section("definitions")
    for part in reference.removeprefix(DEFINITIONS).split("/"):
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(found, list) and name.isascii() and name.isdigit():
            found = found[int(name)] if int(name) < len(found) else None
        elif isinstance(found, dict):
            found = found.get(name)
        else:
            return None
    return found


def type_of(definition: JsonObject) -> str:
    """A definition's type in small letters; empty for none."""
    return str(definition.get("type", "")).lower()


def secure_parts(template: Template, body: JsonObject, value: Json) -> Iterator[Json]:
    """The parts of a value whose type is a secure one, the value itself among them."""
    if value is None:
        return
    definition = definition_of(template, body)
    if type_of(definition) in SECURE:
        yield value
        return
    for member, part, _ in members(template, definition, value):
        yield from secure_parts(template, member, part)


def without_secure(template: Template, body: JsonObject, value: Json) -> Json:
    """A value with null in place of the parts whose type is a secure one."""
    definition = definition_of(template, body)
    if type_of(definition) in SECURE:
        return None
    shown = {
        name: without_secure(template, member, part)
        for member, part, name in members(template, definition, value)
    }
    if isinstance(value, list):
        return [shown.get(index, item) for index, item in enumerate(value)]
    if isinstance(value, dict):
        return {name: shown.get(name, item) for name, item in value.items()}
    return value


def members(
    template: Template, definition: JsonObject, value: Json
) -> Iterator[tuple[JsonObject, Json, str | int]]:
    """The parts of a value that its type says more about: each one's type, value and name."""
    if isinstance(value, list):
        first = _list(definition, "prefixItems")
        for index, item in enumerate(value):
            type_ = first[index] if index < len(first) else definition.get("items")
            if isinstance(type_, dict):
                yield type_, item, index
    if isinstance(value, dict):
        known = properties_of(template, definition, value)
        others = definition.get("additionalProperties")
        for name, part in value.items():
            type_ = known.get(name, others)
            if isinstance(type_, dict):
                yield type_, part, name


def properties_of(template: Template, definition: JsonObject, value: JsonObject) -> JsonObject:
    """The types of an object's properties, those of the variant that it is among them."""
    found = dict(_object(definition, "properties"))
    name, variants = _discriminator(definition)
    variant = variants.get(str(value.get(name)))
    if isinstance(variant, dict):
        found |= _object(definition_of(template, variant), "properties")
    return {name: type_ for name, type_ in found.items() if isinstance(type_, dict)}


def _discriminator(definition: JsonObject) -> tuple[str, JsonObject]:
    """The property that says which variant an object is, and the variants; empty for none."""
    found = _object(definition, "discriminator")
    return str(found.get("propertyName", "")), _object(found, "mapping")


def _object(definition: JsonObject, name: str) -> JsonObject:
    found = definition.get(name)
    return found if isinstance(found, dict) else {}


def _list(definition: JsonObject, name: str) -> list[Json]:
    found = definition.get(name)
    return found if isinstance(found, list) else []


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
        allowed = _list(definition, "allowedValues")
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
        if isinstance(value, dict):
            self._variant(definition, value, where)
            self._complete(definition, value, where)
        if isinstance(value, list):
            self._count(definition, value, where)
        for member, part, name in members(self.template, definition, value):
            self.run(member, part, _within(where, name))

    def _variant(self, definition: JsonObject, value: JsonObject, where: str) -> None:
        name, variants = _discriminator(definition)
        if name and str(value.get(name)) not in variants:
            listed = ",".join(variants)
            raise self._invalid(
                _within(where, name),
                f"The value '{_plain(value.get(name))}' is not part of the allowed value(s):"
                f" '{listed}'.",
            )

    def _complete(self, definition: JsonObject, value: JsonObject, where: str) -> None:
        known = properties_of(self.template, definition, value)
        for name, member in known.items():
            if name not in value and not definition_of(self.template, member).get("nullable"):
                raise self._invalid(where, f"The property '{name}' is missing.")
        if definition.get("additionalProperties") is False:
            for name in value:
                if name not in known:
                    raise self._invalid(where, f"The property '{name}' is not allowed.")

    def _count(self, definition: JsonObject, value: list[Json], where: str) -> None:
        first = _list(definition, "prefixItems")
        if len(value) < len(first):
            raise self._invalid(where, f"It must have at least {len(first)} items.")
        if definition.get("items") is False and len(value) > len(first):
            raise self._invalid(where, f"It must have {len(first)} items.")


def _within(where: str, name: str | int) -> str:
    if isinstance(name, int):
        return f"{where}[{name}]"
    return f"{where}.{name}" if where else name


def _is_beyond(size: int, limit: int, word: str) -> bool:
    return size < limit if word == "greater" else size > limit


def _plain(value: Json) -> str:
    return str(value)[:100]
