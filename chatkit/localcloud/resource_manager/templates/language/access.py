"""Members of objects and elements of arrays."""

from __future__ import annotations

from chatkit.localcloud.resource_manager.templates.language.core.errors import TemplateError
from chatkit.localcloud.resource_manager.templates.language.core.values import (
    Json,
    JsonObject,
    key_in,
    kind_of,
)

SEE = "Please see https://aka.ms/arm-template-expressions for usage details."


def member(value: Json, index: Json, *, is_safe: bool) -> tuple[Json, bool]:
    """What an object or an array has under a name or a number, and whether it is there.

    Raises:
        TemplateError: It is not there and the access is not safe, or the value has no members of
            that kind.
    """
    if isinstance(value, dict) and isinstance(index, str):
        return _property(value, index, is_safe)
    if isinstance(value, list) and isinstance(index, int) and not isinstance(index, bool):
        if 0 <= index < len(value):
            return value[index], True
        if is_safe:
            return None, False
        raise TemplateError(
            f"The language expression property array index '{index}' is out of bounds. {SEE}"
        )
    raise _no_such_access(value, index)


def _property(value: JsonObject, name: str, is_safe: bool) -> tuple[Json, bool]:
    key = key_in(value, name)
    if key is not None:
        return value[key], True
    if is_safe:
        return None, False
    raise TemplateError(
        f"The language expression property '{name}' doesn't exist, available properties are"
        f" '{', '.join(value)}'. {SEE}"
    )


def _no_such_access(value: Json, index: Json) -> TemplateError:
    if isinstance(value, list):
        return TemplateError(
            f"The language expression property '{index}' can't be evaluated, property name must be"
            f" an integer for a value of type 'Array'. {SEE}"
        )
    if isinstance(value, dict):
        return TemplateError(
            f"The language expression property '{index}' can't be evaluated, property name must be"
            f" a string for a value of type 'Object'. {SEE}"
        )
    return TemplateError(
        f"The language expression property '{index}' can't be evaluated: a value of type"
        f" '{kind_of(value)}' has no properties. {SEE}"
    )
