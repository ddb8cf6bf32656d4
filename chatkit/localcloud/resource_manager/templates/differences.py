"""How a resource differs from what a template says of it.

Only what the template mentions counts, and tags: a PUT leaves defaults where a template says
nothing, and those a resource has already.
"""

from __future__ import annotations

from chatkit.localcloud.resource_manager.core.documents import Json, JsonObject

SAME_ALWAYS = {"id", "name", "type", "apiversion", "systemdata", "etag"}
MAX_DEPTH = 64


def differences(before: JsonObject, after: JsonObject) -> list[JsonObject]:
    """The changes of properties, as what-if answers have them."""
    found: list[JsonObject] = []
    known = _folded(before)
    for name, value in after.items():
        key = name.lower()
        if key in SAME_ALWAYS:
            continue
        if key == "location" and _is_same_place(known.get(key), value):
            continue
        found += _compared(name, known, value)
    found += _lost_tags(before, after)
    return sorted(found, key=lambda one: str(one["path"]))


def _folded(value: JsonObject) -> JsonObject:
    return {name.lower(): one for name, one in value.items()}


def _is_same_place(before: Json, after: Json) -> bool:
    return str(before).replace(" ", "").lower() == str(after).replace(" ", "").lower()


def _lost_tags(before: JsonObject, after: JsonObject) -> list[JsonObject]:
    kept = after.get("tags") or {}
    had = before.get("tags") or {}
    if not isinstance(kept, dict) or not isinstance(had, dict):
        return []
    names = {name.lower() for name in kept}
    return [
        _change("Delete", f"tags.{name}", value, None)
        for name, value in had.items()
        if name.lower() not in names
    ]


def _change(
    kind: str, path: str, before: Json, after: Json, children: list[JsonObject] | None = None
) -> JsonObject:
    return {
        "path": path,
        "propertyChangeType": kind,
        "before": before,
        "after": after,
        "children": children,
    }


def _compared(path: str, known: JsonObject, after: Json) -> list[JsonObject]:
    """A property that the template mentions."""
    name = path.rpartition(".")[2].lower()
    before = known.get(name)
    if after is None or is_expression(after):
        return []  # null is as absent, and an expression is not known yet
    if before is None:
        if after in ({}, []):
            return []
        return [_change("Create", path, None, after)]
    if isinstance(before, dict) and isinstance(after, dict):
        return _members(f"{path}.", before, after)
    if isinstance(before, list) and isinstance(after, list):
        return _arrays(path, before, after)
    if _is_same(before, after):
        return []
    return [_change("Modify", path, before, after)]


def _members(prefix: str, before: JsonObject, after: JsonObject) -> list[JsonObject]:
    """The members of an object that the template mentions."""
    known = _folded(before)
    changes: list[JsonObject] = []
    for name, value in after.items():
        changes += _compared(f"{prefix}{name}", known, value)
    return changes


def is_expression(value: Json) -> bool:
    """Whether a value is an expression that could not be evaluated yet."""
    return isinstance(value, str) and value.startswith("[") and value.endswith("]")


def _is_same(before: Json, after: Json) -> bool:
    if isinstance(before, bool) or isinstance(after, bool):
        return str(before).lower() == str(after).lower()  # App Service takes the text of one
    if isinstance(before, str) and before.startswith("/subscriptions/"):
        return before.lower() == str(after).lower()
    return bool(before == after)


def _arrays(path: str, before: list[Json], after: list[Json]) -> list[JsonObject]:
    children: list[JsonObject] = []
    for index in range(max(len(before), len(after))):
        label = str(index)
        if index >= len(after):
            children.append(_change("Delete", label, before[index], None))
        elif index >= len(before):
            children.append(_change("Create", label, None, after[index]))
        else:
            children += _element(label, before[index], after[index])
    if not children:
        return []
    return [_change("Array", path, before, after, children)]


def _element(label: str, before: Json, after: Json) -> list[JsonObject]:
    if isinstance(before, dict) and isinstance(after, dict):
        changes = _members("", before, after)
        if not changes:
            return []
        return [_change("Modify", label, before, after, changes)]
    if is_expression(after) or _is_same(before, after):
        return []
    return [_change("Modify", label, before, after)]
