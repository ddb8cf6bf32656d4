"""SignalR Service connection strings, as Azure's portal and emulator print them.

Follows Microsoft's page "Connection strings in Azure SignalR Service".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from chatkit.core.errors import LocalProtocolError

VERSION = re.compile(r"^1\.\d++(?:[\w\-.]++)?$")


MANAGED_IDENTITY = "managed identity"
APPLICATION = "application"
DEFAULT = "default"
# How each AuthType gets its tokens; "aad" is the first name of "azure".
AUTH_TYPES = {
    "azure.msi": MANAGED_IDENTITY,
    "azure.app": APPLICATION,
    "azure": DEFAULT,
    "aad": DEFAULT,
}


@dataclass(frozen=True)
class Credential:
    """Who asks Entra ID for tokens, in the place of an access key.

    Attributes:
        kind: MANAGED_IDENTITY, APPLICATION, or DEFAULT for the first of those that is set up.
        client_id: Of the application, or of a user-assigned identity; empty if absent.
        tenant_id: Of the application.
        client_secret: Of the application.
        object_id: Names a user-assigned identity instead of the client id.
        resource_id: Names a user-assigned identity instead of the client id.
    """

    kind: str = DEFAULT
    client_id: str = ""
    tenant_id: str = ""
    client_secret: str = field(default="", repr=False)
    object_id: str = ""
    resource_id: str = ""


def connection_section(settings: Mapping[str, str], *names: str) -> dict[str, str]:
    """What settings such as `NAME__serviceUri` say, by the part behind the name in small letters.

    Names of settings compare in any case, as the configuration of the Functions host does, and "__"
    and ":" are the same in them.

    Args:
        settings: App settings.
        names: Of the connection.
    """
    wanted = {name.lower() for name in names}
    found: dict[str, str] = {}
    for key, value in settings.items():
        section, separator, rest = key.replace(":", "__").partition("__")
        if separator and section.lower() in wanted:
            found[rest.lower()] = value
    return found


def credential_of(section: Mapping[str, str]) -> Credential:
    """Who asks for tokens, by the settings of a connection without a key.

    Raises:
        LocalProtocolError: `credential` is neither absent nor managedidentity.
    """
    kind = DEFAULT
    if section.get("credential"):
        if section["credential"].lower() != "managedidentity":
            raise LocalProtocolError("Its __credential can be managedidentity, or absent.")
        kind = MANAGED_IDENTITY
    return Credential(
        kind,
        client_id=section.get("clientid", ""),
        tenant_id=section.get("tenantid", ""),
        client_secret=section.get("clientsecret", ""),
        object_id=section.get("managedidentityobjectid", ""),
        resource_id=section.get("managedidentityresourceid", ""),
    )


@dataclass(frozen=True)
class SignalRConnectionString:
    """One parsed connection string. Its repr never shows the access key.

    Attributes:
        endpoint: Scheme and host, no port and no trailing slash: "http://localhost". Audiences are
            built from this.
        access_key: Key text; its UTF-8 bytes sign tokens (it is not base64-decoded).
        port: From "Port=", or the endpoint's own, or None.
        client_endpoint: Overrides the address given to clients, empty if absent.
        server_endpoint: Overrides the REST address, empty if absent.
        credential: Who asks for tokens where there is no access key.
    """

    endpoint: str
    access_key: str = field(repr=False)
    port: int | None = None
    client_endpoint: str = ""
    server_endpoint: str = ""
    credential: Credential | None = None

    @classmethod
    def parse(cls, text: str) -> SignalRConnectionString:
        """Parse a connection string.

        Raises:
            LocalProtocolError: A required part is missing, repeated or malformed; the message never
                contains the key.
        """
        parts = _split(text)
        url = _address(parts.get("endpoint", ""))
        if not parts.get("accesskey") and not parts.get("authtype"):
            raise LocalProtocolError("The connection string has no AccessKey.")
        if "version" in parts and not VERSION.match(parts["version"]):
            raise LocalProtocolError(
                f"The connection string has an unsupported Version: {parts['version']}."
            )
        return cls(
            endpoint=f"{url.scheme}://{url.hostname}",
            access_key=parts.get("accesskey", ""),
            port=_port(parts.get("port", "")) or url.port,
            client_endpoint=parts.get("clientendpoint", "").rstrip("/"),
            server_endpoint=parts.get("serverendpoint", "").rstrip("/"),
            credential=_credential(parts),
        )

    @classmethod
    def of_identity(
        cls, endpoint: str, credential: Credential, *, client: str = "", server: str = ""
    ) -> SignalRConnectionString:
        """What the settings of an identity-based connection say.

        Args:
            endpoint: Address of the service, as in `NAME__serviceUri`.
            credential: Who asks for tokens.
            client: Overrides the address given to clients.
            server: Overrides the REST address.

        Raises:
            LocalProtocolError: The endpoint is not an address.
        """
        url = _address(endpoint)
        return cls(
            endpoint=f"{url.scheme}://{url.hostname}",
            access_key="",
            port=url.port,
            client_endpoint=client.rstrip("/"),
            server_endpoint=server.rstrip("/"),
            credential=credential,
        )

    @classmethod
    def of_settings(cls, settings: Mapping[str, str], name: str) -> SignalRConnectionString | None:
        """What settings such as `NAME__serviceUri` say; None when there are none.

        Raises:
            LocalProtocolError: They are malformed.
        """
        found = connection_section(settings, name)
        if not found.get("serviceuri"):
            return None
        return cls.of_identity(
            found["serviceuri"],
            credential_of(found),
            client=found.get("clientendpoint", ""),
            server=found.get("serverendpoint", ""),
        )

    @property
    def base_url(self) -> str:
        """Where the service listens: the endpoint with its port."""
        return f"{self.endpoint}:{self.port}" if self.port else self.endpoint

    @property
    def client_url(self) -> str:
        """Base of the address that clients are sent to."""
        return self.client_endpoint or self.base_url

    @property
    def server_url(self) -> str:
        """Base of the REST address."""
        return self.server_endpoint or self.base_url


def _address(text: str) -> SplitResult:
    try:
        url = urlsplit(text.rstrip("/"))
        is_address = url.scheme in ("http", "https") and bool(url.hostname) and url.port != 0
    except ValueError:
        is_address = False
    if not is_address:
        raise LocalProtocolError(
            "The connection string has no valid Endpoint.",
            hint="It looks like"
            " Endpoint=https://NAME.service.signalr.net;AccessKey=...;Version=1.0;",
        )
    return url


def _credential(parts: Mapping[str, str]) -> Credential | None:
    """Who asks for tokens: AuthType, and what belongs to it.

    Raises:
        LocalProtocolError: The AuthType is unknown, or an application lacks a part.
    """
    auth_type = parts.get("authtype", "")
    if not auth_type:
        return None
    kind = AUTH_TYPES.get(auth_type.lower())
    if kind is None:
        raise LocalProtocolError(
            f"The connection string has an unknown AuthType: {auth_type}.",
            hint=f"It can be {', '.join(AUTH_TYPES)}.",
        )
    found = Credential(
        kind,
        client_id=parts.get("clientid", ""),
        tenant_id=parts.get("tenantid", ""),
        client_secret=parts.get("clientsecret", ""),
    )
    needed = (found.client_id, found.tenant_id, found.client_secret)
    if kind == APPLICATION and not all(needed):
        raise LocalProtocolError(
            f"AuthType={auth_type} needs ClientId, TenantId and ClientSecret."
            " Certificates (ClientCert) are not taken here."
        )
    return found


def _split(text: str) -> dict[str, str]:
    parts: dict[str, str] = {}
    for part in filter(None, (piece.strip() for piece in text.split(";"))):
        key, separator, value = part.partition("=")
        key = key.strip().lower()
        if not separator:
            raise LocalProtocolError("The connection string has a part without '='.")
        if key in parts:
            raise LocalProtocolError(f"Duplicate properties found in connection string: {key}.")
        parts[key] = value.strip()
    return parts


def _port(text: str) -> int | None:
    if not text:
        return None
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise LocalProtocolError(f"The connection string has an invalid Port: {text}.")
    return int(text)
