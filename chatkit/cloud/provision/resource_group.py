"""Resource group and resource providers: what everything else needs first."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.mgmt.resource.resources.models import ResourceGroup

from chatkit.cloud.calls import Calls
from chatkit.cloud.connection import Cloud
from chatkit.cloud.hints import code_of
from chatkit.cloud.provision.names import check_name
from chatkit.core.errors import ServiceError

R = TypeVar("R")
PROVIDERS = ("Microsoft.SignalRService", "Microsoft.Storage", "Microsoft.Web")
NOT_REGISTERED = "MissingSubscriptionRegistration"
TAGS = {"made-by": "chatkit"}
REGISTER_LIMIT_S, DELETE_LIMIT_S = 180, 900


def create_resource_group(cloud: Cloud, calls: Calls, name: str, region: str) -> ResourceGroup:
    """Make sure the group exists, after a deletion that still runs has ended."""
    check_name("resource group", name)
    client = cloud.resources()
    try:
        group = calls.call(client.resource_groups.get, name)
        if group.properties is None or group.properties.provisioning_state != "Deleting":
            return group
        _wait_until_gone(cloud, calls, name)
    except ResourceNotFoundError:
        pass
    return calls.call(
        client.resource_groups.create_or_update, name, ResourceGroup(location=region, tags=TAGS)
    )


def register_providers(cloud: Cloud, calls: Calls) -> None:
    """Register the resource providers the chat room needs, all at the same time, and wait until they are.

    Raises:
        ServiceError: One is still not registered after three minutes.
    """
    with ThreadPoolExecutor(len(PROVIDERS)) as pool:
        for done in [
            pool.submit(_register, cloud, calls.branch(), provider) for provider in PROVIDERS
        ]:
            done.result()


def with_provider(cloud: Cloud, calls: Calls, provider: str, create: Callable[[], R]) -> R:
    """Create something; when its provider turns out not to be registered, register it and create again.

    The SDKs do this for plain requests, not for those that begin a long operation.
    """
    try:
        return create()
    except HttpResponseError as error:
        if code_of(error) != NOT_REGISTERED:
            raise
    _register(cloud, calls, provider)
    return create()


def _register(cloud: Cloud, calls: Calls, provider: str) -> None:
    providers = cloud.resources().providers
    state = calls.call(providers.get, provider).registration_state
    if state == "Registered":
        return
    calls.call(providers.register, provider)
    for _ in calls.waiting(REGISTER_LIMIT_S):
        state = providers.get(provider).registration_state
        if state == "Registered":
            return
    sentence = f"{provider} is still {state} after {REGISTER_LIMIT_S} seconds."
    raise ServiceError(409, NOT_REGISTERED, sentence, hint="Run the cell again.")


def _wait_until_gone(cloud: Cloud, calls: Calls, name: str) -> None:
    for _ in calls.waiting(DELETE_LIMIT_S):
        if not cloud.resources().resource_groups.check_existence(name):
            return
