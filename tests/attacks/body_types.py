"""Bodies for Resource Manager with a part of another JSON type."""

from __future__ import annotations

from tests.attacks.group import Group

SIGNALR = "/providers/Microsoft.SignalRService/signalR/chat-types"
ACCOUNT = "/providers/Microsoft.Storage/storageAccounts/chattypes"
SITE = "/providers/Microsoft.Web/sites/chat-shapes"
HERE = {"location": "eastus2"}


def instance(**properties: object) -> tuple[str, str, object]:
    """A SignalR Service instance with properties."""
    return "PUT", SIGNALR, {**HERE, "properties": properties}


def tier(**sku: object) -> tuple[str, str, object]:
    """A SignalR Service instance of a tier."""
    return "PUT", SIGNALR, {**HERE, "sku": {"name": "Free_F1", **sku}}


# Method, path below a group that has the site, and body.
BODIES: dict[str, tuple[str, str, object]] = {
    "a count of units as text": tier(capacity="1"),
    "a tier as a number": tier(tier=1),
    "a switch of SignalR as text": instance(disableLocalAuth="no"),
    "an origin as a number": instance(cors={"allowedOrigins": [1]}),
    "a feature's value as a boolean": instance(features=[{"flag": "ServiceMode", "value": True}]),
    "an upstream's address as a list": instance(upstream={"templates": [{"urlTemplate": [""]}]}),
    "a tag with a nested object": ("PUT", SIGNALR, {**HERE, "tags": {"a": {"b": "c"}}}),
    "a location as a list": ("PUT", SIGNALR, {"location": ["eastus2"]}),
    "https only as a word": ("PATCH", SITE, {"properties": {"httpsOnly": "yes"}}),
    "a setting's value as a list": (
        "PATCH",
        SITE,
        {"properties": {"siteConfig": {"appSettings": [{"name": "A", "value": [1]}]}}},
    ),
    "a setting's name as null in a list": (
        "PATCH",
        SITE,
        {"properties": {"siteConfig": {"appSettings": [None]}}},
    ),
    "credentials of CORS as text": (
        "PATCH",
        f"{SITE}/config/web",
        {"properties": {"cors": {"supportCredentials": "true"}}},
    ),
    "HTTP 2 as a number": ("PATCH", f"{SITE}/config/web", {"properties": {"http20Enabled": 1}}),
    "sign-in as text": (
        "PUT",
        f"{SITE}/config/authsettingsV2",
        {"properties": {"platform": {"enabled": "yes"}}},
    ),
    "an allowed address as an object": (
        "PUT",
        f"{SITE}/config/authsettingsV2",
        {"properties": {"login": {"allowedExternalRedirectUrls": [{}]}}},
    ),
    "a connection string's value as a number": (
        "PUT",
        f"{SITE}/config/connectionstrings",
        {"properties": {"a": {"value": 5, "type": "Custom"}}},
    ),
    "names of a slot as text": (
        "PUT",
        f"{SITE}/config/slotConfigNames",
        {"properties": {"appSettingNames": "A"}},
    ),
    "a switch of storage as text": (
        "PUT",
        ACCOUNT,
        {
            **HERE,
            "kind": "StorageV2",
            "sku": {"name": "Standard_LRS"},
            "properties": {"allowSharedKeyAccess": "false"},
        },
    ),
    "a group's tag as a number": ("PUT", "", {**HERE, "tags": {"a": 1}}),
    "who manages a group as an object": ("PUT", "", {**HERE, "managedBy": {}}),
}
GROUPS = (
    Group(
        "Wrong types in a body for Resource Manager",
        "test_arm_body_types.py",
        "test_a_wrong_type_is_not_stored",
        tuple(BODIES),
    ),
)
