"""Lambda functions: the page "Lambda functions" of Microsoft's reference.

`lambda` itself is part of the language; here are the functions that take one. Where a lambda
declares a variable more, it gets the index of the element, as Bicep's functions describe it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cmp_to_key

from chatkit.localcloud.resource_manager.templates.language.core.errors import (
    TemplateError,
    not_expected_here,
)
from chatkit.localcloud.resource_manager.templates.language.core.invocation import (
    Function,
    Invocation,
    Lambda,
)
from chatkit.localcloud.resource_manager.templates.language.core.values import (
    Json,
    JsonObject,
    kind_of,
)
from chatkit.localcloud.resource_manager.templates.language.functions.arguments import (
    array,
    json_object,
    text,
)


def _called(call: Invocation, mapping: Lambda, values: Sequence[Json], index: int) -> Json:
    """A lambda's value for those, and for the index when it declares one variable more."""
    if mapping.parameters == len(values):
        return mapping.call(values)
    if mapping.parameters == len(values) + 1:
        return mapping.call([*values, index])
    raise TemplateError(
        f"The template language function '{call.name}' expects a lambda with {len(values)} or"
        f" {len(values) + 1} variables. The provided one has {mapping.parameters}."
    )


def _is_true(call: Invocation, value: Json) -> bool:
    if not isinstance(value, bool):
        raise TemplateError(
            f"The template language function '{call.name}' expects its lambda to yield a value of"
            f" type 'Boolean'. It yielded one of type '{kind_of(value)}'."
        )
    return value


def _filter(call: Invocation) -> Json:
    items = array(call, 0)
    wanted = call.lambda_at(1)
    found = enumerate(items)
    return [item for index, item in found if _is_true(call, _called(call, wanted, [item], index))]


def _map(call: Invocation) -> Json:
    items = array(call, 0)
    mapping = call.lambda_at(1)
    return [_called(call, mapping, [item], index) for index, item in enumerate(items)]


def _map_values(call: Invocation) -> Json:
    whole = json_object(call, 0)
    mapping = call.lambda_at(1)
    return {key: mapping.call([value]) for key, value in whole.items()}


def _reduce(call: Invocation) -> Json:
    items = array(call, 0)
    found = call.value(1)
    step = call.lambda_at(2)
    for index, item in enumerate(items):
        found = _called(call, step, [found, item], index)
    return found


def _sort(call: Invocation) -> Json:
    """The lambda says whether the first comes before the second; equal ones stay as they are."""
    items = array(call, 0)
    before = call.lambda_at(1)

    def compare(first: Json, second: Json) -> int:
        if _is_true(call, before.call([first, second])):
            return -1
        return int(_is_true(call, before.call([second, first])))

    return sorted(items, key=cmp_to_key(compare))


def _to_object(call: Invocation) -> Json:
    found: JsonObject = {}
    for key, value in _keyed(call):
        found[key] = value
    return found


def _group_by(call: Invocation) -> Json:
    groups: dict[str, list[Json]] = {}
    for key, value in _keyed(call):
        groups.setdefault(key, []).append(value)
    return {key: [*values] for key, values in groups.items()}


def _keyed(call: Invocation) -> list[tuple[str, Json]]:
    """Each element's key, by the first lambda, and its value, by the second or itself."""
    items = array(call, 0)
    key_of = call.lambda_at(1)
    value_of = call.lambda_at(2) if len(call) == 3 else None
    found = []
    for index, item in enumerate(items):
        key = _called(call, key_of, [item], index)
        if not isinstance(key, str):
            raise TemplateError(
                f"The template language function '{call.name}' expects its lambda to yield a key of"
                f" type 'String'. It yielded one of type '{kind_of(key)}'."
            )
        value = item
        if value_of is not None:
            value = _called(call, value_of, [item], index)
        found.append((key, value))
    return found


def _lambda(call: Invocation) -> Json:
    """Anywhere but as an argument of the functions above."""
    raise not_expected_here(call.name)


FUNCTIONS = (
    Function("filter", 2, 2, _filter),
    Function("groupBy", 2, 3, _group_by),
    Function("lambda", 1, None, _lambda),
    Function("lambdaVariables", 1, 1, lambda call: call.lambda_variable(text(call, 0))),
    Function("map", 2, 2, _map),
    Function("mapValues", 2, 2, _map_values),
    Function("reduce", 3, 3, _reduce),
    Function("sort", 2, 2, _sort),
    Function("toObject", 2, 3, _to_object),
)
