"""What only the cloud and the deployment know, asked of the scope.

The pages "Resource functions", "Scope functions" and "Deployment functions" of Microsoft's
reference.
"""

from __future__ import annotations

from collections.abc import Callable

from chatkit.localcloud.resource_manager.templates.language.core.errors import not_expected_here
from chatkit.localcloud.resource_manager.templates.language.core.invocation import (
    Function,
    Invocation,
)
from chatkit.localcloud.resource_manager.templates.language.core.scope import Level, Resources
from chatkit.localcloud.resource_manager.templates.language.core.values import Json, JsonObject
from chatkit.localcloud.resource_manager.templates.language.functions.arguments import (
    integer_or,
    invalid,
    text,
    text_or_none,
)

WITH_A_SUBSCRIPTION = (Level.RESOURCE_GROUP, Level.SUBSCRIPTION)


def _is_full(call: Invocation, index: int) -> bool:
    """`'Full'` asks for all of a resource, not only its properties."""
    if len(call) <= index:
        return False
    asked = text(call, index)
    if asked.lower() not in ("full", "properties"):
        raise invalid(call, f"takes 'Full' there. The provided value is '{asked}'.")
    return asked.lower() == "full"


def _reference(call: Invocation) -> Json:
    resources = call.scope.resources
    return resources.reference(text(call, 0), text_or_none(call, 1), _is_full(call, 2))


def _references(call: Invocation) -> Json:
    return call.scope.resources.references(text(call, 0), _is_full(call, 1))


def _list(call: Invocation) -> Json:
    """`listKeys`, `listSecrets` and every other action of a resource that lists something."""
    body = None
    if len(call) == 3:
        body = call.value(2)
    return call.scope.resources.list_call(call.name, text(call, 0), text_or_none(call, 1), body)


def _providers(call: Invocation) -> Json:
    resource_type = text_or_none(call, 1)
    return call.scope.resources.provider(text(call, 0), resource_type)


def _pick_zones(call: Invocation) -> Json:
    """As many zones as asked for, from an offset on; none where the type has no zones."""
    zones = call.scope.resources.zones(text(call, 0), text(call, 1), text(call, 2))
    count = integer_or(call, 3, default=1)
    offset = integer_or(call, 4, default=0)
    if not zones:
        return []
    if not 1 <= count <= len(zones) or not 0 <= offset < len(zones):
        raise invalid(call, f"was asked for {count} zone(s) of {len(zones)}.")
    return [zones[(offset + index) % len(zones)] for index in range(count)]


def _only_at(
    levels: tuple[Level, ...], asked: Callable[[Resources], JsonObject]
) -> Callable[[Invocation], Json]:
    def answer(call: Invocation) -> Json:
        resources = call.scope.resources
        if resources.level not in levels:
            raise not_expected_here(call.name)
        return asked(resources)

    return answer


def _anywhere(asked: Callable[[Resources], JsonObject]) -> Callable[[Invocation], Json]:
    return lambda call: asked(call.scope.resources)


FUNCTIONS = (
    Function("deployer", 0, 0, _anywhere(lambda resources: resources.deployer())),
    Function("deployment", 0, 0, _anywhere(lambda resources: resources.deployment())),
    Function("environment", 0, 0, _anywhere(lambda resources: resources.environment())),
    Function("list*", 1, 3, _list),
    Function(
        "managementGroup",
        0,
        0,
        _only_at((Level.MANAGEMENT_GROUP,), lambda resources: resources.management_group()),
    ),
    Function("parameters", 1, 1, lambda call: call.scope.parameter(text(call, 0))),
    Function("pickZones", 3, 5, _pick_zones),
    Function("providers", 1, 2, _providers),
    Function("reference", 1, 3, _reference),
    Function("references", 1, 2, _references),
    Function(
        "resourceGroup",
        0,
        0,
        _only_at((Level.RESOURCE_GROUP,), lambda resources: resources.resource_group()),
    ),
    Function("resourceInfo", 1, 1, lambda call: call.scope.resources.resource_info(text(call, 0))),
    Function(
        "subscription",
        0,
        0,
        _only_at(WITH_A_SUBSCRIPTION, lambda resources: resources.subscription()),
    ),
    Function("tenant", 0, 0, _anywhere(lambda resources: resources.tenant())),
    Function("variables", 1, 1, lambda call: call.scope.variable(text(call, 0))),
)
