"""Values of the language: JSON, what Azure calls its kinds, and when two values are the same."""

from __future__ import annotations

import json
from typing import TypeAlias

Json: TypeAlias = "None | bool | int | float | str | list[Json] | dict[str, Json]"
JsonObject: TypeAlias = dict[str, Json]


def kind_of(value: Json) -> str:
    """What Azure's errors call the kind of a value: `String`, `Integer`, `Object`, ..."""
    if value is None:
        return "Null"
    if isinstance(value, bool):
        return "Boolean"
    if isinstance(value, int):
        return "Integer"
    if isinstance(value, float):
        return "Float"
    if isinstance(value, str):
        return "String"
    if isinstance(value, list):
        return "Array"
    return "Object"


def same(first: Json, second: Json) -> bool:
    """Whether two values are equal: of one kind, strings with case, keys in any order."""
    if isinstance(first, list) and isinstance(second, list):
        if len(first) != len(second):
            return False
        return all(same(one, other) for one, other in zip(first, second, strict=True))
    if isinstance(first, dict) and isinstance(second, dict):
        if first.keys() != second.keys():
            return False
        return all(same(value, second[key]) for key, value in first.items())
    return kind_of(first) == kind_of(second) and first == second


def canonical(value: Json) -> str:
    """A text that two values share when they are the same."""
    return json.dumps(value, sort_keys=True)


def key_in(value: JsonObject, name: str) -> str | None:
    """How an object spells a property's name, which is compared without case; None without one."""
    if name in value:
        return name
    folded = fold(name)
    return next((key for key in value if fold(key) == folded), None)


def text_of(value: Json) -> str:
    """A value as the function `string` writes it: compact JSON, `True`, nothing for null."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, int | float):
        return number_text(value).removesuffix(".0")
    return compact(value)


def compact(value: Json, quote: str = '"') -> str:
    """JSON without blanks, with that quotation mark around strings, as Newtonsoft writes it."""
    if isinstance(value, list):
        return "[" + ",".join(compact(item, quote) for item in value) + "]"
    if isinstance(value, dict):
        pairs = (f"{_quoted(key, quote)}:{compact(item, quote)}" for key, item in value.items())
        return "{" + ",".join(pairs) + "}"
    if isinstance(value, str):
        return _quoted(value, quote)
    if isinstance(value, float):
        return number_text(value)
    return json.dumps(value)


def _quoted(text: str, quote: str) -> str:
    written = json.dumps(text, ensure_ascii=False)
    if quote == '"':
        return written
    return quote + written[1:-1].replace('\\"', '"').replace(quote, "\\" + quote) + quote


def number_text(value: int | float) -> str:
    """A number as .NET writes it: `1.5`, `1E+30`."""
    return repr(value).replace("e", "E")


def fold(text: str) -> str:
    """For comparisons without case; every character keeps its place, as in .NET."""
    if text.isascii():
        return text.upper()
    return "".join(one_to_one(character, character.upper()) for character in text)


def one_to_one(character: str, changed: str) -> str:
    """The changed character, when it is still one: .NET leaves `ß` as it is."""
    if len(changed) == 1:
        return changed
    return character
