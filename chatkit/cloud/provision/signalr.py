"""The SignalR Service instance: serverless, made with one request, and its tier.

Each later change of an instance takes Azure about a minute; sku, service mode and CORS therefore go
into the first request.
"""

from __future__ import annotations

from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

from chatkit.cloud.connection import without_syntax_warnings
from chatkit.cloud.provision import tiers
from chatkit.cloud.provision.name_rules import check_available, check_name
from chatkit.cloud.provision.resource_group import with_provider
from chatkit.cloud.provision.tiers import FREE, Size
from chatkit.cloud.stack import Stack
from chatkit.core.errors import ServiceError, SetupError

with without_syntax_warnings():
    from azure.mgmt.signalr.models import (
        NameAvailabilityParameters,
        SignalRCorsSettings,
        SignalRFeature,
        SignalRResource,
    )

SERVERLESS = "Serverless"
FREE_QUOTA = "FreeTierInstances"
RESOURCE_TYPE = "Microsoft.SignalRService/SignalR"
# A page may live anywhere; the access token is what protects the hub.
ANY_ORIGIN = ["*"]
KEYS_REFUSED = 403


def create_signalr(stack: Stack, size: Size | None = None) -> SignalRResource:
    """Make sure a serverless instance exists.

    A shared one is its class's: it is looked at, and never made or changed.

    Args:
        stack: Connection, calls and names.
        size: Its tier and units; without it the free tier, and what is there stays as it is.

    Raises:
        ServiceError: The name belongs to somebody else.
        azure.core.exceptions.ResourceNotFoundError: The class's instance is not there.
    """
    names = stack.names
    if names.shared:
        get = stack.cloud.signalr().signal_r.get
        return stack.calls.call(get, names.signalr_group, names.signalr)
    calls = stack.calls
    check_name("SignalR instance", names.signalr)
    instances = stack.cloud.signalr().signal_r
    create = instances.begin_create_or_update
    try:
        existing = calls.call(instances.get, names.resource_group, names.signalr)
    except ResourceNotFoundError:
        first = size or Size(FREE)
        wanted = _described(names.region, first)
        _check_available(stack)
        if first.tier is FREE:
            _check_quota(stack)
    else:
        there = tiers.of(existing.sku)
        wanted = _described(names.region, size or there or Size(FREE))
        is_as_wanted = size is None or size == there
        if _is_serverless(existing) and is_as_wanted:
            calls.would_call(create, names.resource_group, names.signalr, wanted)
            return existing
    return with_provider(
        stack,
        "Microsoft.SignalRService",
        lambda: calls.finish(create, names.resource_group, names.signalr, wanted),
    )


def size_of(stack: Stack) -> Size | None:
    """The instance's tier and units; None for a tier that the kit does not make.

    Raises:
        azure.core.exceptions.ResourceNotFoundError: There is no instance.
    """
    names = stack.names
    instances = stack.cloud.signalr().signal_r
    return tiers.of(stack.calls.call(instances.get, names.signalr_group, names.signalr).sku)


def scale(stack: Stack, size: Size) -> bool:
    """Change the instance's tier and units; say whether they were others.

    Raises:
        azure.core.exceptions.ResourceNotFoundError: There is no instance.
        ServiceError: The region has no free instance left.
        SetupError: It is a class's.
    """
    names = stack.names
    if names.shared:
        raise SetupError("The instance is your class's: its instructor chooses the tier.")
    calls = stack.calls
    instances = stack.cloud.signalr().signal_r
    existing = calls.call(instances.get, names.resource_group, names.signalr)
    before = tiers.of(existing.sku)
    # Whole, so that it is the same as a template; a default would let an instance take keys again.
    wanted = SignalRResource(
        location=existing.location,
        kind=existing.kind,
        sku=size.sku,
        features=existing.features,
        cors=existing.cors,
        disable_local_auth=bool(existing.disable_local_auth),
    )
    if before == size:
        calls.would_call(instances.begin_update, names.resource_group, names.signalr, wanted)
        return False
    if size.tier is FREE:
        _check_quota(stack)
    calls.finish(instances.begin_update, names.resource_group, names.signalr, wanted)
    return True


def _described(region: str, size: Size) -> SignalRResource:
    return SignalRResource(
        location=region,
        kind="SignalR",
        sku=size.sku,
        features=[SignalRFeature(flag="ServiceMode", value=SERVERLESS)],
        cors=SignalRCorsSettings(allowed_origins=ANY_ORIGIN),
    )


def _is_serverless(existing: SignalRResource) -> bool:
    return existing.provisioning_state == "Succeeded" and service_mode(existing) == SERVERLESS


def connection_string(stack: Stack) -> str:
    """Read the instance's primary connection string; one without a key where it takes no keys."""
    instances = stack.cloud.signalr().signal_r
    names = stack.names
    try:
        keys = stack.calls.call(instances.list_keys, names.signalr_group, names.signalr)
    except HttpResponseError as error:
        if error.status_code != KEYS_REFUSED:
            raise
        instance = stack.calls.call(instances.get, names.signalr_group, names.signalr)
        if not instance.disable_local_auth:
            raise
        return f"Endpoint={address(stack, instance)};AuthType=azure;Version=1.0;"
    assert keys.primary_connection_string is not None
    return str(keys.primary_connection_string)


def is_keyless(connection_string: str) -> bool:
    """Say whether a connection string holds no key: then Entra ID is asked for tokens."""
    return "authtype=" in connection_string.lower()


def address(stack: Stack, instance: SignalRResource) -> str:
    """The instance's address: https in Azure, on a port of this machine in the local cloud."""
    if stack.cloud.app_scheme == "https":
        return f"https://{instance.host_name}"
    return f"{stack.cloud.app_scheme}://{instance.host_name}:{instance.public_port}"


def service_mode(instance: SignalRResource) -> str:
    """The instance's service mode: "Serverless", "Default" or "Classic"."""
    for feature in instance.features or ():
        if feature.flag == "ServiceMode":
            return str(feature.value)
    return "Default"


def _check_available(stack: Stack) -> None:
    name = stack.names.signalr
    wanted = NameAvailabilityParameters(type=RESOURCE_TYPE, name=name)
    ask = stack.cloud.signalr().signal_r.check_name_availability
    check_available(stack, name, lambda: stack.calls.call(ask, stack.names.region, wanted))


def _check_quota(stack: Stack) -> None:
    """Look whether the region still has a free instance, before a minute is spent on it."""
    region = stack.names.region
    for usage in stack.calls.list(stack.cloud.signalr().usages.list, region):
        if usage.name is None or usage.name.value != FREE_QUOTA:
            continue
        if (usage.current_value or 0) >= (usage.limit or 0):
            raise ServiceError(
                409,
                "FreeTierQuotaExceeded",
                f"All {usage.limit} free SignalR instances of {region} are in use"
                " in this subscription.",
                hint="Delete one you no longer need, or choose another region:"
                " `Workshop.open(region='westus2')`.",
            )
