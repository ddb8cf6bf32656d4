"""Logical functions: the page "Logical functions" of Microsoft's reference."""

from __future__ import annotations

from chatkit.localcloud.resource_manager.templates.language.core.errors import TemplateError
from chatkit.localcloud.resource_manager.templates.language.core.invocation import (
    Function,
    Invocation,
)
from chatkit.localcloud.resource_manager.templates.language.core.values import Json
from chatkit.localcloud.resource_manager.templates.language.functions.arguments import (
    boolean,
    of_wrong_kind,
)


def _and(call: Invocation) -> Json:
    """What stands behind the first false one is not evaluated."""
    return all(boolean(call, index) for index in range(len(call)))


def _or(call: Invocation) -> Json:
    """What stands behind the first true one is not evaluated."""
    return any(boolean(call, index) for index in range(len(call)))


def _not(call: Invocation) -> Json:
    return not boolean(call, 0)


def _if(call: Invocation) -> Json:
    """Only the branch that is taken is evaluated."""
    if boolean(call, 0):
        return call.value(1)
    return call.value(2)


def _bool(call: Invocation) -> Json:
    value = call.value(0)
    if isinstance(value, int):
        return bool(value)
    if not isinstance(value, str):
        raise of_wrong_kind(call, 0, "a string, an integer or a boolean", value)
    found = {"true": True, "false": False}.get(value.strip().lower())
    if found is None:
        raise TemplateError(
            f"The template language function '{call.name}' was invoked with a parameter that is not"
            " valid. The value cannot be converted to the target type."
        )
    return found


FUNCTIONS = (
    Function("and", 2, None, _and),
    Function("bool", 1, 1, _bool),
    Function("false", 0, 0, lambda call: False),
    Function("if", 3, 3, _if),
    Function("not", 1, 1, _not),
    Function("or", 2, None, _or),
    Function("true", 0, 0, lambda call: True),
)
