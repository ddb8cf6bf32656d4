"""The resources of a template one by one: loops run, conditions decided, names and ids known.

Nothing of it asks the cloud: Azure decides all of it before the first resource is deployed, and
refuses expressions there that need the state of one.
"""

from __future__ import annotations

from collections.abc import Iterator

from chatkit.localcloud.resource_manager.core.documents import JsonObject
from chatkit.localcloud.resource_manager.core.errors import ArmError
from chatkit.localcloud.resource_manager.templates.language.core.limits import budget
from chatkit.localcloud.resource_manager.templates.language.core.scope import Place
from chatkit.localcloud.resource_manager.templates.language.evaluating import evaluate
from chatkit.localcloud.resource_manager.templates.planning import loops
from chatkit.localcloud.resource_manager.templates.planning.identifying import framed, identified
from chatkit.localcloud.resource_manager.templates.planning.planned import Plan, Planned
from chatkit.localcloud.resource_manager.templates.planning.scopes import TemplateScope
from chatkit.localcloud.resource_manager.templates.planning.targets import Target
from chatkit.localcloud.resource_manager.templates.reading.refusals import invalid_template
from chatkit.localcloud.resource_manager.templates.reading.template import (
    MAX_RESOURCES,
    Declared,
    Template,
    too_many_resources,
)

STEPS_A_RESOURCE = 10


def plan(template: Template, target: Target, scope: TemplateScope) -> Plan:
    """What a template deploys.

    Raises:
        ArmError: InvalidTemplate.
        TemplateError: Its loops have too many turns.
    """
    made = Plan(target)
    with budget() as steps:
        for declared in template.declared():
            before = len(made.resources) + len(made.left_out)
            for one, is_wanted in _turns(declared, template, target, scope):
                (made.resources if is_wanted else made.left_out).append(one)
                steps.take_more(STEPS_A_RESOURCE)
            if len(made.resources) + len(made.left_out) == before:
                made.empty |= _names(declared)
    if len(made.resources) > MAX_RESOURCES:
        raise too_many_resources(template, len(made.resources))
    _check_unique(made, template)
    return made


def _names(declared: Declared) -> set[str]:
    """What a loop that makes nothing is called."""
    loop = declared.body.get("copy")
    name = str(loop.get("name") or "") if isinstance(loop, dict) else ""
    return {name.lower(), declared.symbol.lower()} - {""}


def _check_unique(made: Plan, template: Template) -> None:
    seen: dict[str, Planned] = {}
    for one in made.resources:
        if one.is_existing:
            continue
        first = seen.setdefault(one.id.lower(), one)
        if first is one:
            continue
        a = template.place(first.declared.path)
        b = template.place(one.declared.path)
        raise invalid_template(
            f"The resource '{one.type}/{one.name}' at line '{a.line}' and column '{a.column}' is"
            f" defined multiple times in a template: once more at line '{b.line}' and column"
            f" '{b.column}'. Please see https://aka.ms/arm-syntax-resources for usage details.",
            b,
            one.declared.path,
        )


def _turns(
    declared: Declared, template: Template, target: Target, scope: TemplateScope
) -> Iterator[tuple[Planned, bool]]:
    """A resource once for each turn of its loops, and whether it is wanted."""
    outer = scope.at(Place.RESOURCE)
    for around in _within(declared.parents, outer, template):
        loop = declared.body.get("copy")
        if not isinstance(loop, dict):
            yield _made(declared, template, target, around, ("", 0, 0))
            continue
        name = str(loop.get("name") or declared.symbol)
        count = _count(declared, template, loop, around)
        batch = _batch(declared, template, loop, around)
        for turn in range(count):
            yield _made(declared, template, target, around.turn(name, turn), (name, turn, batch))


def _within(
    parents: tuple[Declared, ...], scope: TemplateScope, template: Template
) -> Iterator[TemplateScope]:
    """The scopes within the turns of the loops of parents."""
    if not parents:
        yield scope
        return
    loop = parents[0].body.get("copy")
    if not isinstance(loop, dict):
        yield from _within(parents[1:], scope, template)
        return
    name = str(loop.get("name") or parents[0].symbol)
    count = _count(parents[0], template, loop, scope)
    for turn in range(count):
        yield from _within(parents[1:], scope.turn(name, turn), template)


def _count(declared: Declared, template: Template, loop: JsonObject, scope: TemplateScope) -> int:
    count: int = framed(declared, template, lambda: loops.count_of(loop, scope))
    return count


def _batch(declared: Declared, template: Template, loop: JsonObject, scope: TemplateScope) -> int:
    batch: int = framed(declared, template, lambda: loops.batch_of(loop, scope))
    return batch


def _made(
    declared: Declared,
    template: Template,
    target: Target,
    scope: TemplateScope,
    loop: tuple[str, int, int],
) -> tuple[Planned, bool]:
    """One resource of the template, and whether its condition holds, with those of its parents.

    What is not wanted may have a name that cannot be evaluated: published templates take it from a
    parameter that is null then.
    """
    is_wanted = all(_condition(one, template, scope) for one in (*declared.parents, declared))
    known = ("", "", "", "")
    try:
        known = identified(declared, template, target, scope)
    except ArmError:
        if is_wanted:
            raise
    id_, name, type_, api_version = known
    made = Planned(
        id=id_,
        name=name,
        type=type_,
        api_version=api_version,
        symbol=declared.symbol,
        loop=loop[0],
        turn=loop[1],
        batch=loop[2],
        is_existing=bool(declared.body.get("existing")),
        declared=declared,
        scope=scope,
    )
    return made, is_wanted


def _condition(declared: Declared, template: Template, scope: TemplateScope) -> bool:
    value = framed(
        declared, template, lambda: evaluate(declared.body.get("condition", True), scope)
    )
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    place = template.place((*declared.path, "condition"))
    raise invalid_template(
        f"The template resource '{declared.body.get('name')}' at line '{place.line}' and column"
        f" '{place.column}' has a condition that is not a boolean value",
        place,
        (*declared.path, "condition"),
    )
