"""Arguments of functions by their kinds, and what Azure says of one that is of another kind."""

from __future__ import annotations

from chatkit.localcloud.resource_manager.templates.language.core.errors import TemplateError, see
from chatkit.localcloud.resource_manager.templates.language.core.invocation import Invocation
from chatkit.localcloud.resource_manager.templates.language.core.values import (
    Json,
    JsonObject,
    kind_of,
)

ORDINALS = ("first", "second", "third", "fourth", "fifth")


def text(call: Invocation, index: int) -> str:
    """An argument that has to be a string."""
    value = call.value(index)
    if not isinstance(value, str):
        raise of_wrong_kind(call, index, "of type 'String'", value)
    return value


def integer(call: Invocation, index: int) -> int:
    """An argument that has to be an integer."""
    value = call.value(index)
    if not isinstance(value, int) or isinstance(value, bool):
        raise of_wrong_kind(call, index, "of type 'Integer'", value)
    return value


def text_or_none(call: Invocation, index: int) -> str | None:
    """An argument that has to be a string; None where it was left out."""
    if len(call) <= index:
        return None
    return text(call, index)


def integer_or(call: Invocation, index: int, default: int) -> int:
    """An argument that has to be an integer; the default where it was left out."""
    if len(call) <= index:
        return default
    return integer(call, index)


def boolean(call: Invocation, index: int) -> bool:
    """An argument that has to be a boolean."""
    value = call.value(index)
    if not isinstance(value, bool):
        raise of_wrong_kind(call, index, "of type 'Boolean'", value)
    return value


def array(call: Invocation, index: int) -> list[Json]:
    """An argument that has to be an array."""
    value = call.value(index)
    if not isinstance(value, list):
        raise of_wrong_kind(call, index, "of type 'Array'", value)
    return value


def json_object(call: Invocation, index: int) -> JsonObject:
    """An argument that has to be an object."""
    value = call.value(index)
    if not isinstance(value, dict):
        raise of_wrong_kind(call, index, "of type 'Object'", value)
    return value


def sequence(call: Invocation, index: int) -> str | list[Json]:
    """An argument that has to be an array or a string."""
    value = call.value(index)
    if not isinstance(value, str | list):
        raise of_wrong_kind(call, index, "an array or a string", value)
    return value


def container(call: Invocation, index: int) -> str | list[Json] | JsonObject:
    """An argument that has to be an array, an object or a string."""
    value = call.value(index)
    if not isinstance(value, str | list | dict):
        raise of_wrong_kind(call, index, "an array, an object or a string", value)
    return value


def of_wrong_kind(call: Invocation, index: int, expected: str, value: Json) -> TemplateError:
    """Azure's sentence for an argument of another kind than the function takes."""
    which = "its parameter"
    if len(call) > 1 and index < len(ORDINALS):
        which = f"its {ORDINALS[index]} parameter"
    return TemplateError(
        f"The template language function '{call.name}' expects {which} to be {expected}."
        f" The provided value is of type '{kind_of(value)}'. {see(call.name)}"
    )


def invalid(call: Invocation, why: str) -> TemplateError:
    """A sentence of the same form for what else is wrong with an argument."""
    return TemplateError(f"The template language function '{call.name}' {why} {see(call.name)}")
