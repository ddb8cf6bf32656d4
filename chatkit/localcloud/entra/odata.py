"""What of OData Graph's clients write.

`$filter` with equality, beginnings, and members of a list, joined by and, or; annotations such as `@odata.type`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

Keeps = Callable[[Mapping[str, Any]], bool]
VALUE = r"'((?:[^']|'')*)'"
CONDITIONS: tuple[tuple[re.Pattern[str], Callable[[Any, str], bool]], ...] = (
    (re.compile(rf"(?i)(\w+)\s+eq\s+{VALUE}"), lambda found, wanted: _same(found, wanted)),
    (
        re.compile(rf"(?i)startswith\(\s*(\w+)\s*,\s*{VALUE}\s*\)"),
        lambda found, wanted: _begins(found, wanted),
    ),
    (
        re.compile(rf"(?i)(\w+)/any\(\s*\w+\s*:\s*\w+\s+eq\s+{VALUE}\s*\)"),
        lambda found, wanted: any(_same(item, wanted) for item in found or ()),
    ),
)
JOIN = re.compile(r"(?i)\s+(and|or)\s+")


def is_annotation(name: str) -> bool:
    """Say whether a member of a payload is about it and not part of it (OData JSON Format 4.01 §4.6, §20)."""
    return "@" in name


def without_annotations(value: Any) -> Any:
    """A value of a payload, whatever its client has written about it. Microsoft's SDKs write `@odata.type` everywhere."""
    if isinstance(value, list):
        return [without_annotations(item) for item in value]
    if isinstance(value, dict):
        return {
            name: without_annotations(item)
            for name, item in value.items()
            if not is_annotation(name)
        }
    return value


def parse(text: str) -> Keeps:
    """Read a filter; `and` binds closer than `or`.

    Raises:
        ValueError: It is none of the forms above.
    """
    ways: list[list[Keeps]] = [[]]
    rest = text.strip()
    while True:
        condition, rest = _condition(rest)
        ways[-1].append(condition)
        if not rest:
            return lambda value: any(all(keeps(value) for keeps in way) for way in ways)
        join = JOIN.match(rest)
        if join is None:
            raise ValueError(rest)
        if join[1].lower() == "or":
            ways.append([])
        rest = rest[join.end() :]


def _condition(text: str) -> tuple[Keeps, str]:
    for pattern, holds in CONDITIONS:
        found = pattern.match(text)
        if found:
            return _keeping(found[1], holds, found[2].replace("''", "'")), text[found.end() :]
    raise ValueError(text)


def _keeping(name: str, holds: Callable[[Any, str], bool], wanted: str) -> Keeps:
    return lambda value: holds(value.get(name), wanted)


def _same(found: Any, wanted: str) -> bool:
    return str(found or "").lower() == wanted.lower()


def _begins(found: Any, wanted: str) -> bool:
    return str(found or "").lower().startswith(wanted.lower())
