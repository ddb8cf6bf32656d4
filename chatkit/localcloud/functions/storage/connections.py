"""What an app's settings say about a storage account: one function finds it for every binding.

Follows Microsoft's pages "Configure Azure Storage connection strings" and "Functions developer
guide", section "Connections".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from chatkit.core.errors import LocalProtocolError
from chatkit.localcloud.core.errors import LocalCloudError
from chatkit.wire.connection_strings import Credential, connection_section, credential_of

HOST_STORAGE = "AzureWebJobsStorage"
# The development account of every storage emulator. Its key is no secret: Microsoft's page about
# Azurite prints it.
DEVELOPMENT_ACCOUNT = "devstoreaccount1"
DEVELOPMENT_KEY = (
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)
DEVELOPMENT_PORT = 10000


class ConnectionInvalid(LocalCloudError):
    """A setting that is to name a storage account is missing or malformed."""


@dataclass(frozen=True)
class StorageConnection:
    """A storage account and what opens it.

    Attributes:
        account: Its name.
        blob_endpoint: Address of its Blob service, without a slash at the end.
        key: Its access key; empty without one.
        signature: Shared access signature; empty without one.
        credential: Who asks Entra ID for a token; None with a key or signature.
    """

    account: str
    blob_endpoint: str
    key: str = field(default="", repr=False)
    signature: str = field(default="", repr=False)
    credential: Credential | None = None


def resolve(settings: Mapping[str, str], name: str) -> StorageConnection:
    """Find the storage account that a binding's `connection` names.

    Args:
        settings: App settings.
        name: Of the connection; empty for the host's own storage.

    Raises:
        ConnectionInvalid: There is no such account in the settings, and what would name one.
    """
    name = name or HOST_STORAGE
    text = next((settings[key] for key in _places(name) if settings.get(key)), "")
    if text:
        return parse(text, name)
    identity_based = _identity_based(settings, name)
    if identity_based is not None:
        return identity_based
    raise ConnectionInvalid(
        f"Storage account connection string '{name}' does not exist.",
        hint=f"Add an app setting named {name}; on this machine UseDevelopmentStorage=true names"
        " the development account.",
    )


def _identity_based(settings: Mapping[str, str], name: str) -> StorageConnection | None:
    """What settings such as `NAME__accountName` say; None when there are none."""
    found = connection_section(settings, f"AzureWebJobs{name}", name)
    account = found.get("accountname", "")
    endpoint = found.get("blobserviceuri") or found.get("serviceuri", "")
    if not endpoint and account:
        endpoint = f"https://{account}.blob.core.windows.net"
    if not endpoint:
        return None
    try:
        credential = credential_of(found)
    except LocalProtocolError as error:
        raise ConnectionInvalid(f"{name}: {error.message}") from None
    return StorageConnection(account, endpoint.rstrip("/"), credential=credential)


def _places(name: str) -> tuple[str, ...]:
    """Settings that may have it; the host looks with its prefix first."""
    return (f"AzureWebJobs{name}", name, f"ConnectionStrings:{name}", f"ConnectionStrings__{name}")


def parse(text: str, name: str) -> StorageConnection:
    """Read a connection string.

    Raises:
        ConnectionInvalid: The text is not a connection string.
    """
    parts = {}
    for part in text.strip().strip(";").split(";"):
        key, separator, value = part.partition("=")
        if not separator:
            raise ConnectionInvalid(f"{name} is no storage connection string.")
        parts[key.strip().lower()] = value.strip()
    if parts.get("usedevelopmentstorage", "").lower() == "true":
        proxy = parts.get("developmentstorageproxyuri", "http://127.0.0.1").rstrip("/")
        endpoint = f"{proxy}:{DEVELOPMENT_PORT}/{DEVELOPMENT_ACCOUNT}"
        return StorageConnection(DEVELOPMENT_ACCOUNT, endpoint, DEVELOPMENT_KEY)
    account = parts.get("accountname", "")
    endpoint = parts.get("blobendpoint", "").rstrip("/") or _public_endpoint(parts)
    key = parts.get("accountkey", "")
    signature = parts.get("sharedaccesssignature", "").lstrip("?")
    if not endpoint or not (account and key or signature):
        raise ConnectionInvalid(
            f"{name} names no storage account.",
            hint="It needs AccountName and AccountKey, or BlobEndpoint and SharedAccessSignature.",
        )
    return StorageConnection(account, endpoint, key, signature)


def _public_endpoint(parts: Mapping[str, str]) -> str:
    account = parts.get("accountname", "")
    if not account:
        return ""
    protocol = parts.get("defaultendpointsprotocol", "https")
    suffix = parts.get("endpointsuffix", "core.windows.net")
    return f"{protocol}://{account}.blob.{suffix}"
