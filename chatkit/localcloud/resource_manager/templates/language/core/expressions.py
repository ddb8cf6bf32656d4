"""What a parsed expression consists of, and how it is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class Literal:
    """A string, an integer or a float of the expression itself."""

    value: str | int | float
    position: int


@dataclass(frozen=True)
class Call:
    """`name(...)`, or `namespace.name(...)` of the template's own functions."""

    namespace: str | None
    name: str
    arguments: tuple[Expression, ...]
    position: int


@dataclass(frozen=True)
class Access:
    """`target.name`, `target[index]`, and the safe forms `.?` and `[?`.

    A name after a dot is a literal index.
    """

    target: Expression
    index: Expression
    is_safe: bool
    position: int


Expression: TypeAlias = Literal | Call | Access
