"""What is sent for a resource of a template: its body with every expression evaluated."""

from __future__ import annotations

from chatkit.localcloud.resource_manager.core.documents import Json, JsonObject
from chatkit.localcloud.resource_manager.templates.language.core.errors import TemplateError
from chatkit.localcloud.resource_manager.templates.language.core.limits import budget
from chatkit.localcloud.resource_manager.templates.language.core.scope import Place
from chatkit.localcloud.resource_manager.templates.language.evaluating import evaluate
from chatkit.localcloud.resource_manager.templates.language.parser import escaped
from chatkit.localcloud.resource_manager.templates.planning import loops
from chatkit.localcloud.resource_manager.templates.planning.order import BEFOREHAND, is_inner
from chatkit.localcloud.resource_manager.templates.planning.plan import STEPS_A_RESOURCE
from chatkit.localcloud.resource_manager.templates.planning.planned import Planned
from chatkit.localcloud.resource_manager.templates.planning.scopes import TemplateScope


def body_of(one: Planned, scope: TemplateScope) -> JsonObject:
    """A resource's body.

    Args:
        one: The resource.
        scope: What is around it, with a cloud that can be asked.

    Raises:
        TemplateError: An expression cannot be evaluated.
    """
    made: JsonObject = {}
    for name, value in one.declared.body.items():
        if name in BEFOREHAND or name == "properties":
            continue
        made[name] = loops.evaluated(value, scope.at(Place.RESOURCE))
    if "properties" not in one.declared.body:
        return made
    properties = one.declared.body["properties"]
    if one.is_deployment:
        made["properties"] = _deployment(one, properties, scope.at(Place.PROPERTIES))
    else:
        made["properties"] = _set(loops.evaluated(properties, scope.at(Place.PROPERTIES)))
    return made


def _set(value: Json) -> Json:
    """A value without the properties that are null: Microsoft's examples unset one by `null()`."""
    if isinstance(value, dict):
        return {name: _set(one) for name, one in value.items() if one is not None}
    if isinstance(value, list):
        return [_set(one) for one in value]
    return value


def _deployment(one: Planned, properties: Json, scope: TemplateScope) -> JsonObject:
    """The properties of a deployment within a deployment.

    A template whose expressions are the outer one's is sent evaluated, so that nothing is left for
    the inner one to evaluate but what it cannot know beforehand: its own loops are run, too.
    """
    if not isinstance(properties, dict):
        raise TemplateError("The properties of a deployment are not an object.")
    made: JsonObject = {"mode": "Incremental"}
    for name, value in properties.items():
        if name == "template":
            made[name] = value if is_inner(one) else outer_template(value, scope)
        elif name != "expressionEvaluationOptions":
            made[name] = loops.evaluated(value, scope)
    return made


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
        for symbol, body in resources.items():
            for index, made in enumerate(_turns(body, symbol, scope)):
                found[symbol if not index else f"{symbol}_{index}"] = made
        return found
    if not isinstance(resources, list):
        return resources
    return [made for body in resources for made in _turns(body, "", scope)]


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
    return found


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


def without_expressions(value: Json) -> bool:
    """Whether a value has none."""
    if isinstance(value, str):
        return not value.startswith("[")
    if isinstance(value, list):
        return all(without_expressions(one) for one in value)
    if isinstance(value, dict):
        return all(without_expressions(one) for one in value.values())
    return True


def as_far_as_known(value: Json, scope: TemplateScope, unknown: type[Exception]) -> Json:
    """A value with its expressions evaluated, those left as they are that need what is not there.

    Args:
        value: A part of a template.
        scope: What is around it.
        unknown: What an expression raises that needs a resource which is not deployed yet.
    """
    if isinstance(value, list):
        return [as_far_as_known(one, scope, unknown) for one in value]
    if isinstance(value, dict) and loops.loops_in(value):
        try:
            return loops.evaluated(value, scope)
        except unknown:
            return value
    if isinstance(value, dict):
        return {name: as_far_as_known(one, scope, unknown) for name, one in value.items()}
    try:
        return evaluate(value, scope)
    except unknown:
        return value
