"""Secrets in a request, replaced by what they are: `<client secret>`.

It goes by the kind of field. App settings may hold anything, so all their values are replaced but
those that are known to be none; elsewhere the names of fields decide, and the forms of secrets.
"""

from __future__ import annotations

import re
from typing import Any

from chatkit.core.text.masking import mask

PLACEHOLDER = re.compile(r"(<[^<>]+>)")  # in a group: `split` keeps it
SIGNALR_CONNECTION = "<connection string of the SignalR instance>"
STORAGE_CONNECTION = "<connection string of the storage account>"
CLIENT_SECRET = "<client secret>"
SECRET = "<secret>"
# By the names of Azure's own settings, also with a slot's or a provider's words before them.
KINDS = (
    (re.compile(r"AzureSignalRConnectionString", re.IGNORECASE), SIGNALR_CONNECTION),
    (
        re.compile(r"AzureWebJobsStorage|DEPLOYMENT_STORAGE_CONNECTION_STRING", re.IGNORECASE),
        STORAGE_CONNECTION,
    ),
    (re.compile(r"_PROVIDER_AUTHENTICATION_SECRET", re.IGNORECASE), CLIENT_SECRET),
)
NO_SECRET = re.compile(
    r".+__(serviceUri|accountName|credential|clientId|blobServiceUri)"
    r"|FUNCTIONS_(WORKER_RUNTIME|EXTENSION_VERSION)|OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID",
    re.IGNORECASE,
)
SECRET_FIELD = re.compile(
    r"(secretText|client_?secret|password|(primary|secondary|access|account|master)_?key"
    r"|(primary|secondary)?_?connection_?string|access_?token|refresh_?token|sasUrl|signature)",
    re.IGNORECASE,
)
SETTINGS_PATHS = ("/config/appsettings", "/config/connectionstrings")
SETTINGS_FIELDS = ("appSettings", "connectionStrings")
DEPLOYMENTS = re.compile(r"/Microsoft\.Resources/deployments/", re.IGNORECASE)


def mask_body(body: dict[str, Any], path: str) -> dict[str, Any]:
    """Replace every secret of a JSON document.

    Args:
        body: The document.
        path: Where it was sent to.
    """
    properties = body.get("properties")
    if DEPLOYMENTS.search(path) and isinstance(properties, dict):
        return {**body, "properties": _deployment(properties)}
    if path.lower().endswith(SETTINGS_PATHS) and isinstance(properties, dict):
        values = {name: mask_setting(name, value) for name, value in properties.items()}
        return {**body, "properties": values}
    return {name: _masked(name, value) for name, value in body.items()}


def mask_setting(name: str, value: object) -> object:
    """Replace the value of an app setting, unless it is known to be no secret."""
    if NO_SECRET.fullmatch(name):
        return value if not isinstance(value, str) else mask_text(value)
    for pattern, placeholder in KINDS:
        if pattern.search(name):
            return placeholder
    return f"<value of {name}>"


def mask_text(text: str) -> str:
    """Replace a text that holds a secret."""
    return text if mask(text) == text else SECRET


def mask_url(url: str) -> str:
    """Replace the secrets of an address: signatures and keys in its query."""
    return mask(url)


def _masked(name: str, value: Any) -> Any:
    if name in SETTINGS_FIELDS and isinstance(value, list):
        return [_setting(one) for one in value]
    if isinstance(value, dict):
        return {inner: _masked(inner, one) for inner, one in value.items()}
    if isinstance(value, list):
        return [_masked(name, one) for one in value]
    if not isinstance(value, str):
        return value
    if SECRET_FIELD.fullmatch(name):
        return SECRET
    return mask_text(value)


def _deployment(properties: dict[str, Any]) -> dict[str, Any]:
    """A deployment without its secure values; its template has expressions for what is secret."""
    found = {name: _without_literals(one) for name, one in properties.items()}
    secure: set[str] = set()
    template = found.get("template")
    if isinstance(template, dict) and isinstance(template.get("parameters"), dict):
        secure = _secure(template)
        template["parameters"] = {
            name: _without_default(one) if name.lower() in secure else one
            for name, one in template["parameters"].items()
        }
    given = properties.get("parameters")
    if isinstance(given, dict):
        found["parameters"] = {
            name: _given(name, one, is_secure=name.lower() in secure) for name, one in given.items()
        }
    return found


def _secure(template: dict[str, Any]) -> set[str]:
    """The parameters that have a secure type or a secret's name, in lower case."""
    refers = _has_secure(template.get("definitions"))
    return {
        name.lower()
        for name, one in template["parameters"].items()
        if SECRET_FIELD.fullmatch(name) or _has_secure(one, refers=refers)
    }


def _has_secure(declared: Any, *, refers: bool = False) -> bool:
    """Whether a type is a secure one, or has one within.

    Args:
        declared: The type as a template has it.
        refers: Whether one that it refers to is.
    """
    if isinstance(declared, list):
        return any(_has_secure(one, refers=refers) for one in declared)
    if not isinstance(declared, dict):
        return False
    if str(declared.get("type", "")).lower().startswith("secure"):
        return True
    is_referred = refers and "$ref" in declared
    return is_referred or any(_has_secure(one, refers=refers) for one in declared.values())


def _without_default(declared: dict[str, Any]) -> dict[str, Any]:
    """A secure parameter without the value that somebody wrote into the template."""
    default = declared.get("defaultValue")
    if not default or (isinstance(default, str) and default.startswith("[")):
        return declared
    return {**declared, "defaultValue": SECRET}


def _given(name: str, entry: Any, *, is_secure: bool) -> Any:
    """The value of a parameter."""
    if not is_secure:
        return _masked(name, entry)
    return {"value": CLIENT_SECRET if name.lower() == "clientsecret" else SECRET}


def _without_literals(value: Any) -> Any:
    """A part of a template without secrets that somebody wrote into it."""
    if isinstance(value, dict):
        return {name: _without_literals(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_without_literals(one) for one in value]
    if not isinstance(value, str) or value.startswith("["):
        return value
    return mask_text(value)


def _setting(entry: Any) -> Any:
    """One of the settings that a site is made with: `{"name": …, "value": …}`."""
    if not isinstance(entry, dict):
        return SECRET
    name = str(entry.get("name", ""))
    return {**entry, "value": mask_setting(name, entry.get("value"))}
