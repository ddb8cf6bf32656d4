"""What a function of the language sees of the call it answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from chatkit.localcloud.resource_manager.templates.language.core.scope import Scope
from chatkit.localcloud.resource_manager.templates.language.core.values import Json


@dataclass(frozen=True)
class Lambda:
    """`lambda('x', ...)` with what is around it.

    Attributes:
        parameters: How many names it declares.
        call: Its value for that many arguments.
    """

    parameters: int
    call: Callable[[Sequence[Json]], Json]


class Invocation(Protocol):
    """A call. Arguments are evaluated when they are first asked for."""

    @property
    def name(self) -> str:
        """The function's name as the expression has it."""

    @property
    def scope(self) -> Scope:
        """What is around the expression."""

    def __len__(self) -> int:
        """How many arguments were given."""

    def value(self, index: int) -> Json:
        """An argument's value."""

    def values(self) -> list[Json]:
        """The values of all arguments."""

    def lambda_at(self, index: int) -> Lambda:
        """An argument that has to be a lambda."""

    def lambda_variable(self, name: str) -> Json:
        """The value of a name that a lambda around the call declares."""


@dataclass(frozen=True)
class Function:
    """A function of the language.

    Attributes:
        name: As Microsoft's reference writes it.
        fewest: How many arguments it needs.
        most: How many it takes; None when there is no limit.
        answer: Its result.
    """

    name: str
    fewest: int
    most: int | None
    answer: Callable[[Invocation], Json]
