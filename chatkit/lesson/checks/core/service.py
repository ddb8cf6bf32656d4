"""What several checks need to know about the SignalR Service instance: its connection string, and
whether a token opens it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import jwt

from chatkit.chat.client.addresses import negotiate_address, with_query
from chatkit.cloud.provision import signalr
from chatkit.cloud.provision.keyless import SIGNALR_SCOPE, TOKEN_VERSION
from chatkit.core.errors import CheckFailed, LocalProtocolError
from chatkit.lesson.checks.core.evidence import HubEndpoint, expect
from chatkit.lesson.http import Answer, fetch
from chatkit.steps import local_settings
from chatkit.wire.connection_strings import SignalRConnectionString
from chatkit.wire.tokens import client_token, client_url, rest_token

if TYPE_CHECKING:
    from chatkit.steps.session import Session

USER_CLAIMS = ("asrs.s.uid", "nameid", "sub")
KEYLESS = (
    "Without keys, who is signed in needs the role 'SignalR Service Owner' at the instance:"
    " workshop.write_local_settings() gives it."
)


def of_the_instance(session: Session) -> str:
    """The connection string as Resource Manager lists it now."""
    return signalr.connection_string(session.stack())


def of_local_settings(session: Session) -> SignalRConnectionString:
    """The connection the functions get on this machine: with a key, or without one.

    Raises:
        CheckFailed: There is none, or it is damaged.
    """
    values = local_settings.values(session.functions_folder)
    text = values.get(local_settings.SIGNALR_SETTING, "")
    hint = "workshop.write_local_settings() writes it."
    try:
        if text:
            return SignalRConnectionString.parse(text)
        found = SignalRConnectionString.of_settings(values, local_settings.SIGNALR_SETTING)
        expect(
            found,
            local_settings.SIGNALR_SETTING,
            expected="a connection string in local.settings.json",
            got="none",
            hint=hint,
        )
        assert found is not None
        return found
    except LocalProtocolError as error:
        raise CheckFailed(
            local_settings.SIGNALR_SETTING,
            expected="a connection string",
            got=error.message.rstrip("."),
            hint=hint,
        ) from error


def verified_claims(session: Session, token: str, *, hint: str) -> dict[str, Any]:
    """Claims of a token that the instance's access key signed, or the service itself.

    Raises:
        CheckFailed: Another key signed it, or it is no token.
    """
    connection = of_local_settings(session)
    if not connection.access_key:
        answer = probe(connection, token, session.hub)
        expect(answer.status == 200, "The token", expected="200", got=answer, hint=KEYLESS)
        return jwt.decode(token, options={"verify_signature": False})
    try:
        return jwt.decode(
            token, connection.access_key, algorithms=["HS256"], options={"verify_aud": False}
        )
    except jwt.InvalidTokenError as error:
        # An app that signs in with its identity gets its tokens from the service.
        if probe(connection, token, session.hub).status == 200:
            return jwt.decode(token, options={"verify_signature": False})
        raise CheckFailed(
            "The token's signature",
            expected="your instance's access key",
            got=str(error),
            hint=hint,
        ) from error


def token_for(
    session: Session, connection: SignalRConnectionString, hub: str, *, user_id: str = ""
) -> str:
    """A token that lets a client into a hub: signed here, or by the service where there is no key.

    Raises:
        CheckFailed: The service gives none to the signed-in person.
    """
    if connection.access_key:
        return client_token(connection, hub, user_id=user_id)
    path = f"/api/hubs/{hub}/:generateToken?api-version={TOKEN_VERSION}"
    if user_id:
        path += f"&userId={quote(user_id, safe='')}"
    answer = fetch("POST", connection.server_url + path, headers=_entra(session))
    found = answer.json()
    expect(
        answer.status == 200 and isinstance(found, dict),
        "A client token from SignalR Service, without a key",
        expected="200",
        got=answer,
        hint=KEYLESS,
    )
    return str(found["token"])


def rest_headers(
    session: Session, connection: SignalRConnectionString, path: str
) -> dict[str, str]:
    """Headers of a request to the service's REST API."""
    if not connection.access_key:
        return _entra(session)
    return {"Authorization": f"Bearer {rest_token(connection, path)}"}


def _entra(session: Session) -> dict[str, str]:
    token = session.connect().credential.get_token(SIGNALR_SCOPE).token
    return {"Authorization": f"Bearer {token}"}


def endpoint_of(
    session: Session, connection: SignalRConnectionString, hub: str, *, user_id: str = ""
) -> HubEndpoint:
    """The same as `hub_endpoint`, with a key or without, and for a user when one is named."""
    url = negotiate_address(client_url(connection, hub))
    return HubEndpoint(hub, url, token_for(session, connection, hub, user_id=user_id))


def hub_endpoint(connection: SignalRConnectionString, hub: str, name: str = "") -> HubEndpoint:
    """Where `listening` gets into a hub with a token signed here, past the function app."""
    url = negotiate_address(client_url(connection, hub))
    return HubEndpoint(name or hub, url, client_token(connection, hub))


def probe(connection: SignalRConnectionString, token: str, hub: str) -> Answer:
    """Show the service a token, as a client does before it opens its WebSocket."""
    url = with_query(negotiate_address(client_url(connection, hub)), "negotiateVersion=1")
    return fetch("POST", url, headers={"Authorization": f"Bearer {token}"})
