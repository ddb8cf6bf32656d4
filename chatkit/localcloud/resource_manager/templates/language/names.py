"""Checks that the names in expressions are defined, before anything is evaluated."""

from __future__ import annotations

from collections.abc import Iterator

from chatkit.localcloud.resource_manager.templates.language.core.errors import (
    no_such_function,
    not_nested_that_deep,
    wrong_number_of_arguments,
)
from chatkit.localcloud.resource_manager.templates.language.core.expressions import (
    Access,
    Call,
    Expression,
    Literal,
)
from chatkit.localcloud.resource_manager.templates.language.core.scope import Scope
from chatkit.localcloud.resource_manager.templates.language.core.values import Json
from chatkit.localcloud.resource_manager.templates.language.dependencies import expressions_in
from chatkit.localcloud.resource_manager.templates.language.functions.catalogue import (
    FUNCTIONS,
    function_named,
)
from chatkit.localcloud.resource_manager.templates.language.parser import parse

# Of these the first argument alone is always evaluated.
LAZY = frozenset({"if", "and", "or", "coalesce"})


def check_names(document: Json, scope: Scope) -> None:
    """Refuse a document that calls functions, parameters or variables which are not there.

    What may be left out when it is evaluated is not looked at.

    Raises:
        TemplateError: There is no such name, or a function has too few or too many arguments.
    """
    try:
        for text in expressions_in(document):
            for call in _calls_in(parse(text)):
                _check(call, scope)
    except RecursionError:
        raise not_nested_that_deep() from None


def _calls_in(expression: Expression) -> Iterator[Call]:
    waiting = [expression]
    while waiting:
        found = waiting.pop()
        if isinstance(found, Access):
            waiting += [found.index, found.target]
        elif isinstance(found, Call):
            yield found
            is_lazy = found.namespace is None and found.name.lower() in LAZY
            waiting += found.arguments[:1] if is_lazy else found.arguments


def _check(call: Call, scope: Scope) -> None:
    if call.namespace is not None:
        if scope.user_function(call.namespace, call.name) is None:
            raise no_such_function(call.full_name, sorted(known.name for known in FUNCTIONS))
        return
    function = function_named(call.name)
    if function is None:
        raise no_such_function(call.name, sorted(known.name for known in FUNCTIONS))
    given = len(call.arguments)
    if given < function.fewest or (function.most is not None and given > function.most):
        raise wrong_number_of_arguments(call.name, function.fewest, function.most, given)
    first = call.arguments[0] if call.arguments else None
    if isinstance(first, Literal) and isinstance(first.value, str):
        if function.name == "parameters":
            scope.parameter(first.value)
        elif function.name == "variables":
            scope.variable(first.value)
