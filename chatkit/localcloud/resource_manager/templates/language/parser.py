"""Reading expressions: from `[concat('a', parameters('b').c[0])]` to a tree.

A scanner and a parser by recursive descent. Both are linear in the length of the text; how deep
calls may stand in one another is limited, for Python's stack is.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from chatkit.localcloud.resource_manager.templates.language.core.errors import TemplateError
from chatkit.localcloud.resource_manager.templates.language.core.expressions import (
    IDENTIFIER,
    Access,
    Call,
    Expression,
    Literal,
)

# Azure says so when an expression is longer: microsoft/azure-pipelines-tasks, issue 15093.
LONGEST = 81_920
# Ours: each level takes some frames of Python's stack, here and when it is evaluated.
DEEPEST = 100
BLANK = re.compile(r"[ \t\r\n]+")
STRING = re.compile(r"'(?:[^']|'')*'(?!')")
NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?")
# What Azure's scanner takes for a part of a number once one has begun.
NUMBER_LIKE = re.compile(r"[0-9+\-.eE]+")
LONGEST_NUMBER = 40
LARGEST_INTEGER = 2**63 - 1
LARGEST_FLOAT = sys.float_info.max
# Longest first. The question mark has a place after `.` and after `[` only.
MARKS = {
    ".?": "SafeDot",
    "[?": "SafeLeftSquareBracket",
    ".": "Dot",
    ",": "Comma",
    "(": "LeftParenthesis",
    ")": "RightParenthesis",
    "[": "LeftSquareBracket",
    "]": "RightSquareBracket",
}


@dataclass(frozen=True)
class Token:
    """A piece of an expression.

    Attributes:
        kind: What Azure's errors call it.
        text: As it is written.
        start: Where it begins in the text between the brackets, counted from 0 as Azure does.
    """

    kind: str
    text: str
    start: int


def is_expression(text: str) -> bool:
    """Whether a string is one: it begins with `[`, ends with `]`, and does not begin with `[[`."""
    return text.startswith("[") and text.endswith("]") and not text.startswith("[[")


def unescaped(text: str) -> str:
    """A string that is no expression: `[[...]` stands for `[...]`."""
    if text.startswith("[[") and text.endswith("]"):
        return text[1:]
    return text


def escaped(text: str) -> str:
    """A string that stands for itself: `unescaped` gives it back, and it is no expression."""
    if text.startswith("[") and text.endswith("]"):
        return f"[{text}"
    return text


@lru_cache(maxsize=256)
def parse(text: str) -> Expression:
    """Read an expression with its brackets.

    Raises:
        TemplateError: The text is not an expression; the error has the column at which it is wrong.
    """
    body = text[1:-1]
    if len(body) > LONGEST:
        raise TemplateError(
            "The language expression length limit exceeded."
            f" Limit: '{LONGEST}' and actual: '{len(body)}'."
        )
    return _Parser(body).whole()


def _tokens(body: str) -> Iterator[Token]:
    at = 0
    while at < len(body):
        blank = BLANK.match(body, at)
        if blank:
            at = blank.end()
            continue
        token = _token_at(body, at)
        yield token
        at += len(token.text)
    yield Token("EndOfData", "", len(body))


def _token_at(body: str, at: int) -> Token:
    for mark, kind in MARKS.items():
        if body.startswith(mark, at):
            return Token(kind, mark, at)
    if body[at] == "'":
        return _string_at(body, at)
    identifier = IDENTIFIER.match(body, at)
    if identifier:
        return Token("Identifier", identifier[0], at)
    if body[at] in "+-0123456789":
        return _number_at(body, at)
    raise _unexpected(body, at)


def _string_at(body: str, at: int) -> Token:
    string = STRING.match(body, at)
    if string is None:
        raise TemplateError(
            f"The language expression '{body}' is not valid: the string constant at position"
            f" '{at}' is not terminated. String constants must be enclosed within a pair of single"
            " quotes. Please see https://aka.ms/arm-functions for usage details.",
            position=at + 2,
        )
    return Token("StringLiteral", string[0], at)


def _number_at(body: str, at: int) -> Token:
    like = NUMBER_LIKE.match(body, at)
    assert like is not None
    if not NUMBER.fullmatch(like[0]) or len(like[0]) > LONGEST_NUMBER:
        raise _unexpected(body, min(like.end(), len(body) - 1))
    if IDENTIFIER.match(body, like.end()):
        raise _unexpected(body, like.end())
    whole = like[0].lstrip("+-").isdecimal()
    if abs(float(like[0])) > LARGEST_FLOAT or (whole and abs(int(like[0])) > LARGEST_INTEGER):
        raise _unexpected(body, at)
    return Token("Integer" if whole else "Float", like[0], at)


def _unexpected(body: str, at: int) -> TemplateError:
    return TemplateError(
        f"The language expression '{body}' is not valid: the string character '{body[at]}' at"
        f" position '{at}' is not expected.",
        position=at + 2,
    )


class _Parser:
    """The tokens of one expression, and how deep in it the parser is."""

    def __init__(self, body: str) -> None:
        self.body = body
        self.tokens = _tokens(body)
        self.token = next(self.tokens)
        self.depth = 0

    def whole(self) -> Expression:
        found = self.expression()
        self.expect("EndOfData")
        return found

    def expression(self) -> Expression:
        self.depth += 1
        if self.depth > DEEPEST:
            raise TemplateError(
                f"The language expression is nested more than {DEEPEST} levels deep.",
                position=self.token.start + 2,
            )
        token = self.token
        if token.kind in ("StringLiteral", "Integer", "Float"):
            self.advance()
            found: Expression = Literal(_literal_value(token), token.start + 2)
        else:
            found = self.members(self.call())
        self.depth -= 1
        return found

    def call(self) -> Call:
        first = self.expect("Identifier")
        names = [first.text]
        while self.token.kind == "Dot":
            self.advance()
            names.append(self.expect("Identifier").text)
        self.expect("LeftParenthesis")
        namespace = ".".join(names[:-1]) or None
        return Call(namespace, names[-1], tuple(self.arguments()), first.start + 2)

    def arguments(self) -> list[Expression]:
        if self.token.kind == "RightParenthesis":
            self.advance()
            return []
        found = [self.expression()]
        while self.token.kind == "Comma":
            self.advance()
            found.append(self.expression())
        self.expect("RightParenthesis")
        return found

    def members(self, target: Expression) -> Expression:
        while self.token.kind.endswith(("Dot", "LeftSquareBracket")):
            mark = self.token
            self.advance()
            index = self.member() if mark.kind.endswith("Dot") else self.index()
            target = Access(target, index, mark.kind.startswith("Safe"), mark.start + 2)
        return target

    def member(self) -> Literal:
        name = self.expect("Identifier")
        return Literal(name.text, name.start + 2)

    def index(self) -> Expression:
        found = self.expression()
        self.expect("RightSquareBracket")
        return found

    def expect(self, kind: str) -> Token:
        token = self.token
        if token.kind != kind:
            raise TemplateError(
                f"Unable to parse language expression '{self.body}': expected token '{kind}' and"
                f" actual '{token.kind}'.",
                position=token.start + 2,
            )
        self.advance()
        return token

    def advance(self) -> None:
        # After the end there is nothing that anybody asks for.
        self.token = next(self.tokens, self.token)


def _literal_value(token: Token) -> str | int | float:
    if token.kind == "StringLiteral":
        return token.text[1:-1].replace("''", "'")
    if token.kind == "Float":
        return float(token.text)
    return int(token.text)
