"""Expressions over blob index tags. Follows Microsoft's pages "Find Blobs by Tags" and "Conditional headers" (`x-ms-if-tags`).

An expression is `"Tag" = 'value'` and the like, joined by AND, and in conditions by OR, which binds less. Values compare
as texts. What a blob has no tag of fulfils no comparison.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

TOKEN = re.compile(
    r"""\s*(?:"(?P<quoted>[^"]*)"|'(?P<value>[^']*)'|(?P<sign><>|<=|>=|[=<>])|(?P<word>@?[\w+\-./:]+))""",
    re.ASCII,
)
SIGNS: Mapping[str, Callable[[str, str], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
CONTAINER = "@container"


@dataclass(frozen=True)
class Comparison:
    """One comparison: a tag's name (or `@container`), a sign and a value."""

    name: str
    sign: str
    value: str

    def holds(self, tags: Mapping[str, str]) -> bool:
        """Say whether tags fulfil it."""
        return self.name in tags and SIGNS[self.sign](tags[self.name], self.value)


@dataclass(frozen=True)
class TagRule:
    """An expression: one of several groups, and of that group all comparisons, have to hold."""

    groups: tuple[tuple[Comparison, ...], ...]

    @property
    def names(self) -> set[str]:
        """The tags it speaks of."""
        return {comparison.name for group in self.groups for comparison in group}

    def holds(self, tags: Mapping[str, str]) -> bool:
        """Say whether tags fulfil it."""
        return any(all(comparison.holds(tags) for comparison in group) for group in self.groups)


def parse(text: str, *, condition: bool = False) -> TagRule:
    """Read an expression.

    Args:
        text: The expression.
        condition: It is a condition: OR and `<>` are known, `@container` is not.

    Raises:
        ValueError: It is none.
    """
    tokens, groups, group = _tokens(text), [], []
    for place in range(0, len(tokens), 4):
        comparison, joined = _comparison(tokens[place : place + 3]), tokens[place + 3 : place + 4]
        if comparison.name == CONTAINER if condition else comparison.sign == "<>":
            raise ValueError(text)
        group.append(comparison)
        word = joined[0][1].upper() if joined and joined[0][0] == "word" else ""
        if joined and (
            word not in ("AND", *(["OR"] if condition else [])) or len(tokens) == place + 4
        ):
            raise ValueError(text)
        if word != "AND":
            groups.append(tuple(group))
            group = []
    if not groups:
        raise ValueError(text)
    return TagRule(tuple(groups))


def _tokens(text: str) -> list[tuple[str, str]]:
    found, end = [], 0
    while text[end:].strip():
        match = TOKEN.match(text, end)
        if match is None or match.lastgroup is None:
            raise ValueError(text)
        found.append((match.lastgroup, match[match.lastgroup]))
        end = match.end()
    return found


def _comparison(tokens: list[tuple[str, str]]) -> Comparison:
    kinds = [kind for kind, _ in tokens]
    if kinds not in (["quoted", "sign", "value"], ["word", "sign", "value"]):
        raise ValueError(tokens)
    (_, name), (_, sign), (_, value) = tokens
    return Comparison(name.lower() if name.startswith("@") else name, sign, value)
