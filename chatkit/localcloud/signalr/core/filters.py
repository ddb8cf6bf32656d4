"""The OData filter of `:execute`: which connections a list of commands is for.

Follows Microsoft's page "OData filter syntax" of the service's REST API: comparisons, `in`, the text functions, and/or/not.
Names: userId, connectionId, groups.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from chatkit.localcloud.signalr.core.connection import Connection
from chatkit.localcloud.signalr.core.errors import BadRequest

Value = Any
Term = Callable[[Connection], Value]
TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>-?\d+)|(?P<name>[A-Za-z_]+)|(?P<mark>[(),]))"
)
NAMES: dict[str, Term] = {
    "userid": lambda connection: connection.user_id or None,
    "connectionid": lambda connection: connection.id,
    "groups": lambda connection: sorted(connection.groups),
    "null": lambda connection: None,
    "true": lambda connection: True,
    "false": lambda connection: False,
}
FUNCTIONS: dict[str, Callable[..., Value]] = {
    "startswith": lambda text, part: str(text or "").startswith(str(part)),
    "endswith": lambda text, part: str(text or "").endswith(str(part)),
    "contains": lambda text, part: str(part) in str(text or ""),
    "length": lambda text: len(str(text or "")),
    "tolower": lambda text: str(text or "").lower(),
    "toupper": lambda text: str(text or "").upper(),
}
COMPARISONS: dict[str, Callable[[Value, Value], bool]] = {
    "eq": lambda left, right: left == right,
    "ne": lambda left, right: left != right,
    "gt": lambda left, right: _ordered(left, right) and left > right,
    "ge": lambda left, right: _ordered(left, right) and left >= right,
    "lt": lambda left, right: _ordered(left, right) and left < right,
    "le": lambda left, right: _ordered(left, right) and left <= right,
    "in": lambda left, right: left in right if isinstance(right, list) else left == right,
}
MAX_DEPTH = 20


def compile_filter(text: str) -> Callable[[Connection], bool]:
    """Read a filter.

    Raises:
        BadRequest: It is not one.
    """
    parser = _Parser(text)
    term = parser.either(0)
    parser.expect_end()
    return lambda connection: bool(term(connection))


def _ordered(left: Value, right: Value) -> bool:
    return type(left) is type(right) and left is not None


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = self._split(text)
        self._at = 0

    def either(self, depth: int) -> Term:
        terms = [self._both(depth)]
        while self._take("or"):
            terms.append(self._both(depth))
        return (
            terms[0]
            if len(terms) == 1
            else lambda connection: any(term(connection) for term in terms)
        )

    def expect_end(self) -> None:
        if self._at < len(self._tokens):
            raise self._wrong()

    def _both(self, depth: int) -> Term:
        terms = [self._negated(depth)]
        while self._take("and"):
            terms.append(self._negated(depth))
        return (
            terms[0]
            if len(terms) == 1
            else lambda connection: all(term(connection) for term in terms)
        )

    def _negated(self, depth: int) -> Term:
        if depth > MAX_DEPTH:
            raise BadRequest("The filter is nested too deeply.")
        if self._take("not"):
            inner = self._negated(depth + 1)
            return lambda connection: not inner(connection)
        left = self._value(depth)
        word = self._peek()
        if word in COMPARISONS:
            self._at += 1
            compare, right = COMPARISONS[word], self._value(depth)
            return lambda connection: compare(left(connection), right(connection))
        return left

    def _value(self, depth: int) -> Term:
        token = self._peek()
        self._at += 1
        if token == "(":
            return self._list_or_group(depth)
        if token in FUNCTIONS and self._take("("):
            return self._call(FUNCTIONS[token], depth)
        if token in NAMES:
            return NAMES[token]
        raw = self._tokens[self._at - 1] if self._at <= len(self._tokens) else ""
        if raw.startswith("'"):
            literal = raw[1:-1].replace("''", "'")
            return lambda connection: literal
        if raw.lstrip("-").isdecimal():
            number = int(raw)
            return lambda connection: number
        raise self._wrong()

    def _list_or_group(self, depth: int) -> Term:
        items = [self.either(depth + 1)]
        while self._take(","):
            items.append(self.either(depth + 1))
        if not self._take(")"):
            raise self._wrong()
        if len(items) == 1:
            return items[0]
        return lambda connection: [item(connection) for item in items]

    def _call(self, function: Callable[..., Value], depth: int) -> Term:
        arguments = [self.either(depth + 1)]
        while self._take(","):
            arguments.append(self.either(depth + 1))
        expected = function.__code__.co_argcount
        if not self._take(")") or len(arguments) != expected:
            raise self._wrong()
        return lambda connection: function(*(argument(connection) for argument in arguments))

    def _peek(self) -> str:
        return self._tokens[self._at].lower() if self._at < len(self._tokens) else ""

    def _take(self, word: str) -> bool:
        if self._peek() != word:
            return False
        self._at += 1
        return True

    def _split(self, text: str) -> list[str]:
        tokens, at = [], 0
        while text[at:].strip():
            found = TOKEN.match(text, at)
            if found is None:
                raise self._wrong()
            tokens.append(found.group().strip())
            at = found.end()
        return tokens

    def _wrong(self) -> BadRequest:
        return BadRequest(f"The filter cannot be read: {self._text[:200]}")
