"""Resource group and resource providers: what everything else needs first."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.mgmt.resource.resources.models import ResourceGroup

from chatkit.cloud.calls import lasting
from chatkit.cloud.hints import code_of
from chatkit.cloud.provision.name_rules import check_name
from chatkit.cloud.stack import Stack
from chatkit.core.errors import ServiceError

R = TypeVar("R")
PROVIDERS = ("Microsoft.SignalRService", "Microsoft.Storage", "Microsoft.Web")
NOT_REGISTERED = "MissingSubscriptionRegistration"
TAGS = {"made-by": "chatkit"}
REGISTER_LIMIT_S = 180
DELETE_LIMIT_S = 900


def create_resource_group(stack: Stack) -> ResourceGroup:
    """Make sure the group exists, after a deletion that still runs has ended."""
    name = check_name("resource group", stack.names.resource_group)
    groups = stack.cloud.resources().resource_groups
    wanted = ResourceGroup(location=stack.names.region, tags=TAGS)
    try:
        group = stack.calls.call(groups.get, name)
        if group.properties is None or group.properties.provisioning_state != "Deleting":
            stack.calls.would_call(groups.create_or_update, name, wanted)
            return group
        _wait_until_gone(stack)
    except ResourceNotFoundError:
        pass
    return stack.calls.call(groups.create_or_update, name, wanted)


def register_providers(stack: Stack) -> None:
    """Register the resource providers the chat room needs, all at the same time, and wait.

    Raises:
        ServiceError: One is still not registered after three minutes.
    """
    with ThreadPoolExecutor(len(PROVIDERS)) as pool:
        registered = [pool.submit(_register, stack.branch(), one) for one in PROVIDERS]
        for future in registered:
            future.result()


def with_provider(stack: Stack, provider: str, create: Callable[[], R]) -> R:
    """Create something; when its provider is not registered, register it and create again.

    The SDKs do this for plain requests, not for those that begin a long operation.
    """
    try:
        return create()
    except HttpResponseError as error:
        if code_of(error) != NOT_REGISTERED:
            raise
    _register(stack, provider)
    return create()


def _register(stack: Stack, provider: str) -> None:
    calls = stack.calls
    providers = stack.cloud.resources().providers
    state = calls.call(providers.get, provider).registration_state
    if state == "Registered":
        calls.would_call(providers.register, provider)
        return
    calls.call(providers.register, provider)
    for _ in calls.waiting(REGISTER_LIMIT_S, f"{provider} is registered"):
        state = providers.get(provider).registration_state
        if state == "Registered":
            return
    sentence = f"{provider} is still {state} after {lasting(REGISTER_LIMIT_S)}."
    raise ServiceError(409, NOT_REGISTERED, sentence, hint="Run the cell again.")


def _wait_until_gone(stack: Stack) -> None:
    groups = stack.cloud.resources().resource_groups
    name = stack.names.resource_group
    for _ in stack.calls.waiting(DELETE_LIMIT_S, f"the deletion of {name} has ended"):
        if not groups.check_existence(name):
            return
    raise ServiceError(
        409,
        "ResourceGroupBeingDeleted",
        f"The deletion of {name} has not ended within {lasting(DELETE_LIMIT_S)}.",
        hint="Run the cell again later, or choose other names: `Workshop.open(suffix='...')`.",
    )
