"""Ids of resources: the page "Resource functions" of Microsoft's reference."""

from __future__ import annotations

from chatkit.localcloud.resource_manager.templates.language.core.errors import TemplateError
from chatkit.localcloud.resource_manager.templates.language.core.invocation import (
    Function,
    Invocation,
)
from chatkit.localcloud.resource_manager.templates.language.core.scope import Level
from chatkit.localcloud.resource_manager.templates.language.core.values import Json
from chatkit.localcloud.resource_manager.templates.language.functions.arguments import invalid, text

GROUPS = "microsoft.resources/resourcegroups"


def _split(call: Invocation, most_before: int) -> tuple[list[str], str]:
    """What stands before the type, and `/providers/...` of the type and the names behind it.

    The type is the first argument with a slash.
    """
    given = [text(call, index) for index in range(len(call))]
    at = next((index for index, one in enumerate(given) if "/" in one), None)
    if at is None or at > most_before:
        raise invalid(
            call,
            "expects a fully qualified resource type, as 'Microsoft.Storage/storageAccounts',"
            f" among its first {most_before + 1} parameter(s).",
        )
    return given[:at], _provider_part(call, given[at], given[at + 1 :])


def _provider_part(call: Invocation, resource_type: str, names: list[str]) -> str:
    namespace, *types = resource_type.strip("/").split("/")
    if len(types) != len(names):
        raise TemplateError(
            f"Unable to evaluate template language function '{call.name}': the type"
            f" '{resource_type}' requires '{len(types)}' resource name argument(s)."
            " Please see https://aka.ms/arm-functions#resourceid for usage details."
        )
    pairs = [f"/{kind}/{name}" for kind, name in zip(types, names, strict=True)]
    return f"/providers/{namespace}" + "".join(pairs)


def _subscription_id(call: Invocation) -> str:
    found = call.scope.resources.subscription().get("subscriptionId")
    assert isinstance(found, str)
    return found


def _group_name(call: Invocation) -> str:
    found = call.scope.resources.resource_group().get("name")
    assert isinstance(found, str)
    return found


def _resource_id(call: Invocation) -> Json:
    """`resourceId([subscription], [group], type, name, ...)`, at the scope of the deployment."""
    before, provider = _split(call, most_before=2)
    level = call.scope.resources.level
    if not before and level in (Level.TENANT, Level.MANAGEMENT_GROUP):
        return provider
    if not before and level is Level.SUBSCRIPTION:
        return _in_subscription(_subscription_id(call), provider)
    if len(before) == 2:
        subscription, group = before
        return f"/subscriptions/{subscription}/resourceGroups/{group}{provider}"
    if level is Level.SUBSCRIPTION and before:
        # One argument before the type: a subscription, for there is no group.
        return _in_subscription(before[0], provider)
    group = before[0] if before else _group_name(call)
    return f"/subscriptions/{_subscription_id(call)}/resourceGroups/{group}{provider}"


def _in_subscription(subscription: str, provider: str) -> str:
    """A group itself has an id without a provider."""
    head = f"/providers/{GROUPS}/"
    if provider.lower().startswith(head):
        shorter = provider[len("/providers/microsoft.resources") :]
        return f"/subscriptions/{subscription}{shorter}"
    return f"/subscriptions/{subscription}{provider}"


def _subscription_resource_id(call: Invocation) -> Json:
    before, provider = _split(call, most_before=1)
    return _in_subscription(before[0] if before else _subscription_id(call), provider)


def _tenant_resource_id(call: Invocation) -> Json:
    return _split(call, most_before=0)[1]


def _management_group_resource_id(call: Invocation) -> Json:
    before, provider = _split(call, most_before=1)
    group = before[0] if before else call.scope.resources.management_group().get("name")
    return f"/providers/Microsoft.Management/managementGroups/{group}{provider}"


def _extension_resource_id(call: Invocation) -> Json:
    """`extensionResourceId(id, type, name, ...)`."""
    base = text(call, 0)
    names = [text(call, index) for index in range(2, len(call))]
    return base.rstrip("/") + _provider_part(call, text(call, 1), names)


FUNCTIONS = (
    Function("extensionResourceId", 3, None, _extension_resource_id),
    Function("managementGroupResourceId", 2, None, _management_group_resource_id),
    Function("resourceId", 2, None, _resource_id),
    Function("subscriptionResourceId", 2, None, _subscription_resource_id),
    Function("tenantResourceId", 2, None, _tenant_resource_id),
)
