"""App settings that name services of this cloud by Azure's domains.

In Azure the name server finds the service; az writes such settings into a new app. Here the app
gets the service's address.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from chatkit.localcloud.resource_manager.core.context import Context
from chatkit.localcloud.resource_manager.core.type_names import SIGNALR, STORAGE

ACCOUNT_NAME = re.compile(r"(?:^|;)AccountName=([a-z0-9]+)(?:;|$)")
ENDPOINT = re.compile(r"(?i)((?:^|;)\s*(?:Blob)?Endpoint=)(https?://[^;]+)")
BLOB_HOST = re.compile(r"https://([a-z0-9]+)\.blob\.core\.windows\.net/?")
# The package that an app runs: with a path; az has this cloud's name for an account.
PACKAGE = "WEBSITE_RUN_FROM_PACKAGE"
PACKAGE_HOST = re.compile(
    r"https://([a-z0-9]+)\.blob\.core\.(?:windows\.net|localhost(?::[0-9]+)?)(?=/)"
)
SIGNALR_HOST = re.compile(r"https?://([a-z0-9-]+)\.service\.signalr\.net/?")
# Parts of connections without a key that hold an address.
ADDRESSES = ("serviceuri", "blobserviceuri")


def resolved(context: Context, settings: Mapping[str, str]) -> dict[str, str]:
    """The settings as the app gets them, completed or changed.

    Args:
        context: Knows what this cloud has.
        settings: App settings as they were set.
    """
    found: dict[str, str] = {}
    known = {name.lower() for name in settings}
    for name, value in settings.items():
        connection, _, part = name.rpartition("__")
        uri = f"{connection}__blobServiceUri"
        if part.lower() == "accountname" and uri.lower() not in known:
            endpoint = _blob_endpoint(context, value)
            if endpoint:
                found[uri] = endpoint
        elif name == PACKAGE:
            found[name] = _package_address(context, value)
        elif connection and part.lower() in ADDRESSES:
            found[name] = _address(context, value)
        else:
            found[name] = _completed(context, value)
    return found


def _completed(context: Context, text: str) -> str:
    """A connection string with addresses of this cloud; another text as it is."""
    text = ENDPOINT.sub(lambda found: found[1] + _address(context, found[2]), text)
    account = ACCOUNT_NAME.search(text)
    has_secret = "AccountKey=" in text or "SharedAccessSignature=" in text
    if account is None or not has_secret or "BlobEndpoint=" in text:
        return text
    endpoint = _blob_endpoint(context, account[1])
    return f"{text.rstrip(';')};BlobEndpoint={endpoint}" if endpoint else text


def _address(context: Context, uri: str) -> str:
    """Address of an instance or account of this cloud; another address as it is."""
    service = uri.strip().lower()
    account = BLOB_HOST.fullmatch(service)
    if account is not None:
        return _blob_endpoint(context, account[1]) or uri
    instance = SIGNALR_HOST.fullmatch(service)
    if instance is None or not context.resources.named(SIGNALR, instance[1]):
        return uri
    port = context.platform.listeners.remembered(f"signalr/{instance[1]}")
    return f"http://localhost:{port}"


def _package_address(context: Context, url: str) -> str:
    """A blob's address in this cloud; another address as it is."""
    host = PACKAGE_HOST.match(url)
    endpoint = _blob_endpoint(context, host[1]) if host else ""
    return endpoint.rstrip("/") + url[host.end() :] if host and endpoint else url


def _blob_endpoint(context: Context, account: str) -> str:
    """Address of an account of this cloud; empty for another one."""
    if not context.resources.named(STORAGE, account):
        return ""
    return context.planes.storage.blob_endpoint(account)
