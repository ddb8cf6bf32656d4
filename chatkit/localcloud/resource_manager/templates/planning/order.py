"""Which resource of a template waits for which.

By `dependsOn`, by what its properties need of others (`reference`, `list...`), and by the order of
a serial loop.
"""

from __future__ import annotations

from chatkit.localcloud.resource_manager.core.documents import Json
from chatkit.localcloud.resource_manager.templates.language.core.errors import TemplateError
from chatkit.localcloud.resource_manager.templates.language.core.limits import budget
from chatkit.localcloud.resource_manager.templates.language.core.scope import Place
from chatkit.localcloud.resource_manager.templates.language.dependencies import dependencies
from chatkit.localcloud.resource_manager.templates.language.evaluating import evaluate
from chatkit.localcloud.resource_manager.templates.language.names import check_names
from chatkit.localcloud.resource_manager.templates.planning import loops
from chatkit.localcloud.resource_manager.templates.planning.identifying import not_valid
from chatkit.localcloud.resource_manager.templates.planning.planned import Plan, Planned
from chatkit.localcloud.resource_manager.templates.reading.refusals import invalid_template
from chatkit.localcloud.resource_manager.templates.reading.template import Template

Order = dict[str, list[Planned]]
# What is decided before anything is deployed, or belongs to another template.
BEFOREHAND = {
    *("type", "apiVersion", "name", "condition", "copy", "dependsOn", "resources", "scope"),
    *("comments", "metadata", "existing", "resourceGroup", "subscriptionId", "@options"),
}


def order(plan: Plan, template: Template) -> Order:
    """What every resource waits for, by its key.

    Raises:
        ArmError: InvalidTemplate: a name in dependsOn that no resource has, or a circle.
    """
    waits: Order = {}
    with budget():
        for one in plan.resources:
            waits[one.key] = _waits(one, plan, template)
    _check_circles(plan, waits, template)
    return waits


def _waits(one: Planned, plan: Plan, template: Template) -> list[Planned]:
    try:
        check_names(_evaluated_now(one), one.scope.at(Place.PROPERTIES))
        implicit = _implicit(one, plan)
    except TemplateError as error:
        raise not_valid(one.declared, template, error) from None
    found: dict[str, Planned] = {}
    for other in (*_explicit(one, plan, template), *implicit, *_earlier(one, plan)):
        if other.key != one.key:
            found.setdefault(other.key, other)
    return [*found.values()]


def _explicit(one: Planned, plan: Plan, template: Template) -> list[Planned]:
    path = (*one.declared.path, "dependsOn")
    try:
        names = evaluate(one.declared.body.get("dependsOn") or [], one.scope.at(Place.RESOURCE))
    except TemplateError as error:
        raise not_valid(one.declared, template, error) from None
    if not isinstance(names, list):
        raise invalid_template(
            f"The dependsOn of the resource '{one.name}' is no list",
            template.place(path),
            path,
        )
    found: list[Planned] = []
    seen: set[str] = set()
    for index, name in enumerate(names):
        key = str(name).strip("/").lower()
        if key in seen:
            continue
        seen.add(key)
        meant = plan.named(name) if isinstance(name, str) else []
        if not meant and not (isinstance(name, str) and plan.is_left_out(name)):
            place = template.place((*path, index))
            raise invalid_template(
                f"The resource '{name}' is not defined in the template. Please see"
                " https://aka.ms/arm-syntax for usage details.",
                place,
                (*path, index),
            )
        found += meant
    return found


def needed(value: Json, one: Planned) -> list[str]:
    """The resources whose state a part of a resource needs, as its expressions name them."""
    names: list[str] = []
    scope = one.scope.at(Place.PROPERTIES)
    for piece, around in loops.pieces(value, scope):
        names += [found.resource for found in dependencies(piece, around)]
    return names


def _implicit(one: Planned, plan: Plan) -> list[Planned]:
    body = {name: value for name, value in one.declared.body.items() if name not in BEFOREHAND}
    if one.is_deployment:
        body = outer_part(one)
    found: list[Planned] = []
    for name in dict.fromkeys(needed(body, one)):
        found += plan.named(name)
    return found


def _evaluated_now(one: Planned) -> dict[str, Json]:
    """What of a resource has expressions that its own template evaluates when its turn comes."""
    body = {name: value for name, value in one.declared.body.items() if name not in BEFOREHAND}
    properties = body.get("properties")
    if one.is_deployment and isinstance(properties, dict):
        body["properties"] = {
            name: value for name, value in properties.items() if name != "template"
        }
    return body


def outer_part(one: Planned) -> dict[str, Json]:
    """What of a deployment in a template is evaluated by the outer one."""
    properties = one.declared.body.get("properties")
    if not isinstance(properties, dict):
        return {}
    if is_inner(one):
        properties = {name: value for name, value in properties.items() if name != "template"}
    return {"properties": properties}


def is_inner(one: Planned) -> bool:
    """Whether a nested template's expressions are its own."""
    properties = one.declared.body.get("properties")
    options = properties.get("expressionEvaluationOptions") if isinstance(properties, dict) else {}
    scope = options.get("scope") if isinstance(options, dict) else ""
    return str(scope).lower() == "inner"


def _earlier(one: Planned, plan: Plan) -> list[Planned]:
    """The turns of a serial loop before the one's batch."""
    if not one.batch:
        return []
    first = one.turn - one.turn % one.batch
    return [
        other
        for other in plan.resources
        if other.declared is one.declared and first - one.batch <= other.turn < first
    ]


def _check_circles(plan: Plan, waits: Order, template: Template) -> None:
    done: set[str] = set()
    for one in plan.resources:
        circle = _circle(one, waits, done)
        if circle:
            first = circle[0]
            way = " -> ".join(f"'{each.type}/{each.name}'" for each in circle)
            raise invalid_template(
                f"Circular dependency detected on resource: '{first.id}'. The circle is {way}."
                " Please see https://aka.ms/arm-syntax-resources for usage details.",
                template.place(first.declared.path),
                first.declared.path,
            )


def _circle(start: Planned, waits: Order, done: set[str]) -> list[Planned]:
    """A way from a resource that comes back to a resource on it; empty when there is none."""
    way: list[Planned] = []
    on_way: set[str] = set()
    stack: list[tuple[Planned, bool]] = [(start, False)]
    while stack:
        one, is_left = stack.pop()
        if is_left:
            way.pop()
            on_way.discard(one.key)
            done.add(one.key)
            continue
        if one.key in on_way:
            begin = next(at for at, each in enumerate(way) if each.key == one.key)
            return [*way[begin:], one]
        if one.key in done:
            continue
        way.append(one)
        on_way.add(one.key)
        stack.append((one, True))
        stack += [(other, False) for other in waits[one.key]]
    return []
