"""Outputs of a deployment."""

from __future__ import annotations

from chatkit.localcloud.resource_manager.core.documents import Json, JsonObject
from chatkit.localcloud.resource_manager.templates.language.core.errors import TemplateError
from chatkit.localcloud.resource_manager.templates.language.core.scope import Place
from chatkit.localcloud.resource_manager.templates.language.core.values import kind_of
from chatkit.localcloud.resource_manager.templates.language.evaluating import evaluate
from chatkit.localcloud.resource_manager.templates.planning import loops
from chatkit.localcloud.resource_manager.templates.planning.scopes import TemplateScope
from chatkit.localcloud.resource_manager.templates.preparing import Prepared
from chatkit.localcloud.resource_manager.templates.reading.refusals import output_failed
from chatkit.localcloud.resource_manager.templates.reading.types import (
    KINDS,
    SECURE,
    TYPES,
    definition_of,
    type_of,
    without_secure,
)
from chatkit.localcloud.resource_manager.templates.sending import Sender


async def outputs_of(prepared: Prepared, sender: Sender) -> JsonObject:
    """The values of all outputs; secure ones have none.

    Raises:
        ArmError: One cannot be evaluated, or has another type.
    """
    facts = prepared.facts.knowing(prepared.plan)
    scope = prepared.scope.asking(facts)
    found: JsonObject = {}
    for name, body in prepared.template.section("outputs").items():
        definition = definition_of(prepared.template, body)

        def work(name: str = name, definition: JsonObject = definition) -> JsonObject | None:
            return _output(name, definition, scope)

        try:
            output = await facts.evaluated(work, sender.fetch)
        except TemplateError as error:
            raise output_failed(f"The template output '{name}': {error.message}") from None
        if output is not None:
            found[name] = output
    return found


def _output(name: str, definition: JsonObject, scope: TemplateScope) -> JsonObject | None:
    condition = evaluate(definition.get("condition", True), scope.at(Place.OUTPUT_CONDITION))
    if condition is False or str(condition).lower() == "false":
        return None
    type_ = type_of(definition)
    if type_ in SECURE:
        return {"type": TYPES[type_]}
    value = _value(name, definition, scope)
    kinds = KINDS.get(type_, ())
    if kinds and kind_of(value) not in kinds and not (value is None and definition.get("nullable")):
        raise TemplateError(
            f"Template output JToken type is not valid. Expected '{', '.join(kinds)}'. Actual"
            f" '{kind_of(value)}'. Please see https://aka.ms/arm-syntax-outputs for usage details."
        )
    return {
        "type": TYPES.get(type_, "Object"),
        "value": without_secure(scope.template, definition, value),
    }


def _value(name: str, definition: JsonObject, scope: TemplateScope) -> Json:
    loop = definition.get("copy")
    if not isinstance(loop, dict):
        return loops.evaluated(definition.get("value"), scope.at(Place.OUTPUT))
    count = loops.count_of(loop, scope.at(Place.OUTPUT_CONDITION))
    around = scope.at(Place.OUTPUT)
    label = str(loop.get("name") or name)
    return [loops.evaluated(loop.get("input"), around.turn(label, at)) for at in range(count)]
