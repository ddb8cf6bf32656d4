"""SignalR Service connection strings, as Azure's portal and emulator print them.

Follows Microsoft's page "Connection strings in Azure SignalR Service".
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from chatkit.core.errors import LocalProtocolError

VERSION = re.compile(r"^1\.\d++(?:[\w\-.]++)?$")


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
        auth_type: "azure.msi", "azure.app", "azure", "aad", or empty for access keys.
    """

    endpoint: str
    access_key: str = field(repr=False)
    port: int | None = None
    client_endpoint: str = ""
    server_endpoint: str = ""
    auth_type: str = ""

    @classmethod
    def parse(cls, text: str) -> SignalRConnectionString:
        """Parse a connection string.

        Raises:
            LocalProtocolError: A required part is missing, repeated or malformed; the message never
                contains the key.
        """
        parts = _split(text)
        endpoint = parts.get("endpoint", "").rstrip("/")
        url = urlsplit(endpoint)
        if url.scheme not in ("http", "https") or not url.hostname:
            raise LocalProtocolError(
                "The connection string has no valid Endpoint.",
                hint="It looks like Endpoint=https://NAME.service.signalr.net;AccessKey=...;Version=1.0;",
            )
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
            auth_type=parts.get("authtype", ""),
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
