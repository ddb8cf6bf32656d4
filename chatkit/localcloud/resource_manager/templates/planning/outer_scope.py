"""A nested template whose expressions belong to the outer template: they are evaluated first."""

from __future__ import annotations

from chatkit.localcloud.resource_manager.core.documents import Json, JsonObject
from chatkit.localcloud.resource_manager.templates.language.core.errors import TemplateError
from chatkit.localcloud.resource_manager.templates.language.core.limits import budget
from chatkit.localcloud.resource_manager.templates.language.parser import escaped
from chatkit.localcloud.resource_manager.templates.planning import loops
from chatkit.localcloud.resource_manager.templates.planning.plan import STEPS_A_RESOURCE
from chatkit.localcloud.resource_manager.templates.planning.scopes import TemplateScope
from chatkit.localcloud.resource_manager.templates.planning.targets import relative_id

# The names of the resources that a loop has made, by the loop's name in small letters.
Members = dict[str, list[str]]


def outer_template(template: Json, scope: TemplateScope) -> Json:
    """A nested template with the expressions of the outer one evaluated.

    Strings that would be expressions are escaped, so that they are taken as they are.
    """
    if not isinstance(template, dict):
        return template
    made: JsonObject = {}
    for name, value in template.items():
        if name in ("parameters", "variables", "functions"):
            continue  # its expressions cannot reach them
        if name == "resources":
            made[name] = _resources(value, scope)
        else:
            made[name] = _escaped(loops.evaluated(value, scope))
    return made


def _resources(resources: Json, scope: TemplateScope) -> Json:
    if isinstance(resources, dict):
        found: JsonObject = {}
        members: Members = {}
        for symbol, body in resources.items():
            turns = _turns(body, symbol, scope)
            names = [f"{symbol}_{index}" if index else symbol for index in range(len(turns))]
            _note(members, body, symbol, names)
            found |= dict(zip(names, turns, strict=True))
        return {symbol: _waiting(one, members) for symbol, one in found.items()}
    if not isinstance(resources, list):
        return resources
    made: list[JsonObject] = []
    members = {}
    for body in resources:
        turns = _turns(body, "", scope)
        _note(members, body, "", [_name(one) for one in turns])
        made += turns
    return [_waiting(one, members) for one in made]


def _turns(body: Json, symbol: str, scope: TemplateScope) -> list[JsonObject]:
    """A resource of a nested template, once for each turn of its loop."""
    if not isinstance(body, dict):
        raise TemplateError("A resource of a nested template is not an object.")
    loop = body.get("copy")
    plain = {name: value for name, value in body.items() if name != "copy"}
    if not isinstance(loop, dict):
        return [_one(plain, scope)]
    name = str(loop.get("name") or symbol)
    found: list[JsonObject] = []
    with budget() as steps:
        for index in range(loops.count_of(loop, scope)):
            found.append(_one(plain, scope.turn(name, index)))
            steps.take_more(STEPS_A_RESOURCE)
    batch = loops.batch_of(loop, scope)
    if batch:
        _in_batches(found, batch)
    return found


def _in_batches(turns: list[JsonObject], batch: int) -> None:
    """Let each turn of a serial loop wait for the batch before its own."""
    for index, one in enumerate(turns):
        first = index - index % batch
        earlier = [_name(other) for other in turns[max(0, first - batch) : first]]
        if earlier:
            one["dependsOn"] = [*_depends_on(one), *earlier]


def _note(members: Members, body: JsonObject, symbol: str, names: list[str]) -> None:
    """Keep which resources a loop has made: `dependsOn` may name the loop, which is gone."""
    loop = body.get("copy")
    if isinstance(loop, dict):
        for name in {str(loop.get("name") or symbol), symbol} - {""}:
            members[name.lower()] = names


def _waiting(one: JsonObject, members: Members) -> JsonObject:
    """A resource that waits for what loops have made, not for the loops."""
    found: list[Json] = []
    for name in _depends_on(one):
        found += members.get(str(name).lower(), [name])
    return {**one, "dependsOn": found} if found else one


def _depends_on(one: JsonObject) -> list[Json]:
    names = one.get("dependsOn")
    return names if isinstance(names, list) else []


def _name(one: JsonObject) -> str:
    """What `dependsOn` may call a resource: its type with its name."""
    type_ = str(one.get("type", ""))
    name = str(one.get("name", ""))
    return relative_id(type_, name) if type_.count("/") == name.count("/") + 1 else name


def _one(body: JsonObject, scope: TemplateScope) -> JsonObject:
    made: JsonObject = {}
    for name, value in body.items():
        if name == "resources":
            made[name] = _resources(value, scope)
        elif name == "properties" and _is_template(value):
            made[name] = _nested(value, scope)
        else:
            made[name] = _escaped(loops.evaluated(value, scope))
    return made


def _is_template(properties: Json) -> bool:
    return isinstance(properties, dict) and isinstance(properties.get("template"), dict)


def _nested(properties: JsonObject, scope: TemplateScope) -> JsonObject:
    """A deployment two levels down: its template is evaluated now unless it is its own."""
    options = properties.get("expressionEvaluationOptions") or {}
    is_own = str(options.get("scope")).lower() == "inner"
    made: JsonObject = {}
    for name, value in properties.items():
        if name == "template":
            made[name] = value if is_own else outer_template(value, scope)
        else:
            made[name] = _escaped(loops.evaluated(value, scope))
    return made


def _escaped(value: Json) -> Json:
    if isinstance(value, str):
        return escaped(value)
    if isinstance(value, list):
        return [_escaped(one) for one in value]
    if isinstance(value, dict):
        return {escaped(name): _escaped(one) for name, one in value.items()}
    return value
