"""What is sent for a resource of a template: its body with every expression evaluated."""

from __future__ import annotations

from chatkit.localcloud.resource_manager.core.documents import Json, JsonObject
from chatkit.localcloud.resource_manager.templates.language.core.errors import TemplateError
from chatkit.localcloud.resource_manager.templates.language.core.scope import Place
from chatkit.localcloud.resource_manager.templates.language.evaluating import evaluate
from chatkit.localcloud.resource_manager.templates.planning import loops
from chatkit.localcloud.resource_manager.templates.planning.order import BEFOREHAND, is_inner
from chatkit.localcloud.resource_manager.templates.planning.outer_scope import outer_template
from chatkit.localcloud.resource_manager.templates.planning.planned import Planned
from chatkit.localcloud.resource_manager.templates.planning.scopes import TemplateScope
from chatkit.localcloud.resource_manager.templates.reading.links import beside


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
    if properties.get("onErrorDeployment"):
        raise TemplateError("A deployment within a deployment has no 'onErrorDeployment'.")
    made: JsonObject = {"mode": "Incremental"}
    for name, value in properties.items():
        if name in ("templateLink", "parametersLink"):
            made[name] = beside(loops.evaluated(value, scope), scope.template.link)
        elif name == "template":
            made[name] = value if is_inner(one) else outer_template(value, scope)
        elif name != "expressionEvaluationOptions":
            made[name] = loops.evaluated(value, scope)
    return made


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
