"""Section 12: the old keys open nothing, and two people can chat all the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from azure.core.exceptions import HttpResponseError
from azure.storage.blob import BlobServiceClient

from chatkit.cloud.provision import federated_sign_in, signalr, storage
from chatkit.cloud.provision.app_settings import read_app_settings
from chatkit.lesson.checks import private_messages
from chatkit.lesson.checks.core import service
from chatkit.lesson.checks.core.evidence import expect
from chatkit.lesson.checks.core.people import expect_sign_in
from chatkit.lesson.checks.deployed_app import deployed_api
from chatkit.lesson.http import fetch
from chatkit.steps import identity
from chatkit.wire.connection_strings import SignalRConnectionString
from chatkit.wire.tokens import client_token, rest_token

if TYPE_CHECKING:
    from chatkit.steps.session import Session

OFF = "workshop.disable_keys() switches them off."
USE = "workshop.use_identity() puts names in the place of keys."
SECRET = "workshop.remove_client_secret() lets an identity take its place."
SECRETS = ("AccessKey=", "AccountKey=", "SharedAccessSignature=")
SEND = "/api/hubs/{}/:send?api-version=2022-06-01"
ACCEPTED = 200
STRANGE = (
    "Not so the old client secret: somebody else made the app registration {}, and Entra still"
    " takes it. The app uses it no more; whoever made it deletes it there."
)
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def check(session: Session) -> Iterator[str]:
    """Settings, old keys, old secret, and the chat."""
    api = deployed_api(session)
    expect_sign_in(api)
    before = identity.keys_before(session)
    for name in ("signalr", "storage", "client_secret"):
        got = "none was noted"
        expect(before.get(name), f"The old {name} to try", expected="one", got=got, hint=USE)
    yield _settings(session, before)
    yield _signalr_key(session, before["signalr"])
    yield _storage_key(session, before["storage"])
    yield _client_secret(session, before["client_secret"])
    written = yield from private_messages.among_people(api)
    if written is not None:
        yield private_messages.history(api, *written)


def _settings(session: Session, before: Mapping[str, str]) -> str:
    settings = read_app_settings(session.stack())
    keys = (*SECRETS, before["storage"], before["client_secret"])
    with_key = [name for name, value in settings.items() if any(key in value for key in keys)]
    got = f"one in {', '.join(with_key)}"
    expect(not with_key, "The app's settings", expected="no key", got=got, hint=USE)
    return "No setting of the app holds a key or a secret."


def _signalr_key(session: Session, text: str) -> str:
    connection = SignalRConnectionString.parse(text)
    client = service.probe(connection, client_token(connection, session.hub), session.hub)
    expect(client.status == 401, "A client with the old key", expected="401", got=client, hint=OFF)
    path = SEND.format(session.hub)
    headers = {"Authorization": f"Bearer {rest_token(connection, path)}"}
    body = {"target": "newMessage", "arguments": []}
    sent = fetch("POST", connection.server_url + path, body=body, headers=headers)
    expect(sent.status == 401, "A message with the old key", expected="401", got=sent, hint=OFF)
    # Azure makes new keys when they are switched on again: the old ones say nothing of those.
    keyless = signalr.is_keyless(signalr.connection_string(session.stack()))
    expect(keyless, "SignalR Service", expected="no keys", got="new ones", hint=OFF)
    return "The old key of SignalR Service lets no client in and sends no message: 401."


def _storage_key(session: Session, key: str) -> str:
    stack = session.stack()
    url = storage.blob_url(storage.read_account(stack))
    try:
        with BlobServiceClient(url, key, **stack.cloud.transport_kwargs()) as blobs:
            blobs.get_account_information()
        got = "an answer"
    except HttpResponseError as error:
        got = str(getattr(error, "error_code", None) or error.status_code)
    code = "KeyBasedAuthenticationNotPermitted"
    expect(code in got, "Storage with the old key", expected=code, got=got, hint=OFF)
    return "The old key of the storage account opens no blob: KeyBasedAuthenticationNotPermitted."


def _client_secret(session: Session, secret: str) -> str:
    stack = session.stack()
    cloud = stack.cloud
    client_id = federated_sign_in.client_id_of(stack)
    url = f"/{cloud.tenant_id}/oauth2/v2.0/token"
    form = {
        "grant_type": "client_credentials",
        "client_id": client_id,
        "client_secret": secret,
        "scope": "https://graph.microsoft.com/.default",
    }
    authority = cloud.rest(cloud.authority, signed_in=False)
    answer = authority.post(url, content=urlencode(form).encode(), headers=FORM)
    said = answer.text().partition("AADSTS")[2][:7]
    got = f"{answer.status_code} AADSTS{said}"
    # The kit deletes the secrets that it has made itself, and no others.
    if answer.status_code == ACCEPTED and client_id != session.settings.facts.client_id:
        return STRANGE.format(client_id)
    expect(said == "7000215", "Entra with the old secret", expected="refused", got=got, hint=SECRET)
    return "Entra does not know the old client secret any more: AADSTS7000215."
