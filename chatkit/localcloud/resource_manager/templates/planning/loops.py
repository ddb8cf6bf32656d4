"""`copy`: loops of resources, properties, variables and outputs.

Follows "Resource iteration", "Property iteration" and "Variable iteration" of Microsoft's
documentation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

from chatkit.localcloud.resource_manager.core.documents import Json, JsonObject
from chatkit.localcloud.resource_manager.templates.language.core.errors import TemplateError
from chatkit.localcloud.resource_manager.templates.language.core.limits import budget, checked
from chatkit.localcloud.resource_manager.templates.language.core.scope import Scope
from chatkit.localcloud.resource_manager.templates.language.evaluating import evaluate

MAX_TURNS = 800
LOOP = {"name", "count", "input"}
Work = Callable[[], Json]


class LoopScope(Scope, Protocol):
    """A scope that can enter a turn of a loop."""

    def turn(self, loop: str, index: int) -> LoopScope:
        """The same in a turn of a loop."""


def loops_in(document: JsonObject) -> list[JsonObject]:
    """The loops of an object that make its properties or variables."""
    found = document.get("copy")
    if isinstance(found, list) and found and all(_is_loop(one) for one in found):
        return found
    return []


def _is_loop(value: Json) -> bool:
    return isinstance(value, dict) and value.keys() >= LOOP


def has_loops(value: Json) -> bool:
    """Whether there is a loop anywhere in a value."""
    if isinstance(value, dict):
        return bool(loops_in(value)) or any(has_loops(one) for one in value.values())
    return isinstance(value, list) and any(has_loops(one) for one in value)


def count_of(loop: JsonObject, scope: LoopScope) -> int:
    """How many turns a loop has.

    Raises:
        TemplateError: It is no number that Azure takes.
    """
    count = evaluate(loop.get("count"), scope)
    if isinstance(count, bool) or not isinstance(count, int) or not 0 <= count <= MAX_TURNS:
        raise TemplateError(
            f"The value '{count}' of the property 'count' of the copy loop '{loop.get('name')}' is"
            f" not valid. It must be an integer from 0 to {MAX_TURNS}."
            " Please see https://aka.ms/arm-copy for usage details."
        )
    return count


def batch_of(loop: JsonObject, scope: LoopScope) -> int:
    """How many turns of a loop are deployed at a time; 0 for all.

    Raises:
        TemplateError: It is no number that Azure takes.
    """
    if str(loop.get("mode", "parallel")).lower() != "serial":
        return 0
    size = evaluate(loop.get("batchSize", 1), scope)
    if isinstance(size, bool) or not isinstance(size, int) or size < 1:
        raise TemplateError(
            f"The batchSize '{size}' of the copy loop '{loop.get('name')}' is not a number above 0."
        )
    return size


def elements(loop: JsonObject, scope: LoopScope) -> list[Json]:
    """What a loop makes."""
    name = str(loop["name"])
    found: list[Json] = []
    with budget() as steps:
        for index in range(count_of(loop, scope)):
            found.append(evaluated(loop["input"], scope.turn(name, index)))
            steps.take(found[-1])
    checked(found)
    return found


def evaluated(value: Json, scope: LoopScope) -> Json:
    """A value with its expressions evaluated and its loops run."""
    if not has_loops(value):
        return evaluate(value, scope)
    if isinstance(value, list):
        return [evaluated(one, scope) for one in value]
    made: JsonObject = {}
    loops = loops_in(value)
    for name, inner in value.items():
        if name == "copy" and loops:
            made.update({str(loop["name"]): elements(loop, scope) for loop in loops})
        else:
            made[name] = evaluated(inner, scope)
    return made


def pieces(value: Json, scope: LoopScope) -> Iterator[tuple[Json, LoopScope]]:
    """The parts of a value that have no loops, each with what is around it."""
    if not has_loops(value):
        yield value, scope
        return
    if isinstance(value, list):
        for one in value:
            yield from pieces(one, scope)
        return
    loops = loops_in(value)
    for name, inner in value.items():
        if name == "copy" and loops:
            for loop in loops:
                for index in range(count_of(loop, scope)):
                    with budget() as steps:
                        steps.take_more(1)
                    yield from pieces(loop["input"], scope.turn(str(loop["name"]), index))
        else:
            yield from pieces(inner, scope)
