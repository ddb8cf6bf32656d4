"""What SignalR Service accepts: names, tiers, features; and what its data plane is told."""

from __future__ import annotations

import base64
import re
import secrets
from typing import NotRequired, TypedDict, cast

from chatkit.localcloud.resource_manager.core import errors
from chatkit.localcloud.resource_manager.core.documents import (
    Json,
    JsonObject,
    Resource,
    SystemData,
)
from chatkit.localcloud.resource_manager.core.http import merge
from chatkit.localcloud.resource_manager.core.identities import all_principals
from chatkit.localcloud.resource_manager.core.type_names import SIGNALR
from chatkit.localcloud.signalr.core.spec import (
    CLIENT_CONNECTION,
    REST_API,
    InstanceSpec,
    UpstreamTemplate,
)

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
BAD_ARGUMENT = "BadArgument"
MANAGED_IDENTITY = "ManagedIdentity"
ALLOWED = ("ServerConnection", CLIENT_CONNECTION, REST_API, "Trace")
REQUEST_TYPES = frozenset(ALLOWED)
NETWORK: JsonObject = {
    "defaultAction": "Deny",
    "publicNetwork": {
        "allow": [*ALLOWED],
        "deny": None,
    },
    "privateEndpoints": [],
}


class Sku(TypedDict):
    """A pricing tier and its units."""

    name: str
    tier: str
    size: str
    capacity: int


class Feature(TypedDict):
    """One feature flag."""

    flag: str
    value: str
    properties: JsonObject


class Template(TypedDict, total=False):
    """One upstream template, as it was given."""

    urlTemplate: str
    hubPattern: str
    categoryPattern: str
    eventPattern: str
    auth: JsonObject


class Upstream(TypedDict):
    """Where events go."""

    templates: list[Template] | None


class Cors(TypedDict):
    """Pages that may connect."""

    allowedOrigins: list[str]


class Settings(TypedDict):
    """An instance's properties, as they are kept and shown."""

    tls: dict[str, bool]
    features: list[Feature]
    liveTraceConfiguration: Json
    resourceLogConfiguration: Json
    cors: Cors
    serverless: dict[str, int]
    upstream: Upstream
    networkACLs: JsonObject
    publicNetworkAccess: str
    disableLocalAuth: bool
    disableAadAuth: bool


class Keys(TypedDict):
    """Access keys, both empty while they are disabled, and the key of the service itself.

    The latter signs the client tokens that the service hands out. Homes of version 0.2.0 get theirs
    when the instance is brought back.
    """

    primary: str
    secondary: str
    tokens: NotRequired[str]


class Instance(Resource):
    """An instance as it is kept; `port` is there as soon as it is saved."""

    kind: str
    sku: Sku
    properties: Settings
    keys: Keys
    systemData: SystemData
    port: NotRequired[int]


def leaf_domain_taken(name: str) -> errors.ArmError:
    """The refusal of a name that is in use, which is no conflict in SignalR Service.

    Its status and its words: https://github.com/hashicorp/terraform-provider-azurerm/issues/28836
    """
    message = f"Leaf domain {name} is already in use. Please use a different resource name."
    return errors.service_error(400, BAD_ARGUMENT, message)


def unavailable(refusal: errors.ArmError) -> JsonObject:
    """What the check of a name answers for a refusal; a taken one in the words of its page."""
    if refusal.code != BAD_ARGUMENT:
        return {"nameAvailable": False, "reason": "Invalid", "message": refusal.message}
    message = "The name is already taken. Please try a different name."
    return {"nameAvailable": False, "reason": "AlreadyExists", "message": message}


def check_tier(sku: Json, tier: str) -> None:
    """Refuse a sku with a tier that its name has not.

    Recorded in https://github.com/pulumi/pulumi-azure-native/issues/2741

    Raises:
        ArmError: BadArgument.
    """
    given = str(sku.get("tier") or tier)
    if given.lower() != tier.lower():
        refusal = errors.service_error(400, BAD_ARGUMENT, "Invalid arguments")
        message = "SKU tier does not match name."
        refusal.details = [{"code": BAD_ARGUMENT, "message": message, "target": "sku"}]
        raise refusal


def settings(given: JsonObject) -> Settings:
    """Check an instance's properties and fill in Azure's defaults.

    Raises:
        ArmError: A feature flag, service mode or upstream template that the service does not take.
    """
    if str(given.get("resourceStopped") or "").lower() == "true":
        raise errors.not_implemented("Stopping a SignalR instance", "restarting it")
    tls = given.get("tls") or {}
    serverless = given.get("serverless") or {}
    return {
        "tls": {"clientCertEnabled": bool(tls.get("clientCertEnabled", False))},
        "features": _features(given.get("features") or []),
        "liveTraceConfiguration": given.get("liveTraceConfiguration"),
        "resourceLogConfiguration": given.get("resourceLogConfiguration"),
        "cors": {"allowedOrigins": _origins(given)},
        "serverless": {
            "connectionTimeoutInSeconds": serverless.get("connectionTimeoutInSeconds", 30)
        },
        "upstream": {"templates": _templates(given)},
        "networkACLs": merge(NETWORK, given.get("networkACLs") or {}),
        "publicNetworkAccess": given.get("publicNetworkAccess") or "Enabled",
        "disableLocalAuth": bool(given.get("disableLocalAuth", False)),
        "disableAadAuth": bool(given.get("disableAadAuth", False)),
    }


def _features(given: list[JsonObject]) -> list[Feature]:
    features: dict[str, Feature] = {}
    for feature in given:
        flag = str(feature.get("flag", ""))
        value = str(feature.get("value", ""))
        if flag not in FLAGS:
            known = ", ".join(sorted(FLAGS))
            message = f"The feature flag '{flag}' is not one of {known}."
            raise errors.invalid_property(message, target="features")
        if flag == "ServiceMode":
            value = _mode(value)
        properties = feature.get("properties") or {}
        features[flag] = {"flag": flag, "value": value, "properties": properties}
    features.setdefault(
        "ServiceMode", {"flag": "ServiceMode", "value": "Default", "properties": {}}
    )
    return [*features.values()]


def _mode(value: str) -> str:
    known = MODES.get(value.lower())
    if known is None:
        listed = ", ".join(MODES.values())
        raise errors.invalid_property(f"The ServiceMode '{value}' is not one of {listed}.")
    return known


def _templates(given: JsonObject) -> list[Template] | None:
    # None until somebody has set them, an empty list once they were cleared; both as recorded.
    templates: list[Template] | None = (given.get("upstream") or {}).get("templates")
    for template in templates or []:
        if not str(template.get("urlTemplate", "")).startswith(("http://", "https://", "{")):
            message = "An upstream template needs a urlTemplate that is a URL."
            raise errors.invalid_property(message, target="upstream")
        _check_auth(template.get("auth"))
    if templates is None:
        return None
    # Filled in as recorded.
    every: JsonObject = {"hubPattern": "*", "eventPattern": "*", "categoryPattern": "*"}
    return [cast(Template, {**every, "auth": None, **template}) for template in templates]


def _check_auth(auth: Json) -> None:
    """Refuse upstream authentication of another kind, or with an identity for no resource."""
    given = auth if isinstance(auth, dict) else {}
    kind = str(given.get("type") or "None").lower()
    if kind not in ("none", MANAGED_IDENTITY.lower()):
        message = f"The auth type of an upstream template is not None or {MANAGED_IDENTITY}."
        raise errors.invalid_property(message, target="upstream")
    about = given.get("managedIdentity")
    if about is not None and not isinstance(about, dict):
        raise errors.invalid_body("The property 'auth.managedIdentity' must be an object.")
    if kind != "none" and not (about or {}).get("resource"):
        message = f"Upstream authentication with {MANAGED_IDENTITY} needs a resource."
        raise errors.invalid_property(message, target="upstream")


def _origins(given: JsonObject) -> list[str]:
    origins: list[object] | None = (given.get("cors") or {}).get("allowedOrigins")
    if origins is None:
        return ["*"]
    return [str(origin) for origin in origins]


def merge_settings(old: Settings, given: JsonObject) -> JsonObject:
    """PATCH: objects merge; features merge by flag."""
    features: JsonObject = {feature["flag"]: feature for feature in old["features"]}
    features |= {feature.get("flag", ""): feature for feature in given.get("features") or []}
    return {**merge(old, given), "features": [*features.values()]}


def owner(document: Instance) -> str:
    """Name of the instance's port."""
    return f"signalr/{document['name'].lower()}"


def new_key() -> str:
    """An access key: 64 random bytes in Base64."""
    return base64.b64encode(secrets.token_bytes(64)).decode()


def new_keys() -> Keys:
    """All keys of a new instance."""
    return {"primary": new_key(), "secondary": new_key(), "tokens": new_key()}


def settle_keys(document: Instance) -> None:
    """Delete the access keys when they are disabled, make new ones when they are enabled again.

    Microsoft's page "Disable local authentication": the current set is permanently deleted.
    """
    keys = document["keys"]
    disabled = document["properties"]["disableLocalAuth"]
    if disabled == bool(keys["primary"]):
        made = "" if disabled else new_key()
        other = "" if disabled else new_key()
        document["keys"] = {**keys, "primary": made, "secondary": other}


def check_has_keys(document: Instance) -> None:
    """Refuse what is about access keys while they are disabled: they are deleted then.

    That Azure refuses it is known; its code and its words are not, these are ours.
    """
    if document["properties"]["disableLocalAuth"]:
        raise errors.service_error(
            403,
            "LocalAuthDisabled",
            f"Local authentication is disabled on the resource '{document['name']}': it has no"
            " access keys.",
        )


def shown_keys(document: Instance) -> JsonObject:
    """The access keys as listKeys shows them, and connection strings."""
    keys = document["keys"]

    def text(key: str) -> str:
        return f"Endpoint=http://localhost;Port={document['port']};AccessKey={key};Version=1.0;"

    return {
        "primaryKey": keys["primary"],
        "secondaryKey": keys["secondary"],
        "primaryConnectionString": text(keys["primary"]),
        "secondaryConnectionString": text(keys["secondary"]),
    }


def spec(document: Instance) -> InstanceSpec:
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
        disable_aad_auth=settings["disableAadAuth"],
        token_key=document["keys"].get("tokens", ""),
        scope=document["id"],
        identity_id=next(iter(all_principals(document.get("identity"))), ""),
        denied=_denied(document),
    )


def _denied(document: Instance) -> frozenset[str]:
    """Types of requests that the network rules keep out; all come from the public network here.

    Follows "Configure network access control" of Microsoft's documentation. The free tier has no
    such rules: https://github.com/Azure/azure-webpubsub/issues/447
    """
    if document["sku"]["tier"] == "Free":
        return frozenset()
    settings = document["properties"]
    if str(settings["publicNetworkAccess"]).lower() == "disabled":
        return REQUEST_TYPES
    rules = settings["networkACLs"]
    public = rules.get("publicNetwork") or {}
    denied = REQUEST_TYPES.intersection(public.get("deny") or [])
    if str(rules.get("defaultAction")).lower() == "deny":
        denied |= REQUEST_TYPES.difference(public.get("allow") or [])
    return denied


def _template(given: Template) -> UpstreamTemplate:
    return UpstreamTemplate(
        url_template=given["urlTemplate"],
        hub_pattern=given.get("hubPattern") or "*",
        category_pattern=given.get("categoryPattern") or "*",
        event_pattern=given.get("eventPattern") or "*",
        resource=_resource(given),
    )


def _resource(given: Template) -> str:
    """For what the token is that goes along; empty where the template asks for none."""
    auth = given.get("auth") or {}
    if str(auth.get("type") or "").lower() != MANAGED_IDENTITY.lower():
        return ""
    return str((auth.get("managedIdentity") or {}).get("resource") or "")


def tier_shown(name: str, tier: str) -> JsonObject:
    """A pricing tier with its units, as the list of them shows it."""
    capacity: JsonObject = {
        "minimum": 1,
        "maximum": 100,
        "default": 1,
        "allowedValues": CAPACITIES,
        "scaleType": "Manual",
    }
    if tier == "Free":
        capacity |= {"maximum": 1, "allowedValues": [1], "scaleType": "None"}
    return {
        "resourceType": SIGNALR,
        "sku": {"name": name, "tier": tier},
        "capacity": capacity,
    }
