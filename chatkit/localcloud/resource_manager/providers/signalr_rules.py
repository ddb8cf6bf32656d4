"""What SignalR Service accepts: names, tiers, features; and what its data plane is told."""

from __future__ import annotations

import base64
import re
import secrets
from typing import Any

from chatkit.localcloud.resource_manager.core import errors
from chatkit.localcloud.resource_manager.core.http import merge
from chatkit.localcloud.resource_manager.core.state import Document
from chatkit.localcloud.signalr.core.spec import InstanceSpec, UpstreamTemplate

NAMESPACE = "Microsoft.SignalRService"
TYPE = "Microsoft.SignalRService/SignalR"
LOCATIONS = "Microsoft.SignalRService/locations"
NAME = re.compile(r"^[A-Za-z][A-Za-z0-9-]{1,61}[A-Za-z0-9]$")
FREE_LIMIT = 5
UNIT_LIMIT = 300
SKUS = {
    "Free_F1": "Free",
    "Basic_B1": "Basic",
    "Standard_S1": "Standard",
    "Premium_P1": "Premium",
    "Premium_P2": "Premium",
}
CAPACITIES = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100]
FLAGS = {"ServiceMode", "EnableConnectivityLogs", "EnableMessagingLogs", "EnableLiveTrace"}
MODES = {mode.lower(): mode for mode in ("Default", "Serverless", "Classic")}
NETWORK = {
    "defaultAction": "Deny",
    "publicNetwork": {
        "allow": ["ServerConnection", "ClientConnection", "RESTAPI", "Trace"],
        "deny": None,
    },
    "privateEndpoints": [],
}


def settings(given: Document) -> Document:
    """Check an instance's properties and fill in Azure's defaults.

    Raises:
        ArmError: A feature flag, service mode or upstream template that the service does not take.
    """
    features: dict[str, Document] = {}
    for feature in given.get("features") or []:
        flag = str(feature.get("flag", ""))
        if flag not in FLAGS:
            raise errors.invalid_property(
                f"The feature flag '{flag}' is not one of {', '.join(sorted(FLAGS))}.",
                target="features",
            )
        value = str(feature.get("value", ""))
        if flag == "ServiceMode":
            if value.lower() not in MODES:
                raise errors.invalid_property(
                    f"The ServiceMode '{value}' is not one of {', '.join(MODES.values())}."
                )
            value = MODES[value.lower()]
        features[flag] = {
            "flag": flag,
            "value": value,
            "properties": feature.get("properties") or {},
        }
    features.setdefault(
        "ServiceMode", {"flag": "ServiceMode", "value": "Default", "properties": {}}
    )
    templates = (given.get("upstream") or {}).get("templates")
    for template in templates or []:
        if not str(template.get("urlTemplate", "")).startswith(("http://", "https://", "{")):
            raise errors.invalid_property(
                "An upstream template needs a urlTemplate that is a URL.", target="upstream"
            )
    return {
        "tls": {
            "clientCertEnabled": bool((given.get("tls") or {}).get("clientCertEnabled", False))
        },
        "features": [*features.values()],
        "liveTraceConfiguration": given.get("liveTraceConfiguration"),
        "resourceLogConfiguration": given.get("resourceLogConfiguration"),
        "cors": {"allowedOrigins": _origins(given)},
        "serverless": {
            "connectionTimeoutInSeconds": (given.get("serverless") or {}).get(
                "connectionTimeoutInSeconds", 30
            )
        },
        "upstream": {"templates": templates or None},
        "networkACLs": merge(NETWORK, given.get("networkACLs") or {}),
        "publicNetworkAccess": given.get("publicNetworkAccess") or "Enabled",
        "disableLocalAuth": bool(given.get("disableLocalAuth", False)),
        "disableAadAuth": bool(given.get("disableAadAuth", False)),
    }


def owner(document: Document) -> str:
    """Name of the instance's port."""
    return f"signalr/{document['name'].lower()}"


def new_key() -> str:
    """An access key: 64 random bytes in Base64."""
    return base64.b64encode(secrets.token_bytes(64)).decode()


def spec(document: Document) -> InstanceSpec:
    """What the data plane needs to know."""
    settings = document["properties"]
    mode = next(
        feature["value"] for feature in settings["features"] if feature["flag"] == "ServiceMode"
    )
    return InstanceSpec(
        name=document["name"].lower(),
        port=document["port"],
        primary_key=document["keys"]["primary"],
        secondary_key=document["keys"]["secondary"],
        service_mode=mode,
        sku=document["sku"]["name"],
        capacity=document["sku"]["capacity"],
        allowed_origins=tuple(settings["cors"]["allowedOrigins"]),
        upstream=tuple(_template(template) for template in settings["upstream"]["templates"] or []),
        disable_local_auth=settings["disableLocalAuth"],
    )


def _template(given: Document) -> UpstreamTemplate:
    return UpstreamTemplate(
        url_template=given["urlTemplate"],
        hub_pattern=given.get("hubPattern") or "*",
        category_pattern=given.get("categoryPattern") or "*",
        event_pattern=given.get("eventPattern") or "*",
    )


def _origins(given: Document) -> list[str]:
    origins: Any = (given.get("cors") or {}).get("allowedOrigins")
    return ["*"] if origins is None else [str(origin) for origin in origins]


def merge_settings(old: Document, given: Document) -> Document:
    """PATCH: objects merge; features merge by flag."""
    features = {feature["flag"]: feature for feature in old["features"]}
    features |= {feature.get("flag", ""): feature for feature in given.get("features") or []}
    return {**merge(old, given), "features": [*features.values()]}
