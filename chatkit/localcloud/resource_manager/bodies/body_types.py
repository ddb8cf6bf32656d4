"""The JSON types of the parts of a request's body: `body_types.json`, from Azure's schemas.

A part of another type is refused before a provider looks at it, as Azure's deserializer does. Null
is as absent, except in arrays. Names that the schemas do not have are left to the provider.

A type is "string", "boolean", "switch", "integer", "digits", "number", "scalar" or "any";
`{"name": type}` for an object, with "*" for every other name; `[type]` for an array; "#Name" for a
definition.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any, TypedDict, cast

# JSON whose shape the other side decides, and types of it, which nest as it does.
Json = Any
JsonObject = dict[str, Any]
FILE = Path(__file__).with_name("body_types.json")
ANY = "any"
MAX_DIGITS = 10
SENTENCES = {
    "string": "a string",
    "boolean": "a boolean",
    # A boolean in the schemas. az sends the text that was typed, and App Service takes it.
    "switch": "a boolean",
    "integer": "an integer",
    # An integer in the schemas. az sends the text that was typed, and App Service takes it:
    # https://github.com/Azure/azure-cli/issues/31414
    "digits": "an integer",
    "number": "a number",
    # A string in the schemas. App Service takes numbers and booleans of siteConfig.appSettings:
    # https://github.com/Azure/azure-quickstart-templates/issues/2567
    "scalar": "a string",
}
# What every resource has. The schemas have no identity with a principal, which clients send back.
ENVELOPE: JsonObject = {
    "location": "string",
    "kind": "string",
    "managedBy": "string",
    "tags": {"*": "string"},
    "sku": {"name": "string", "tier": "string", "capacity": "integer"},
    "identity": {"type": "string"},
    "properties": {},
}


class WrongType(Exception):
    """A part of a body is of another type; the sentence says which."""


class _Document(TypedDict):
    source: str
    bodies: dict[str, JsonObject]
    definitions: dict[str, Json]


@lru_cache(maxsize=1)
def document() -> _Document:
    """What is kept of the schemas; read at the first body."""
    return cast(_Document, json.loads(FILE.read_text(encoding="utf-8")))


def check(body: JsonObject, what: str) -> None:
    """Refuse a body with a part of another type.

    Args:
        body: A request's.
        what: A resource type, or what stands below one, as `bodies` of the file names it. Of others
            the parts that every resource has are looked at.

    Raises:
        WrongType: The first such part.
    """
    _check(body, {**ENVELOPE, **document()["bodies"].get(what, {})}, "")


def _check(value: Json, type_: Json, path: str) -> None:
    if isinstance(type_, str) and type_.startswith("#"):
        type_ = document()["definitions"][type_[1:]]
    if type_ == ANY:
        return
    if isinstance(type_, dict):
        _check_object(value, type_, path)
    elif isinstance(type_, list):
        _check_array(value, type_[0], path)
    elif not _is(value, type_):
        raise _refused(path, SENTENCES[type_])


def _check_object(value: Json, names: JsonObject, path: str) -> None:
    if not isinstance(value, dict):
        raise _refused(path, "an object")
    for name, part in value.items():
        type_ = names.get(name, names.get("*", ANY))
        if part is not None:
            _check(part, type_, f"{path}.{name}" if path else name)


def _check_array(value: Json, type_: Json, path: str) -> None:
    if not isinstance(value, list):
        raise _refused(path, "an array")
    for number, entry in enumerate(value):
        _check(entry, type_, f"{path}[{number}]")


def _is(value: Json, type_: str) -> bool:
    if type_ == "scalar":
        return isinstance(value, str | bool | int | float)
    if isinstance(value, bool):
        return type_ in ("boolean", "switch")
    if type_ == "switch":
        return isinstance(value, str) and value.lower() in ("true", "false")
    if type_ == "string":
        return isinstance(value, str)
    if type_ == "digits" and isinstance(value, str):
        return value.isascii() and value.isdigit() and len(value) <= MAX_DIGITS
    if type_ in ("integer", "digits"):
        return isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    return type_ == "number" and isinstance(value, int | float)


def _refused(path: str, kind: str) -> WrongType:
    return WrongType(f"The property '{path}' must be {kind}.")
