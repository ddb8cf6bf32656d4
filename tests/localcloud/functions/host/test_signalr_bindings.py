"""SignalR bindings.

Tokens in, REST requests out, in order, signed, and every failure with its sentence.
"""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import jwt
import pytest

from chatkit.localcloud.functions.host.errors import AppInvalid, BindingFailed
from chatkit.localcloud.functions.host.signalr_bindings import (
    InputContext,
    input_value,
    rest_calls,
)
from chatkit.localcloud.functions.host.signalr_service import RestCall, RestSender, connection
from chatkit.wire.connection_strings import SignalRConnectionString
from tests.localcloud.functions.functions_testing import KEY, Recorder

SETTINGS = {
    "AzureSignalRConnectionString": f"Endpoint=http://localhost;Port=8888;AccessKey={KEY};Version=1.0;"
}
BROADCAST = "/api/hubs/chat/:send"


def info(binding: dict[str, Any], **data: Any) -> dict[str, Any]:
    """What signalRConnectionInfo hands over."""
    context = InputContext(SETTINGS, {}, data, "negotiate")
    whole = {"type": "signalRConnectionInfo", "name": "info", "hubName": "Chat", **binding}
    value = asyncio.run(input_value(whole, context, RestSender()))
    found: dict[str, Any] = json.loads(value["json"])
    return found


def claims(token: str) -> dict[str, Any]:
    """Claims of a token for hub chat, signature and audience checked."""
    found: dict[str, Any] = jwt.decode(
        token, KEY, algorithms=["HS256"], audience="http://localhost/client/?hub=chat"
    )
    return found


def test_connection_info_has_url_and_token_of_the_hub() -> None:
    """The hub is lower-cased, the port is in the URL and not in the audience, one hour of life."""
    found = info({})
    assert found["url"] == "http://localhost:8888/client/?hub=chat"
    assert claims(found["accessToken"])["exp"] - time.time() == pytest.approx(3600, abs=5)
    assert "asrs.s.uid" not in claims(found["accessToken"])


def test_the_user_id_comes_from_an_expression() -> None:
    """And becomes asrs.s.uid."""
    found = info({"userId": "{headers.x-user}"}, headers={"x-user": "alice"})
    assert claims(found["accessToken"])["asrs.s.uid"] == "alice"


def test_claims_of_an_id_token_are_chosen_by_name() -> None:
    """claimTypeList picks; reserved names get a prefix."""
    id_token = jwt.encode({"name": "Alice", "iat": 5, "email": "hidden"}, KEY)
    found = info({"idToken": "{query.t}", "claimTypeList": ["name", "iat"]}, query={"t": id_token})
    picked = claims(found["accessToken"])
    assert (picked["name"], picked["asrs.u.iat"]) == ("Alice", 5)
    assert "email" not in picked


@pytest.mark.parametrize(
    ("binding", "sentence"),
    [
        ({"hubName": ""}, "has no hubName"),
        ({"userId": "{headers.nobody}"}, "Error while accessing 'nobody'"),
        ({"idToken": "not-a-token"}, "is not a JSON web token"),
        ({"userId": "x" * 5000}, "at most 4096"),
    ],
)
def test_a_connection_info_that_cannot_be_made_says_why(
    binding: dict[str, Any], sentence: str
) -> None:
    """The function does not run then."""
    with pytest.raises(BindingFailed, match=sentence):
        info(binding, headers={})


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({}, "endpoints are not set"),
        ({"AzureSignalRConnectionString__serviceUri": "nowhere"}, "no valid Endpoint"),
        (
            {
                "AzureSignalRConnectionString__serviceUri": "https://x",
                "AzureSignalRConnectionString__credential": "password",
            },
            "can be managedidentity",
        ),
        ({"AzureSignalRConnectionString": "Endpoint=nonsense"}, "no valid Endpoint"),
        ({**SETTINGS, "AzureSignalRServiceTransportType": "Persistent"}, "does not have"),
        (
            {"AzureSignalRConnectionString": "Endpoint=https://x;AuthType=azure.pet;Version=1.0"},
            "unknown AuthType: azure.pet",
        ),
        (
            {"AzureSignalRConnectionString": "Endpoint=https://x;AuthType=azure.app;ClientId=a"},
            "needs ClientId, TenantId and ClientSecret",
        ),
    ],
)
def test_a_missing_or_unusable_connection_string_is_named(
    settings: dict[str, str], sentence: str
) -> None:
    """The sentence never has the key in it."""
    with pytest.raises(AppInvalid, match=sentence):
        connection(settings, "")


def test_a_connection_string_is_looked_up_under_connection_strings_first() -> None:
    """Then under its own name."""
    settings = {
        "My": "Endpoint=http://b;AccessKey=k;",
        "ConnectionStrings:My": "Endpoint=http://a;AccessKey=k;",
    }
    assert connection(settings, "My").endpoint == "http://a"


MESSAGE = {"target": "newMessage", "arguments": [1]}


@pytest.mark.parametrize(
    ("value", "calls"),
    [
        (MESSAGE, [RestCall("POST", BROADCAST, MESSAGE)]),
        ([MESSAGE, MESSAGE], [RestCall("POST", BROADCAST, MESSAGE)] * 2),
        ({"target": "t"}, [RestCall("POST", BROADCAST, {"target": "t", "arguments": []})]),
        (
            {**MESSAGE, "userId": "a b"},
            [RestCall("POST", "/api/hubs/chat/users/a%20b/:send", MESSAGE)],
        ),
        (
            {**MESSAGE, "groupName": "g/1"},
            [RestCall("POST", "/api/hubs/chat/groups/g%2F1/:send", MESSAGE)],
        ),
        (
            {**MESSAGE, "connectionId": "c", "userId": "u", "groupName": "g"},
            [RestCall("POST", "/api/hubs/chat/connections/c/:send", MESSAGE)],
        ),
        (
            {**MESSAGE, "userId": "u", "groupName": "g"},
            [RestCall("POST", "/api/hubs/chat/users/u/:send", MESSAGE)],
        ),
        (
            {"action": "add", "groupName": "g", "userId": "u"},
            [RestCall("PUT", "/api/hubs/chat/users/u/groups/g")],
        ),
        (
            {"action": "Remove", "groupName": "g", "userId": "u", "connectionId": "c"},
            [RestCall("DELETE", "/api/hubs/chat/groups/g/connections/c")],
        ),
        (
            {"action": "removeAll", "userId": "u"},
            [RestCall("DELETE", "/api/hubs/chat/users/u/groups")],
        ),
        ([], []),
    ],
)
def test_what_is_set_becomes_rest_requests(value: Any, calls: list[RestCall]) -> None:
    """Order kept; connection before user before group before everybody."""
    assert rest_calls("Chat", {"string": json.dumps(value)}) == calls


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (
            '{"neither": 1}',
            "Unable to convert JObject to valid output binding type, check parameters",
        ),
        ("[5]", "Unable to convert JObject"),
        ("no json", "text that is not JSON"),
        ("[" * 100_000 + "]" * 100_000, "text that is not JSON"),
        ('{"target": "t", "userId": "\\ud800"}', "A name in the value .* cannot be sent"),
        ('{"action": "add", "userId": "u", "groupName": "\\ud800"}', "cannot be sent"),
        ('{"target": "t", "arguments": "x"}', "'arguments' is no array"),
        (
            '{"action": "add", "groupName": "g"}',
            "ConnectionId and UserId cannot be null or empty together",
        ),
        ('{"action": "add", "userId": "u"}', "'groupName' is missing"),
        ('{"action": "dance", "userId": "u"}', "action 'dance'"),
    ],
)
def test_what_is_neither_message_nor_action_fails_the_function(value: str, sentence: str) -> None:
    """With the extension's own words."""
    with pytest.raises(BindingFailed, match=sentence):
        rest_calls("chat", {"string": value})


async def send(recorder: Recorder, *calls: RestCall) -> None:
    """Send requests over a session of their own."""
    sender = RestSender()
    try:
        await sender.send(SignalRConnectionString.parse(recorder.connection_string), calls, {})
    finally:
        await sender.close()


async def test_requests_go_out_in_order_with_a_token_for_their_path(signalr: Recorder) -> None:
    """The recorder checks each token against the path as it was encoded."""
    await send(
        signalr,
        *rest_calls("chat", {"json": json.dumps([{**MESSAGE, "userId": "a b/ü"}, MESSAGE])}),
    )
    assert [(method, path) for method, path, _ in signalr.requests] == [
        ("POST", "/api/hubs/chat/users/a%20b%2F%C3%BC/:send"),
        ("POST", BROADCAST),
    ]


async def test_a_refused_request_fails_with_the_sdks_words(signalr: Recorder) -> None:
    """401 has its own sentence; what went out before stays sent."""
    signalr.status = 401
    with pytest.raises(BindingFailed, match="Authorization failed"):
        await send(signalr, *rest_calls("chat", {"json": json.dumps([MESSAGE, MESSAGE])}))
    assert len(signalr.requests) == 1


async def test_removing_what_is_not_there_is_no_failure(signalr: Recorder) -> None:
    """A 404 with the service's error header, as the SDK takes it."""
    signalr.status, signalr.headers = 404, {"x-ms-error-code": "Error.Connection.NotExisted"}
    await send(signalr, RestCall("DELETE", "/api/hubs/chat/groups/g/connections/c"))
    with pytest.raises(BindingFailed, match="answered 404"):
        await send(signalr, RestCall("PUT", "/api/hubs/chat/groups/g/connections/c"))


async def test_an_unreachable_service_is_named_without_its_key() -> None:
    """The address helps, the key must not be there."""
    with pytest.raises(BindingFailed, match="http://localhost:9 cannot be reached") as failed:
        await send(Recorder(port=9), RestCall("POST", BROADCAST, MESSAGE))
    assert KEY not in str(failed.value)
