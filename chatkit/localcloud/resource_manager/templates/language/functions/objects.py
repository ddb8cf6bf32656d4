"""Object functions: the page "Object functions" of Microsoft's reference."""

from __future__ import annotations

from chatkit.localcloud.resource_manager.templates.language.core.errors import TemplateError
from chatkit.localcloud.resource_manager.templates.language.core.invocation import (
    Function,
    Invocation,
)
from chatkit.localcloud.resource_manager.templates.language.core.values import (
    Json,
    JsonObject,
    key_in,
)
from chatkit.localcloud.resource_manager.templates.language.dotnet.culture import sort_key
from chatkit.localcloud.resource_manager.templates.language.dotnet.newtonsoft import (
    NotJson,
    read_json,
)
from chatkit.localcloud.resource_manager.templates.language.functions.arguments import (
    array,
    invalid,
    json_object,
    of_wrong_kind,
    text,
)


def _create_object(call: Invocation) -> Json:
    """Names and values in turn."""
    values = call.values()
    if len(values) % 2:
        raise invalid(call, "expects an even number of parameters: names and values in turn.")
    found: JsonObject = {}
    for index in range(0, len(values), 2):
        key = values[index]
        if not isinstance(key, str):
            raise of_wrong_kind(call, index, "of type 'String'", key)
        found[key] = values[index + 1]
    return found


def _items(call: Invocation) -> Json:
    """In the order of the names."""
    whole = json_object(call, 0)
    return [{"key": key, "value": whole[key]} for key in sorted(whole, key=sort_key)]


def _object_keys(call: Invocation) -> Json:
    return [*sorted(json_object(call, 0), key=sort_key)]


def _shallow_merge(call: Invocation) -> Json:
    """The last of the same name stays; objects within are not merged."""
    found: JsonObject = {}
    for entry in array(call, 0):
        if not isinstance(entry, dict):
            raise of_wrong_kind(call, 0, "an array of objects", entry)
        found |= entry
    return found


def _json(call: Invocation) -> Json:
    written = text(call, 0)
    try:
        return read_json(written)
    except NotJson as error:
        raise TemplateError(
            f"The template language function '{call.name}' parameter is not valid. The provided"
            f" value cannot be parsed: '{error}'."
            " Please see https://aka.ms/arm-functions#json for usage details."
        ) from None


def _try_get(call: Invocation) -> Json:
    """A member, or one of a member; null when one of them is not there.

    Bicep writes an index that is counted from the end as `{"value": 1, "fromEnd": true}`.
    """
    found = call.value(0)
    for index in range(1, len(call)):
        step = call.value(index)
        if isinstance(found, list):
            step = _from_the_end(found, step)
        found = _one_try(call, index, found, step)
    return found


def _from_the_end(items: list[Json], step: Json) -> Json:
    """The index from the beginning; 1 is the last element."""
    if not isinstance(step, dict) or not isinstance(step.get("value"), int):
        return step
    value = step["value"]
    if step.get("fromEnd") is True and isinstance(value, int):
        return len(items) - value
    return value


def _one_try(call: Invocation, index: int, value: Json, step: Json) -> Json:
    if value is None:
        return None
    if isinstance(value, dict) and isinstance(step, str):
        key = key_in(value, step)
        return None if key is None else value[key]
    if isinstance(value, list) and isinstance(step, int) and not isinstance(step, bool):
        return value[step] if 0 <= step < len(value) else None
    if isinstance(value, dict):
        raise of_wrong_kind(call, index, "of type 'String'", step)
    if isinstance(value, list):
        raise of_wrong_kind(call, index, "of type 'Integer'", step)
    raise of_wrong_kind(call, index - 1, "an array or an object", value)


FUNCTIONS = (
    Function("createObject", 0, None, _create_object),
    Function("items", 1, 1, _items),
    Function("json", 1, 1, _json),
    Function("null", 0, 0, lambda call: None),
    Function("objectKeys", 1, 1, _object_keys),
    Function("shallowMerge", 1, 1, _shallow_merge),
    Function("tryGet", 2, None, _try_get),
)
