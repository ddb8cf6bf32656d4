"""Evaluates the expressions of a template: what it has in brackets."""

from __future__ import annotations

from collections.abc import Sequence

from chatkit.localcloud.resource_manager.templates.language.access import member
from chatkit.localcloud.resource_manager.templates.language.core.errors import (
    TemplateError,
    no_such_function,
    not_expected_here,
    not_nested_that_deep,
    wrong_number_of_arguments,
)
from chatkit.localcloud.resource_manager.templates.language.core.expressions import (
    Call,
    Expression,
    Literal,
    unchained,
)
from chatkit.localcloud.resource_manager.templates.language.core.invocation import Function, Lambda
from chatkit.localcloud.resource_manager.templates.language.core.limits import (
    Budget,
    budget,
    checked,
)
from chatkit.localcloud.resource_manager.templates.language.core.scope import (
    FunctionScope,
    Scope,
    is_allowed,
)
from chatkit.localcloud.resource_manager.templates.language.core.values import Json, fold
from chatkit.localcloud.resource_manager.templates.language.functions.catalogue import (
    FUNCTIONS,
    function_named,
)
from chatkit.localcloud.resource_manager.templates.language.parser import (
    is_expression,
    parse,
    unescaped,
)

# What puts values together, so that the same can be in it many times.
MAKING = frozenset(
    {
        *("array", "concat", "createArray", "createObject", "flatten", "groupBy", "map"),
        *("mapValues", "shallowMerge", "toObject", "union"),
    }
)


def evaluate(document: Json, scope: Scope) -> Json:
    """A document with every expression in it replaced by its value.

    A string that is an expression as a whole yields a value of any kind; `[[` at its beginning
    stands for `[`. Names of properties are evaluated, too, when they are expressions: Bicep writes
    the keys of `userAssignedIdentities` so.

    Raises:
        TemplateError: An expression cannot be parsed or evaluated; `path` says which.
    """
    try:
        with budget():
            return checked(_document(document, scope))
    except RecursionError:
        raise not_nested_that_deep() from None


def evaluate_expression(expression: Expression, scope: Scope) -> Json:
    """The value of a parsed expression.

    Raises:
        TemplateError: It cannot be evaluated, with the column of what cannot.
    """
    with budget() as steps:
        return _Evaluator(scope, {}, steps).value(expression)


def _document(document: Json, scope: Scope) -> Json:
    if isinstance(document, str):
        return _text(document, scope)
    if isinstance(document, list):
        return [_part(index, item, scope) for index, item in enumerate(document)]
    if isinstance(document, dict):
        return {_key(key, scope): _part(key, item, scope) for key, item in document.items()}
    return document


def _part(step: str | int, document: Json, scope: Scope) -> Json:
    try:
        return _document(document, scope)
    except TemplateError as error:
        error.path = (step, *error.path)
        raise


def _text(text: str, scope: Scope) -> Json:
    if not is_expression(text):
        return unescaped(text)
    return evaluate_expression(parse(text), scope)


def _key(key: str, scope: Scope) -> str:
    value = _part(key, key, scope)
    if not isinstance(value, str):
        error = TemplateError(f"The name of a property has to be a string: '{key}' yields none.")
        error.path = (key,)
        raise error
    return value


class _Evaluator:
    """Evaluates expressions in a scope, within lambdas whose variables have values."""

    def __init__(self, scope: Scope, variables: dict[str, Json], steps: Budget) -> None:
        self.scope = scope
        self.variables = variables
        self.steps = steps

    def value(self, expression: Expression) -> Json:
        if isinstance(expression, Literal):
            return expression.value
        base, steps = unchained(expression)
        assert isinstance(base, Call)
        found = self.call(base)
        for step in steps:
            index = self.value(step.index)
            if found is None and step.is_safe:
                return None  # And nothing behind it is looked at, as in Bicep.
            try:
                found, is_there = member(found, index, is_safe=step.is_safe)
            except TemplateError as error:
                raise _placed(error, step.position) from None
            if not is_there:
                return None
        return found

    def call(self, call: Call) -> Json:
        try:
            if call.namespace is not None:
                return self.user_function(call)
            function = function_named(call.name)
            if function is None:
                raise no_such_function(call.name, sorted(known.name for known in FUNCTIONS))
            return self.built_in(call, function)
        except TemplateError as error:
            raise _placed(error, call.position) from None

    def built_in(self, call: Call, function: Function) -> Json:
        if not is_allowed(function.name, self.scope.place):
            raise not_expected_here(call.name)
        given = len(call.arguments)
        if given < function.fewest or (function.most is not None and given > function.most):
            raise wrong_number_of_arguments(call.name, function.fewest, function.most, given)
        found = function.answer(_Invocation(self, call))
        self.steps.take(found)
        if function.name in MAKING or isinstance(found, str):
            checked(found)
        return found

    def user_function(self, call: Call) -> Json:
        assert call.namespace is not None
        function = self.scope.user_function(call.namespace, call.name)
        if function is None:
            raise no_such_function(call.full_name, sorted(known.name for known in FUNCTIONS))
        given = len(call.arguments)
        if given != len(function.parameters):
            needed = len(function.parameters)
            raise wrong_number_of_arguments(call.full_name, needed, needed, given)
        arguments = [self.value(argument) for argument in call.arguments]
        return evaluate(function.output, FunctionScope(self.scope, function, arguments))


class _Invocation:
    """One call of a function: its arguments, evaluated when they are asked for."""

    def __init__(self, evaluator: _Evaluator, call: Call) -> None:
        self.evaluator = evaluator
        self.call = call

    @property
    def name(self) -> str:
        return self.call.name

    @property
    def scope(self) -> Scope:
        return self.evaluator.scope

    def __len__(self) -> int:
        return len(self.call.arguments)

    def value(self, index: int) -> Json:
        return self.evaluator.value(self.call.arguments[index])

    def values(self) -> list[Json]:
        return [self.evaluator.value(argument) for argument in self.call.arguments]

    def lambda_at(self, index: int) -> Lambda:
        found = self.call.arguments[index]
        if not isinstance(found, Call) or found.namespace or found.name.lower() != "lambda":
            raise TemplateError(
                f"The template language function '{self.name}' expects a lambda as parameter"
                f" {index + 1}."
            )
        return self._lambda(found)

    def _lambda(self, call: Call) -> Lambda:
        names = []
        for argument in call.arguments[:-1]:
            if not isinstance(argument, Literal) or not isinstance(argument.value, str):
                raise TemplateError(
                    "The template language function 'lambda' expects the names of its variables"
                    " as strings before its last parameter.",
                    position=call.position,
                )
            names.append(fold(argument.value))
        if not call.arguments:
            raise wrong_number_of_arguments(call.name, 1, None, 0)
        body = call.arguments[-1]

        def value(arguments: Sequence[Json]) -> Json:
            own = dict(zip(names, arguments, strict=False))
            variables = {**self.evaluator.variables, **own}
            return _Evaluator(self.scope, variables, self.evaluator.steps).value(body)

        return Lambda(len(names), value)

    def lambda_variable(self, name: str) -> Json:
        variables = self.evaluator.variables
        if fold(name) not in variables:
            raise TemplateError(f"The lambda variable '{name}' is not found.")
        return variables[fold(name)]


def _placed(error: TemplateError, position: int) -> TemplateError:
    """The innermost position stays: it is the one that is wrong."""
    if not error.position:
        error.position = position
    return error
