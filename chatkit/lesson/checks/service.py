"""What several checks need to know about the SignalR Service instance: its connection string, and
whether a token opens it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jwt

from chatkit.chat.client.addresses import negotiate_address, with_query
from chatkit.cloud.provision import signalr
from chatkit.core.errors import CheckFailed, LocalProtocolError
from chatkit.lesson.checks.evidence import HubEndpoint, expect
from chatkit.lesson.http import Answer, fetch
from chatkit.steps import local_settings
from chatkit.wire.connection_strings import SignalRConnectionString
from chatkit.wire.tokens import client_token, client_url

if TYPE_CHECKING:
    from chatkit.steps.session import Session

USER_CLAIMS = ("asrs.s.uid", "nameid", "sub")


def of_the_instance(session: Session) -> str:
    """The connection string as Resource Manager lists it now."""
    return signalr.connection_string(session.stack())


def of_local_settings(session: Session) -> SignalRConnectionString:
    """The connection string the functions get on this machine.

    Raises:
        CheckFailed: There is none, or it is damaged.
    """
    text = local_settings.values(session.functions_folder).get(local_settings.SIGNALR_SETTING, "")
    hint = "workshop.write_local_settings() writes it."
    expect(
        text,
        local_settings.SIGNALR_SETTING,
        expected="a connection string in local.settings.json",
        got="none",
        hint=hint,
    )
    try:
        return SignalRConnectionString.parse(text)
    except LocalProtocolError as error:
        raise CheckFailed(
            local_settings.SIGNALR_SETTING,
            expected="a connection string",
            got=error.message.rstrip("."),
            hint=hint,
        ) from error


def verified_claims(
    connection: SignalRConnectionString, token: str, *, hint: str
) -> dict[str, Any]:
    """Claims of a token that the instance's access key signed.

    Raises:
        CheckFailed: Another key signed it, or it is no token.
    """
    try:
        return jwt.decode(
            token, connection.access_key, algorithms=["HS256"], options={"verify_aud": False}
        )
    except jwt.InvalidTokenError as error:
        raise CheckFailed(
            "The token's signature",
            expected="your instance's access key",
            got=str(error),
            hint=hint,
        ) from error


def hub_endpoint(connection: SignalRConnectionString, hub: str, name: str = "") -> HubEndpoint:
    """Where `listening` gets into a hub with a token signed here, past the function app."""
    url = negotiate_address(client_url(connection, hub))
    return HubEndpoint(name or hub, url, client_token(connection, hub))


def probe(connection: SignalRConnectionString, token: str, hub: str) -> Answer:
    """Show the service a token, as a client does before it opens its WebSocket."""
    url = with_query(negotiate_address(client_url(connection, hub)), "negotiateVersion=1")
    return fetch("POST", url, headers={"Authorization": f"Bearer {token}"})
