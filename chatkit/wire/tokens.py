"""Tokens of Azure SignalR Service: how an access key signs them, as Microsoft's SDK does.

An access key's UTF-8 bytes are the HMAC key. The audience is built from the endpoint without its
port.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import jwt

from chatkit.core.errors import LocalProtocolError
from chatkit.wire.connection_strings import SignalRConnectionString

LIFETIME_S = 3600
LIMIT_BYTES = 4096
RESERVED = {"aud", "exp", "iat", "nbf"}


def client_url(connection: SignalRConnectionString, hub: str) -> str:
    """The address a client connects to: `http://localhost:8888/client/?hub=chat`."""
    return f"{connection.client_url}/client/?hub={hub.lower()}"


def client_token(
    connection: SignalRConnectionString,
    hub: str,
    *,
    user_id: str = "",
    claims: Mapping[str, Any] | None = None,
    lifetime_s: int = LIFETIME_S,
) -> str:
    """Sign the token that lets one client connect to one hub.

    Args:
        connection: Whose key signs.
        hub: Hub name; lower-cased in the audience.
        user_id: Becomes claim `asrs.s.uid`; empty for an anonymous client.
        claims: More claims; names that JWT reserves get the prefix `asrs.u.`.
        lifetime_s: Seconds until the token expires.

    Raises:
        LocalProtocolError: The token would be longer than the service takes (4 KB).
    """
    own = {
        f"asrs.u.{name}" if name in RESERVED else name: value
        for name, value in (claims or {}).items()
    }
    if user_id:
        own["asrs.s.uid"] = user_id
    return sign(
        connection.access_key,
        audience=f"{connection.endpoint}/client/?hub={hub.lower()}",
        claims=own,
        lifetime_s=lifetime_s,
    )


def rest_token(
    connection: SignalRConnectionString, path_and_query: str, *, lifetime_s: int = LIFETIME_S
) -> str:
    """Sign the token for one REST request.

    The audience is the endpoint without port plus path and query as signed by the SDK.
    """
    return sign(
        connection.access_key,
        audience=f"{connection.endpoint}{path_and_query}",
        claims={},
        lifetime_s=lifetime_s,
    )


def sign(
    key: str, *, audience: str, claims: Mapping[str, Any], lifetime_s: int = LIFETIME_S
) -> str:
    """Sign a token for an audience.

    Raises:
        LocalProtocolError: The token would be longer than the service takes (4 KB).
    """
    now = int(time.time())
    payload = {**claims, "nbf": now, "iat": now, "exp": now + lifetime_s, "aud": audience}
    token = jwt.encode(payload, key, algorithm="HS256")
    if len(token) > LIMIT_BYTES:
        raise LocalProtocolError(
            f"The access token would be {len(token)} characters long; the service takes at most"
            f" {LIMIT_BYTES}."
        )
    return token
