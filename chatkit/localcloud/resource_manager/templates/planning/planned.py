"""What a template deploys once it is planned: its resources, and by which names they are meant."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from chatkit.localcloud.resource_manager.core.type_names import DEPLOYMENTS
from chatkit.localcloud.resource_manager.templates.planning.scopes import TemplateScope
from chatkit.localcloud.resource_manager.templates.planning.targets import Target
from chatkit.localcloud.resource_manager.templates.reading.template import Declared


@dataclass(frozen=True)
class Planned:
    """One resource to deploy, or one that exists and is only read.

    Attributes:
        id: Its ARM id.
        name: As the template has it, with the names of its parents.
        type: Its type, with the types of its parents.
        api_version: Of its requests.
        symbol: Its symbolic name.
        loop: The name of the loop that it is of; empty for none.
        turn: Its turn of the loop.
        batch: How many of the loop are deployed at a time; 0 for all.
        is_existing: Whether it is only read.
        declared: What the template has.
        scope: What is around its expressions.
    """

    id: str
    name: str
    type: str
    api_version: str
    symbol: str
    loop: str
    turn: int
    batch: int
    is_existing: bool
    declared: Declared
    scope: TemplateScope

    @property
    def key(self) -> str:
        """What it is known by among the others."""
        prefix = f"{self.symbol}[{self.turn}]:" if self.symbol else ""
        return f"{prefix}{self.id}".lower()

    @property
    def is_deployment(self) -> bool:
        """Whether it is a deployment within the deployment."""
        return self.type.lower() == DEPLOYMENTS.lower()

    @property
    def is_for_absent(self) -> bool:
        """Whether it is left as it is where it is there: what Bicep's `@onlyIfNotExists` writes."""
        options = self.declared.body.get("@options")
        return isinstance(options, dict) and "onlyIfNotExists" in options


@dataclass
class Plan:
    """What a template deploys.

    Attributes:
        target: Where.
        resources: In the order of the template.
        left_out: Resources with a condition that is false.
        empty: Loops without a turn, in small letters.
    """

    target: Target
    resources: list[Planned] = field(default_factory=list)
    left_out: list[Planned] = field(default_factory=list)
    empty: set[str] = field(default_factory=set)

    def named(self, text: str) -> list[Planned]:
        """The resources that a text means: an id, a symbolic name, a loop, a type with a name."""
        return self._names.meant(text)

    def is_left_out(self, text: str) -> bool:
        """Whether a text means what is not deployed: a false condition, a loop of no turns."""
        return text.lower() in self.empty or bool(self._left_out_names.meant(text))

    @cached_property
    def _names(self) -> _Names:
        return _Names(self.resources, self.target)

    @cached_property
    def _left_out_names(self) -> _Names:
        return _Names(self.left_out, self.target)


class _Names:
    """Resources by all that a template may call them."""

    def __init__(self, resources: list[Planned], target: Target) -> None:
        self._below = f"{target.id}/providers/".lower().strip("/")
        self._symbols: dict[str, list[Planned]] = {}
        self._others: dict[str, list[Planned]] = {}
        for one in resources:
            symbols = {one.symbol.lower(), one.loop.lower()} - {""}
            if one.symbol:
                symbols.add(f"{one.symbol}[{one.turn}]".lower())
            for symbol in symbols:
                self._symbols.setdefault(symbol, []).append(one)
            for name in {one.id.lower().strip("/"), one.name.lower()}:
                self._others.setdefault(name, []).append(one)

    def meant(self, text: str) -> list[Planned]:
        """What a text means; symbolic names and loops come first."""
        wanted = text.strip("/").lower()
        by_symbol = self._symbols.get(wanted)
        if by_symbol:
            return by_symbol
        return [*self._others.get(wanted, []), *self._others.get(f"{self._below}/{wanted}", [])]
