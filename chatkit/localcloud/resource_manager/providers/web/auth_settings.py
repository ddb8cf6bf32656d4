"""What App Service makes of authsettingsV2, as a recording of `az webapp auth` has it."""

from __future__ import annotations

from chatkit.localcloud.resource_manager.core.documents import JsonObject
from chatkit.localcloud.resource_manager.core.http import merge

ANONYMOUS = "AllowAnonymous"
# Of a site that nobody has given any.
NONE: JsonObject = {"platform": {"enabled": False}}


def completed(given: JsonObject) -> JsonObject:
    """The settings of a request, with Azure's defaults for what it leaves out."""
    settings: JsonObject = merge(_defaults(given), given)
    platform = settings.setdefault("platform", {})
    # az sends the text that was typed behind --enabled.
    platform["enabled"] = str(platform.get("enabled")).lower() == "true"
    return settings


def first_version(settings: JsonObject | None) -> JsonObject:
    """The settings as the first version of authsettings shows them."""
    body: JsonObject = {"enabled": False, "isAadAutoProvisioned": False}
    if settings is None:
        return {**body, "configVersion": "v1"}
    body |= {"isAuthFromFile": "False", "configVersion": "v2"}
    platform = settings.get("platform") or {}
    if not platform.get("enabled"):
        return body
    validation = settings.get("globalValidation") or {}
    store = (settings.get("login") or {}).get("tokenStore") or {}
    return {
        **body,
        "enabled": True,
        "runtimeVersion": platform.get("runtimeVersion"),
        "httpApiPrefixPath": "/.auth",
        "unauthenticatedClientAction": validation.get("unauthenticatedClientAction"),
        "tokenStoreEnabled": store.get("enabled"),
        "tokenRefreshExtensionHours": store.get("tokenRefreshExtensionHours"),
    }


def _defaults(given: JsonObject) -> JsonObject:
    """Of two words about people without sign-in, one given alone decides both.

    That it does is not recorded.
    """
    validation = given.get("globalValidation") or {}
    is_open = validation.get("requireAuthentication") is False
    is_open |= str(validation.get("unauthenticatedClientAction")).lower() == ANONYMOUS.lower()
    return {
        "platform": {"enabled": False, "runtimeVersion": "~1"},
        "globalValidation": {
            "requireAuthentication": not is_open,
            "unauthenticatedClientAction": ANONYMOUS if is_open else "RedirectToLoginPage",
        },
        "identityProviders": {},
        "login": {
            "routes": {},
            "tokenStore": {
                "enabled": False,
                "tokenRefreshExtensionHours": 72.0,
                "fileSystem": {},
                "azureBlobStorage": {},
            },
            "preserveUrlFragmentsForLogins": False,
            "cookieExpiration": {"convention": "FixedTime", "timeToExpiration": "08:00:00"},
            "nonce": {"validateNonce": True, "nonceExpirationInterval": "00:05:00"},
        },
        "httpSettings": {
            "requireHttps": True,
            "routes": {"apiPrefix": "/.auth"},
            "forwardProxy": {"convention": "NoProxy"},
        },
        "clearInboundClaimsMapping": "false",
    }
