"""Expressions over blob index tags.

Follows Microsoft's pages "Find Blobs by Tags" and "Conditional headers" (`x-ms-if-tags`). An
expression is `"Tag" = 'value'` and the like, joined by AND, and in conditions by OR, which binds
less. Values compare as texts. No comparison holds for a tag that a blob does not have.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from chatkit.localcloud.core import odata

OPERATORS: Mapping[str, Callable[[str, str], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
}
CONTAINER = "@container"


@dataclass(frozen=True)
class Comparison:
    """One comparison: a tag's name (or `@container`), an operator and a value."""

    name: str
    operator: str
    value: str

    def holds(self, tags: Mapping[str, str]) -> bool:
        """Say whether tags fulfil it."""
        return self.name in tags and OPERATORS[self.operator](tags[self.name], self.value)


@dataclass(frozen=True)
class TagRule:
    """An expression: all comparisons of one of the groups have to hold."""

    groups: tuple[tuple[Comparison, ...], ...]

    @property
    def names(self) -> set[str]:
        """The tags it speaks of."""
        return {comparison.name for group in self.groups for comparison in group}

    def holds(self, tags: Mapping[str, str]) -> bool:
        """Say whether tags fulfil it."""
        return any(all(comparison.holds(tags) for comparison in group) for group in self.groups)


def parse_search(text: str) -> TagRule:
    """Read the expression of a search: AND alone joins, and there is no `<>`.

    Raises:
        ValueError: The text is not such an expression.
    """
    rule = TagRule((_group(odata.parse(text, odata.BLOB_TAGS)),))
    for comparison in rule.groups[0]:
        if comparison.operator == "ne":
            raise ValueError(f"{comparison.name}: a search has no <>")
    return rule


def parse_condition(text: str) -> TagRule:
    """Read a condition on the tags of one blob: also with OR and `<>`, and without `@container`.

    Raises:
        ValueError: The text is not such a condition.
    """
    match odata.parse(text, odata.BLOB_TAGS):
        case odata.Or(alternatives):
            rule = TagRule(tuple(_group(alternative) for alternative in alternatives))
        case tree:
            rule = TagRule((_group(tree),))
    if CONTAINER in rule.names:
        raise ValueError(f"a condition has no {CONTAINER}")
    return rule


def _group(tree: odata.Node) -> tuple[Comparison, ...]:
    if isinstance(tree, odata.And):
        return tuple(_comparison(operand) for operand in tree.operands)
    return (_comparison(tree),)


def _comparison(tree: odata.Node) -> Comparison:
    match tree:
        case odata.Comparison(sign, odata.Name(name), odata.Literal(str(value))):
            if name.startswith("@"):
                name = name.lower()
            return Comparison(name, sign, value)
    raise ValueError("an expression is a tag's name, an operator and a value in quotes")
