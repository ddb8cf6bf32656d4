"""The data plane without keys: tokens of Entra ID, the data roles, keys switched off, https."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import ssl
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import jwt
import pytest
from azure.core import PipelineClient
from azure.core.credentials import AccessToken
from azure.core.pipeline.policies import BearerTokenCredentialPolicy
from azure.core.pipeline.transport import RequestsTransport
from azure.core.rest import HttpRequest

from chatkit.core import tls
from chatkit.core.time import clock
from chatkit.localcloud.signalr.rest.routes import OPERATIONS
from chatkit.wire.tokens import client_token, rest_token
from tests.attacks.keyless import CALLS
from tests.localcloud.signalr.harness import SCOPE, Running

HUB = "/api/hubs/chat"
SEND = f"{HUB}/:send"
MESSAGE = {"target": "newMessage", "arguments": ["hello"]}
SIGNALR = "https://signalr.azure.com"


async def ask(
    running: Running, token: str, path: str = SEND, method: str = "POST", **options: Any
) -> tuple[int, str]:
    """Status of a call, and its challenge."""
    status, _, headers = await running.rest(method, path, MESSAGE, token=token, **options)
    return status, headers.get("WWW-Authenticate", "")


async def test_a_role_lets_a_principal_send(running: Running) -> None:
    """No key anywhere: the token says who, the role says what."""
    running.assign("SignalR REST API Owner")
    client = await running.client("alice")
    assert await ask(running, running.entra_token()) == (202, "")
    assert await client.text() == "hello"


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        ("SignalR Service Owner", {"read", "send", "write", "close", "token"}),
        ("SignalR REST API Owner", {"read", "send", "write", "close", "token"}),
        ("SignalR REST API Reader", {"read"}),
        ("SignalR App Server", {"close"}),
        ("Owner", set()),
    ],
)
async def test_each_role_allows_its_operations_and_no_other(
    running: Running, role: str, allowed: set[str]
) -> None:
    """Every operation of the REST API, by the data actions of Microsoft's built-in roles."""
    running.assign(role)
    kinds = {
        "read": "read",
        "send/action": "send",
        "group/write": "write",
        "clientConnection/write": "close",
        "auth/clientToken/action": "token",
    }
    for method, path, _, right in OPERATIONS:
        kind = next(name for ending, name in kinds.items() if right.endswith(ending))
        names = {"connection": "c", "group": "g", "user": "u", "stream": "s"}
        status, challenge = await ask(
            running, running.entra_token(), HUB + path.format(**names), method
        )
        if kind in allowed:
            assert status not in (401, 403), path
        else:
            assert status == 403, path
            assert right in challenge and "insufficient_scope" in challenge


async def refused(running: Running, attempt: str) -> int:
    """Make an attempt; the status it is answered with."""
    app = running.entra_token
    match attempt:
        case "nobody's token, for Resource Manager":
            running.assign("SignalR Service Owner")
            return (await ask(running, app(audience="https://management.azure.com")))[0]
        case "nobody's token, for storage":
            running.assign("SignalR Service Owner")
            return (await ask(running, app(audience="https://storage.azure.com")))[0]
        case "a token for the instance's own address":
            running.assign("SignalR Service Owner")
            return (await ask(running, app(audience=f"{running.url}{SEND}")))[0]
        case "another tenant's token" | "a token with this tenant's name, signed by somebody else":
            running.assign("SignalR Service Owner")
            issuer = running.tokens.issuer
            if attempt.startswith("another"):
                issuer = "https://login.microsoftonline.com/common/v2.0"
            moment = int(time.time())
            claims = {"aud": SIGNALR, "iss": issuer, "oid": "app", "exp": moment + 60}
            return (await ask(running, jwt.encode(claims, tls.new_signing_key(), "RS256")))[0]
        case "the tenant's key as HMAC secret":
            running.assign("SignalR Service Owner")
            public = running.tokens.jwks()["keys"][0]["n"]
            claims = {"aud": SIGNALR, "oid": "app", "exp": time.time() + 60}
            return (await ask(running, jwt.encode(claims, public, "HS256")))[0]
        case "an expired token":
            running.assign("SignalR Service Owner")
            return (await ask(running, app(lifetime_s=-1)))[0]
        case "a token of tomorrow":
            running.assign("SignalR Service Owner")
            claims = {"oid": "app", "nbf": int(time.time()) + 24 * 3600}
            return (await ask(running, running.tokens.issue(SIGNALR, claims)))[0]
        case "a principal without a role":
            running.assign("SignalR Service Owner", "somebody-else")
        case "an owner of the subscription without a data role":
            running.assign("Owner", scope="/subscriptions/s")
        case "a role at another instance":
            running.assign("SignalR Service Owner", scope=SCOPE.replace("room", "hall"))
        case "a role at an instance whose name only begins the same":
            running.assign("SignalR Service Owner", scope=SCOPE.removesuffix("m"))
        case "a role that was taken away":
            running.assign("SignalR Service Owner")
            assert (await ask(running, app()))[0] == 202
            running.tokens.roles.remove_below(SCOPE)
        case "a role that does not count yet":
            running.assign("SignalR Service Owner", effective=clock.steady() + 600)
        case "a reader who sends":
            running.assign("SignalR REST API Reader")
        case "a reader who closes a connection":
            running.assign("SignalR REST API Reader")
            return (await ask(running, app(), f"{HUB}/connections/c", "DELETE"))[0]
        case "a reader who adds a user to a group":
            running.assign("SignalR REST API Reader")
            return (await ask(running, app(), f"{HUB}/users/u/groups/g", "PUT"))[0]
        case "a reader who makes a client token":
            running.assign("SignalR REST API Reader")
            return (await ask(running, app(), f"{HUB}/:generateToken"))[0]
        case "an app server that sends":
            running.assign("SignalR App Server")
        case "an app server that makes a client token":
            running.assign("SignalR App Server")
            return (await ask(running, app(), f"{HUB}/:generateToken"))[0]
        case _:
            return await refused_otherwise(running, attempt)
    return (await ask(running, app()))[0]


async def refused_otherwise(running: Running, attempt: str) -> int:
    """The attempts that are about keys, and about where a token is shown."""
    running.assign("SignalR Service Owner")
    client = f"{running.url}/client/negotiate?hub=chat"
    made = client_token(running.instance.connection_string, "chat", user_id="alice")
    match attempt:
        case "an Entra token where clients connect":
            return await negotiate(running, client, running.entra_token())
        case "an Entra token in the query":
            url = f"{running.url}{SEND}?api-version=2022-06-01&access_token={running.entra_token()}"
            async with running.http.post(url, json=MESSAGE) as answer:
                return answer.status
        case "a client token of the service on the REST API":
            return (await ask(running, made))[0]
        case "a client token of another hub":
            return await negotiate(running, f"{running.url}/client/negotiate?hub=other", made)
        case "an Entra token where those are switched off":
            await running.change(disable_aad_auth=True)
            return (await ask(running, running.entra_token()))[0]
        case "a key's token where keys are switched off":
            token = rest_token(running.connection, SEND)
            await running.change(disable_local_auth=True, primary_key="", secondary_key="")
            return (await ask(running, token))[0]
        case "a key's token from before they were switched off and on":
            token = rest_token(running.connection, SEND)
            await running.change(disable_local_auth=True, primary_key="", secondary_key="")
            await running.change(disable_local_auth=False, primary_key="n" * 64)
            return (await ask(running, token))[0]
        case "an empty key where keys are switched off":
            await running.change(disable_local_auth=True, primary_key="", secondary_key="")
            claims = {"aud": f"http://localhost{SEND}", "exp": time.time() + 60}
            return (await ask(running, hs256_with_an_empty_key(claims)))[0]
    raise AssertionError(attempt)


def hs256_with_an_empty_key(claims: dict[str, Any]) -> str:
    """A token that no library signs any more."""

    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    text = f"{part({'alg': 'HS256'})}.{part(claims)}"
    digest = hmac.digest(b"", text.encode(), hashlib.sha256)
    return f"{text}.{base64.urlsafe_b64encode(digest).decode().rstrip('=')}"


async def negotiate(running: Running, url: str, token: str) -> int:
    """Status of a client's negotiation."""
    async with running.http.post(url, headers={"Authorization": f"Bearer {token}"}) as answer:
        return answer.status


@pytest.mark.parametrize("attempt", CALLS)
async def test_a_caller_without_the_right_is_refused(running: Running, attempt: str) -> None:
    """401 where the token does not count, 403 where it does; nobody is sent anything."""
    client = await running.client("alice")
    sent = len([event for event in running.instance.trace.after(0) if event.kind == "frame"])
    status = await refused(running, attempt)
    words = ("role", "reader", "app server")
    assert status == (403 if any(word in attempt for word in words) else 401)
    if attempt != "a role that was taken away":
        frames = [event for event in running.instance.trace.after(0) if event.kind == "frame"]
        assert len(frames) == sent
    await client.socket.close()


async def test_without_keys_the_service_makes_the_tokens_of_clients(running: Running) -> None:
    """`:generateToken` works with keys switched off, and its token connects."""
    await running.change(disable_local_auth=True, primary_key="", secondary_key="")
    running.assign("SignalR REST API Owner")
    status, made, _ = await running.rest(
        *("POST", f"{HUB}/:generateToken"), token=running.entra_token(), query="userId=alice"
    )
    assert status == 200
    url = f"{running.url}/client/?hub=chat"
    headers = {"Authorization": f"Bearer {made['token']}"}
    async with running.http.ws_connect(url, headers=headers) as socket:
        assert not socket.closed
    events = [event.detail for event in running.instance.trace.after(0) if event.kind == "token"]
    assert events[-1]["user"] == "alice"


async def test_a_token_of_the_service_outlives_the_change_of_a_key(running: Running) -> None:
    """It is signed with a key of the service's own, which nobody renews."""
    running.assign("SignalR REST API Owner")
    _, made, _ = await running.rest(
        "POST", f"{HUB}/:generateToken", token=running.entra_token(), query="userId=alice"
    )
    await running.change(primary_key="p" * 64, secondary_key="s" * 64)
    client = f"{running.url}/client/negotiate?hub=chat"
    assert await negotiate(running, client, made["token"]) == 200


def trusting(folder: Path) -> ssl.SSLContext:
    """What a client of the local cloud trusts."""
    return ssl.create_default_context(cafile=str(folder))


async def test_the_port_answers_https_as_well(
    running: Running, certificates: tls.Certificates
) -> None:
    """REST, negotiation and WebSockets, beside http on the same port."""
    base = f"https://localhost:{running.spec.port}"
    trust = trusting(certificates.ca_file)
    headers = {"Authorization": f"Bearer {running.token('alice')}"}
    async with running.http.ws_connect(
        f"{base}/client/?hub=chat", headers=headers, ssl=trust
    ) as socket:
        await socket.send_str('{"protocol":"json","version":1}\x1e')
        assert (await socket.receive_str()) == "{}\x1e"
        token = rest_token(running.connection, SEND)
        async with running.http.post(
            f"{base}{SEND}?api-version=2022-06-01",
            json=MESSAGE,
            headers={"Authorization": f"Bearer {token}"},
            ssl=trust,
        ) as answer:
            assert answer.status == 202
        assert "hello" in await socket.receive_str()


async def test_a_token_signed_for_https_is_one_for_http(running: Running) -> None:
    """The endpoint of a connection string may be either; the port serves both."""
    connection = replace(running.connection, endpoint="https://localhost")
    assert (await ask(running, rest_token(connection, SEND)))[0] == 202


class Signed:
    """A credential that has its token already."""

    def __init__(self, token: str) -> None:
        self._token = token

    def get_token(self, *_scopes: str, **_options: Any) -> AccessToken:
        return AccessToken(self._token, int(time.time()) + 600)


@pytest.mark.parametrize("scheme", ["https", "http"])
async def test_azures_own_policy_sends_its_token(
    running: Running, certificates: tls.Certificates, scheme: str
) -> None:
    """BearerTokenCredentialPolicy of azure-core: over https, and never over http."""
    running.assign("SignalR REST API Owner")
    policy = BearerTokenCredentialPolicy(Signed(running.entra_token()), f"{SIGNALR}/.default")

    def call() -> int:
        transport = RequestsTransport(connection_verify=str(certificates.ca_file))
        base = f"{scheme}://localhost:{running.spec.port}"
        with PipelineClient[HttpRequest, Any](
            base, policies=[policy], transport=transport
        ) as client:
            request = HttpRequest("POST", f"{base}{SEND}?api-version=2022-06-01", json=MESSAGE)
            return int(client.send_request(request).status_code)

    if scheme == "https":
        assert await asyncio.to_thread(call) == 202
        return
    with pytest.raises(Exception, match="non-TLS protected"):
        await asyncio.to_thread(call)


async def test_a_tls_handshake_that_is_none_ends_its_connection_only(running: Running) -> None:
    """The first byte says TLS, the rest is noise."""
    reader, writer = await asyncio.open_connection("localhost", running.spec.port)
    writer.write(b"\x16" + b"noise" * 20)
    await writer.drain()
    await asyncio.wait_for(reader.read(), 10)
    writer.close()
    async with running.http.get(f"{running.url}/api/health") as answer:
        assert answer.status == 200


async def test_a_refusal_is_in_the_trace_without_the_token(running: Running) -> None:
    """Who was refused what, and nothing to use again."""
    token = running.entra_token()
    await ask(running, token)
    (event,) = [one for one in running.instance.trace.after(0) if one.kind == "token"]
    assert not event.detail["accepted"]
    assert "hub/send/action" in str(event.detail["reason"])
    assert token not in str(event.detail)
