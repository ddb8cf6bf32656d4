"""Comparison functions: the page "Comparison functions" of Microsoft's reference."""

from __future__ import annotations

from collections.abc import Callable

from chatkit.localcloud.resource_manager.templates.language.core.errors import TemplateError
from chatkit.localcloud.resource_manager.templates.language.core.invocation import (
    Function,
    Invocation,
)
from chatkit.localcloud.resource_manager.templates.language.core.values import Json, kind_of, same
from chatkit.localcloud.resource_manager.templates.language.dotnet.culture import sort_key
from chatkit.localcloud.resource_manager.templates.language.functions.arguments import of_wrong_kind


def _coalesce(call: Invocation) -> Json:
    """What stands behind the first value is not evaluated."""
    for index in range(len(call)):
        value = call.value(index)
        if value is not None:
            return value
    return None


def _equals(call: Invocation) -> Json:
    return same(call.value(0), call.value(1))


def _order(call: Invocation) -> int:
    """Below, at or above zero, as the first is less than, equal to or greater than the second."""
    first = call.value(0)
    second = call.value(1)
    if isinstance(first, str) and isinstance(second, str):
        return _sign(sort_key(first), sort_key(second))
    numbers = (first, second)
    for index, value in enumerate(numbers):
        if not isinstance(value, int | float | str) or isinstance(value, bool):
            raise of_wrong_kind(call, index, "an integer or a string", value)
    if isinstance(first, int | float) and isinstance(second, int | float):
        return (first > second) - (first < second)
    raise TemplateError(
        f"The template language function '{call.name}' expects two parameters of matching types."
        f" The function was invoked with values of type '{kind_of(first)}' and"
        f" '{kind_of(second)}' that do not match."
    )


def _sign(first: tuple[object, ...], second: tuple[object, ...]) -> int:
    if first == second:
        return 0
    return -1 if first < second else 1


def _ordering(holds: Callable[[int], bool]) -> Callable[[Invocation], Json]:
    return lambda call: holds(_order(call))


FUNCTIONS = (
    Function("coalesce", 1, None, _coalesce),
    Function("equals", 2, 2, _equals),
    Function("less", 2, 2, _ordering(lambda order: order < 0)),
    Function("lessOrEquals", 2, 2, _ordering(lambda order: order <= 0)),
    Function("greater", 2, 2, _ordering(lambda order: order > 0)),
    Function("greaterOrEquals", 2, 2, _ordering(lambda order: order >= 0)),
)
