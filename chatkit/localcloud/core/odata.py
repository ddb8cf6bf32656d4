"""Filters as trees: the text of `$filter`, and Azure Storage's expressions over blob index tags.

Follows OData 4.01, URL Conventions §5.1.1, as far as Azure's services take it, and Microsoft's page
"Find Blobs by Tags". A service matches the tree (`match`) against the names, operators and
functions that it supports, and turns `FilterError` into its own error.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

MAX_LENGTH = 10_000
# Each level costs a few stack frames, here and where a service walks the tree.
MAX_DEPTH = 20


class FilterError(ValueError):
    """A filter that cannot be read, or that a service does not support.

    Attributes:
        position: Where in the text, in characters from 0.
    """

    def __init__(self, message: str, position: int) -> None:
        super().__init__(f"{message} at position {position}")
        self.position = position


@dataclass(frozen=True)
class _Node:
    position: int = field(default=0, kw_only=True, compare=False, repr=False)


@dataclass(frozen=True)
class Literal(_Node):
    """A value: `'text'`, `42`, `true`, `null`."""

    value: str | int | bool | None


@dataclass(frozen=True)
class Name(_Node):
    """A property as written, `userId`, `web/homePageUrl`; or a tag, or `@container`."""

    name: str


@dataclass(frozen=True)
class Call(_Node):
    """A function (in small letters) and its arguments: `startswith(userId, 'a')`."""

    function: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True)
class AnyOf(_Node):
    """A condition on a member of a collection: `groups/any(g: g eq 'red')`."""

    collection: str
    variable: str
    condition: Node


@dataclass(frozen=True)
class Items(_Node):
    """The list after `in`."""

    items: tuple[Node, ...]


@dataclass(frozen=True)
class Comparison(_Node):
    """Two operands and what lies between them: eq, ne, gt, ge, lt, le or in."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True)
class And(_Node):
    """Two or more conditions, all of which have to hold."""

    operands: tuple[Node, ...]


@dataclass(frozen=True)
class Or(_Node):
    """Two or more conditions, one of which has to hold."""

    operands: tuple[Node, ...]


@dataclass(frozen=True)
class Not(_Node):
    """A condition that must not hold."""

    operand: Node


Node = Literal | Name | Call | AnyOf | Items | Comparison | And | Or | Not


@dataclass(frozen=True)
class Syntax:
    """How filters of one kind are written.

    Attributes:
        token: Matches one token. The name of the group is the token's kind: text, number, name,
            quoted, operator or mark.
        operators: What is written between two operands, and the operator's name.
        constants: Words that are values.
        has_not: Whether the word `not` negates.
    """

    token: re.Pattern[str]
    operators: Mapping[str, str]
    constants: Mapping[str, bool | None] = field(default_factory=dict)
    has_not: bool = False


# `*+` never backtracks: a text without its closing quote is refused in linear time.
ODATA = Syntax(
    token=re.compile(
        r"""(?P<text>'(?:[^']|'')*+')
          | (?P<number>-?\d{1,18}(?!\w))
          | (?P<name>[A-Za-z_]\w*(?:[/.][A-Za-z_]\w*)*)
          | (?P<mark>[(),:])""",
        re.VERBOSE | re.ASCII,
    ),
    operators={word: word for word in ("eq", "ne", "gt", "ge", "lt", "le", "in")},
    constants={"true": True, "false": False, "null": None},
    has_not=True,
)
BLOB_TAGS = Syntax(
    token=re.compile(
        r"""(?P<text>'[^']*+')
          | "(?P<quoted>[^"]*+)"
          | (?P<operator><>|<=|>=|[=<>])
          | (?P<name>@?[\w+\-./:]+)""",
        re.VERBOSE | re.ASCII,
    ),
    operators={"=": "eq", "<>": "ne", ">": "gt", ">=": "ge", "<": "lt", "<=": "le"},
)
SPACE = re.compile(r"\s*", re.ASCII)


def parse(text: str, syntax: Syntax = ODATA) -> Node:
    """Read a filter. `not` binds closest, then comparisons, `and`, and `or`.

    Raises:
        FilterError: It cannot be read, is empty, is longer than `MAX_LENGTH`, or is nested deeper
            than `MAX_DEPTH`.
    """
    if len(text) > MAX_LENGTH:
        raise FilterError(f"more than {MAX_LENGTH} characters", MAX_LENGTH)
    return _Parser(text, syntax).parse()


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    position: int


class _Parser:
    """Recursive descent: every method reads one construct."""

    def __init__(self, text: str, syntax: Syntax) -> None:
        self._syntax = syntax
        self._tokens = _tokens(text, syntax)
        self._next = 0
        self._depth = 0

    def parse(self) -> Node:
        node = self._disjunction()
        token = self._peek()
        if token.kind != "end":
            raise _unexpected(token)
        return node

    def _disjunction(self) -> Node:
        operands = self._joined(self._conjunction, "or")
        if len(operands) == 1:
            return operands[0]
        return Or(operands, position=operands[0].position)

    def _conjunction(self) -> Node:
        operands = self._joined(self._negation, "and")
        if len(operands) == 1:
            return operands[0]
        return And(operands, position=operands[0].position)

    def _joined(self, read: Callable[[], Node], word: str) -> tuple[Node, ...]:
        operands = [read()]
        while self._take("name", word):
            operands.append(read())
        return tuple(operands)

    def _negation(self) -> Node:
        token = self._peek()
        if self._syntax.has_not and self._take("name", "not"):
            self._enter(token)
            operand = self._negation()
            self._depth -= 1
            return Not(operand, position=token.position)
        return self._comparison()

    def _comparison(self) -> Node:
        left = self._operand()
        token = self._peek()
        operator = self._syntax.operators.get(token.text.lower())
        if operator is None or token.kind not in ("name", "operator"):
            return left
        self._advance()
        right = self._items() if operator == "in" else self._operand()
        return Comparison(operator, left, right, position=left.position)

    def _items(self) -> Node:
        """What follows `in`: a list, or a property that holds one."""
        token = self._peek()
        if not self._take("mark", "("):
            return self._operand()
        return Items(self._arguments(token), position=token.position)

    def _operand(self) -> Node:
        token = self._advance()
        position = token.position
        if token.kind == "text":
            return Literal(token.text[1:-1].replace("''", "'"), position=position)
        if token.kind == "number":
            return Literal(int(token.text), position=position)
        if token.kind == "quoted":
            return Name(token.text, position=position)
        if token.kind == "name":
            return self._named(token)
        if (token.kind, token.text) == ("mark", "("):
            return self._group(token)
        raise _unexpected(token)

    def _named(self, token: _Token) -> Node:
        word = token.text.lower()
        if self._take("mark", "("):
            collection, _, last = token.text.rpartition("/")
            if last.lower() == "any" and collection:
                return self._any_of(collection, token)
            return Call(word, self._arguments(token), position=token.position)
        if word in self._syntax.constants:
            return Literal(self._syntax.constants[word], position=token.position)
        return Name(token.text, position=token.position)

    def _group(self, opening: _Token) -> Node:
        self._enter(opening)
        node = self._disjunction()
        self._leave()
        return node

    def _any_of(self, collection: str, opening: _Token) -> Node:
        self._enter(opening)
        variable = self._expect("name")
        self._expect("mark", ":")
        condition = self._disjunction()
        self._leave()
        return AnyOf(collection, variable.text, condition, position=opening.position)

    def _arguments(self, opening: _Token) -> tuple[Node, ...]:
        """What stands between parentheses, of which the first is read."""
        self._enter(opening)
        arguments: list[Node] = []
        if self._take("mark", ")"):
            self._depth -= 1
            return ()
        arguments.append(self._operand())
        while self._take("mark", ","):
            arguments.append(self._operand())
        self._leave()
        return tuple(arguments)

    def _enter(self, token: _Token) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise FilterError(f"nested deeper than {MAX_DEPTH} levels", token.position)

    def _leave(self) -> None:
        self._expect("mark", ")")
        self._depth -= 1

    def _peek(self) -> _Token:
        return self._tokens[self._next]

    def _advance(self) -> _Token:
        token = self._tokens[self._next]
        if token.kind != "end":
            self._next += 1
        return token

    def _take(self, kind: str, text: str) -> bool:
        token = self._peek()
        if token.kind != kind or token.text.lower() != text:
            return False
        self._advance()
        return True

    def _expect(self, kind: str, text: str = "") -> _Token:
        token = self._advance()
        if token.kind != kind or (text and token.text != text):
            raise _unexpected(token)
        return token


def _tokens(text: str, syntax: Syntax) -> list[_Token]:
    tokens: list[_Token] = []
    position = _skip_space(text, 0)
    while position < len(text):
        found = syntax.token.match(text, position)
        if found is None or found.lastgroup is None:
            raise FilterError(f"unexpected {text[position]!r}", position)
        tokens.append(_Token(found.lastgroup, found[found.lastgroup], position))
        position = _skip_space(text, found.end())
    tokens.append(_Token("end", "", len(text)))
    return tokens


def _skip_space(text: str, position: int) -> int:
    found = SPACE.match(text, position)
    return found.end() if found else position


def _unexpected(token: _Token) -> FilterError:
    if token.kind == "end":
        return FilterError("unexpected end", token.position)
    return FilterError(f"unexpected {token.text[:40]!r}", token.position)
