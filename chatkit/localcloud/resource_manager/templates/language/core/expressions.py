"""What a parsed expression consists of, and how it is written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

IDENTIFIER = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")


@dataclass(frozen=True)
class Literal:
    """A string, an integer or a float of the expression itself."""

    value: str | int | float
    position: int

    def __str__(self) -> str:
        if isinstance(self.value, str):
            return "'" + self.value.replace("'", "''") + "'"
        return repr(self.value)


@dataclass(frozen=True)
class Call:
    """`name(...)`, or `namespace.name(...)` of the template's own functions."""

    namespace: str | None
    name: str
    arguments: tuple[Expression, ...]
    position: int

    @property
    def full_name(self) -> str:
        """With its namespace."""
        if self.namespace is None:
            return self.name
        return f"{self.namespace}.{self.name}"

    def __str__(self) -> str:
        return f"{self.full_name}({', '.join(str(argument) for argument in self.arguments)})"


@dataclass(frozen=True)
class Access:
    """`target.name`, `target[index]`, and the safe forms `.?` and `[?`.

    A name after a dot is a literal index.
    """

    target: Expression
    index: Expression
    is_safe: bool
    position: int

    def __str__(self) -> str:
        # In a loop, for a chain of members may be long.
        base, steps = unchained(self)
        return str(base) + "".join(step.written() for step in steps)

    def written(self) -> str:
        """Without its target."""
        mark = "?" if self.is_safe else ""
        name = self.index.value if isinstance(self.index, Literal) else None
        if isinstance(name, str) and IDENTIFIER.fullmatch(name):
            return f".{mark}{name}"
        return f"[{mark}{self.index}]"


Expression: TypeAlias = Literal | Call | Access


def unchained(expression: Expression) -> tuple[Expression, list[Access]]:
    """What a chain of members begins with, and its steps in order."""
    steps: list[Access] = []
    while isinstance(expression, Access):
        steps.append(expression)
        expression = expression.target
    return expression, steps[::-1]


def calls_in(expression: Expression) -> Iterator[Call]:
    """Every call in an expression, from the outside inwards."""
    waiting = [expression]
    while waiting:
        found = waiting.pop()
        if isinstance(found, Call):
            yield found
            waiting.extend(reversed(found.arguments))
        elif isinstance(found, Access):
            waiting += [found.index, found.target]
