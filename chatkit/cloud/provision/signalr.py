"""The SignalR Service instance: free tier, serverless, made with one request.

Each later change of an instance takes Azure about a minute; sku, service mode and CORS therefore go into the first request.
"""

from __future__ import annotations

from azure.core.exceptions import ResourceNotFoundError

from chatkit.cloud.calls import Calls
from chatkit.cloud.connection import Cloud, without_syntax_warnings
from chatkit.cloud.provision.names import check_answer, check_name
from chatkit.cloud.provision.resource_group import with_provider
from chatkit.core.errors import ServiceError

with without_syntax_warnings():
    from azure.mgmt.signalr.models import (
        NameAvailabilityParameters,
        ResourceSku,
        SignalRCorsSettings,
        SignalRFeature,
        SignalRResource,
    )

FREE_SKU = "Free_F1"
SERVERLESS = "Serverless"
FREE_QUOTA = "FreeTierInstances"
RESOURCE_TYPE = "Microsoft.SignalRService/SignalR"
# A page may live anywhere; the access token is what protects the hub.
ANY_ORIGIN = ["*"]


def create_signalr(
    cloud: Cloud, calls: Calls, group: str, name: str, region: str
) -> SignalRResource:
    """Make sure a serverless instance exists on the free tier.

    Raises:
        ServiceError: The name belongs to somebody else.
    """
    check_name("SignalR instance", name)
    client = cloud.signalr()
    try:
        existing = calls.call(client.signal_r.get, group, name)
        if existing.provisioning_state == "Succeeded" and service_mode(existing) == SERVERLESS:
            return existing
    except ResourceNotFoundError:
        _check_available(cloud, calls, name, region)
        _check_quota(cloud, calls, region)
    wanted = SignalRResource(
        location=region,
        kind="SignalR",
        sku=ResourceSku(name=FREE_SKU, tier="Free", capacity=1),
        features=[SignalRFeature(flag="ServiceMode", value=SERVERLESS)],
        cors=SignalRCorsSettings(allowed_origins=ANY_ORIGIN),
    )
    return with_provider(
        cloud,
        calls,
        "Microsoft.SignalRService",
        lambda: calls.finish(client.signal_r.begin_create_or_update, group, name, wanted),
    )


def connection_string(cloud: Cloud, calls: Calls, group: str, name: str) -> str:
    """Read the instance's primary connection string."""
    keys = calls.call(cloud.signalr().signal_r.list_keys, group, name)
    assert keys.primary_connection_string is not None
    return str(keys.primary_connection_string)


def service_mode(instance: SignalRResource) -> str:
    """The instance's service mode: "Serverless", "Default" or "Classic"."""
    return next(
        (
            str(feature.value)
            for feature in instance.features or ()
            if feature.flag == "ServiceMode"
        ),
        "Default",
    )


def _check_available(cloud: Cloud, calls: Calls, name: str, region: str) -> None:
    wanted = NameAvailabilityParameters(type=RESOURCE_TYPE, name=name)
    answer = calls.call(cloud.signalr().signal_r.check_name_availability, region, wanted)
    check_answer(
        name, available=answer.name_available, reason=answer.reason, message=answer.message
    )


def _check_quota(cloud: Cloud, calls: Calls, region: str) -> None:
    """Look whether the region still has a free instance for this subscription, before a minute is spent on it."""
    for usage in calls.list(cloud.signalr().usages.list, region):
        name = usage.name.value if usage.name else ""
        if name == FREE_QUOTA and (usage.current_value or 0) >= (usage.limit or 0):
            raise ServiceError(
                409,
                "FreeTierQuotaExceeded",
                f"All {usage.limit} free SignalR instances of {region} are in use in this subscription.",
                hint="Delete one you no longer need, or choose another region: `Workshop.open(region='westus2')`.",
            )
