"""Array functions: the page "Array functions" of Microsoft's reference.

Those that take strings and objects, too, are here, as there.
"""

from __future__ import annotations

from chatkit.localcloud.resource_manager.templates.language.core.errors import TemplateError
from chatkit.localcloud.resource_manager.templates.language.core.invocation import (
    Function,
    Invocation,
)
from chatkit.localcloud.resource_manager.templates.language.core.limits import fits
from chatkit.localcloud.resource_manager.templates.language.core.values import (
    Json,
    JsonObject,
    canonical,
    fold,
    key_in,
    same,
    text_of,
)
from chatkit.localcloud.resource_manager.templates.language.functions.arguments import (
    array,
    container,
    integer,
    invalid,
    of_wrong_kind,
    sequence,
    text,
)


def _array(call: Invocation) -> Json:
    value = call.value(0)
    if isinstance(value, list):
        return value
    return [value]


def _concat(call: Invocation) -> Json:
    values = call.values()
    arrays = [value for value in values if isinstance(value, list)]
    if len(arrays) == len(values):
        fits(sum(len(one) for one in arrays))
        return [item for one in arrays for item in one]
    for index, value in enumerate(values):
        if isinstance(value, list | dict) or value is None:
            raise of_wrong_kind(call, index, "a string, as the others, or all arrays", value)
    texts = [text_of(value) for value in values]
    fits(sum(len(one) for one in texts))
    return "".join(texts)


def _contains(call: Invocation) -> Json:
    """Case counts in strings and in elements, not in names of properties."""
    whole = container(call, 0)
    item = call.value(1)
    if isinstance(whole, list):
        return any(same(element, item) for element in whole)
    if not isinstance(item, str | int) or isinstance(item, bool):
        raise of_wrong_kind(call, 1, "a string or an integer", item)
    if isinstance(whole, str):
        return text_of(item) in whole
    return key_in(whole, text_of(item)) is not None


def _empty(call: Invocation) -> Json:
    value = call.value(0)
    if value is None:
        return True
    if not isinstance(value, str | list | dict):
        raise of_wrong_kind(call, 0, "an array, an object or a string", value)
    return len(value) == 0


def _length(call: Invocation) -> Json:
    return len(container(call, 0))


def _first(call: Invocation) -> Json:
    value = sequence(call, 0)
    if isinstance(value, str):
        return value[:1]
    return value[0] if value else None


def _last(call: Invocation) -> Json:
    value = sequence(call, 0)
    if isinstance(value, str):
        return value[-1:]
    return value[-1] if value else None


def _skip(call: Invocation) -> Json:
    value = sequence(call, 0)
    return value[max(integer(call, 1), 0) :]


def _take(call: Invocation) -> Json:
    value = sequence(call, 0)
    return value[: max(integer(call, 1), 0)]


def _index_of(call: Invocation) -> Json:
    """The first; without case in a string, with it among the elements of an array."""
    whole = sequence(call, 0)
    if isinstance(whole, str):
        return fold(whole).find(fold(text(call, 1)))
    item = call.value(1)
    return next((index for index, one in enumerate(whole) if same(one, item)), -1)


def _last_index_of(call: Invocation) -> Json:
    whole = sequence(call, 0)
    if isinstance(whole, str):
        return fold(whole).rfind(fold(text(call, 1)))
    item = call.value(1)
    backwards = range(len(whole) - 1, -1, -1)
    return next((index for index in backwards if same(whole[index], item)), -1)


def _flatten(call: Invocation) -> Json:
    """One level."""
    found: list[Json] = []
    for item in array(call, 0):
        if not isinstance(item, list):
            raise of_wrong_kind(call, 0, "an array of arrays", item)
        fits(len(found) + len(item))
        found += item
    return found


def _distinct(call: Invocation) -> Json:
    return _without_doubles(array(call, 0))


def _without_doubles(items: list[Json]) -> list[Json]:
    """Each value where it stands first."""
    found: dict[str, Json] = {}
    for item in items:
        found.setdefault(canonical(item), item)
    return [*found.values()]


def _union(call: Invocation) -> Json:
    arrays, objects = _all_alike(call)
    if arrays:
        return _without_doubles([item for whole in arrays for item in whole])
    found: JsonObject = {}
    for one in objects:
        found = _merged(found, one)
    return found


def _merged(first: JsonObject, second: JsonObject) -> JsonObject:
    """Objects within are merged, too; any other value of the second takes the first's place."""
    found = dict(first)
    for key, value in second.items():
        there = found.get(key)
        if isinstance(there, dict) and isinstance(value, dict):
            value = _merged(there, value)
        found[key] = value
    return found


def _intersection(call: Invocation) -> Json:
    arrays, objects = _all_alike(call)
    if arrays:
        others = [{canonical(item) for item in other} for other in arrays[1:]]
        common = _without_doubles(arrays[0])
        return [item for item in common if all(canonical(item) in other for other in others)]
    return {
        key: value
        for key, value in objects[0].items()
        if all(key in other and same(other[key], value) for other in objects[1:])
    }


def _all_alike(call: Invocation) -> tuple[list[list[Json]], list[JsonObject]]:
    """The arguments, which are all arrays or all objects."""
    values = call.values()
    arrays = [value for value in values if isinstance(value, list)]
    objects = [value for value in values if isinstance(value, dict)]
    if len(values) in (len(arrays), len(objects)):
        return arrays, objects
    raise invalid(call, "expects parameters that are all arrays or all objects.")


def _index_from_end(call: Invocation) -> Json:
    """Counted from 1 at the last element."""
    items = array(call, 0)
    number = integer(call, 1)
    if not 1 <= number <= len(items):
        raise TemplateError(
            f"The language expression property array index '{number}' is out of bounds."
            " Please see https://aka.ms/arm-template-expressions for usage details."
        )
    return items[-number]


def _try_index_from_end(call: Invocation) -> Json:
    """The same, and null for what is not there."""
    if call.value(0) is None:
        return None
    items = array(call, 0)
    number = integer(call, 1)
    if not 1 <= number <= len(items):
        return None
    return items[-number]


FUNCTIONS = (
    Function("array", 1, 1, _array),
    Function("concat", 1, None, _concat),
    Function("contains", 2, 2, _contains),
    Function("createArray", 0, None, lambda call: call.values()),
    Function("distinct", 1, 1, _distinct),
    Function("empty", 1, 1, _empty),
    Function("first", 1, 1, _first),
    Function("flatten", 1, 1, _flatten),
    Function("indexFromEnd", 2, 2, _index_from_end),
    Function("indexOf", 2, 2, _index_of),
    Function("intersection", 2, None, _intersection),
    Function("last", 1, 1, _last),
    Function("lastIndexOf", 2, 2, _last_index_of),
    Function("length", 1, 1, _length),
    Function("skip", 2, 2, _skip),
    Function("take", 2, 2, _take),
    Function("tryIndexFromEnd", 2, 2, _try_index_from_end),
    Function("union", 2, None, _union),
)
