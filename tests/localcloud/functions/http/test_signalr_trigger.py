"""A stranger's app with SignalR triggers.

Upstream requests in, return values and group actions out.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgpack
import pytest

from tests.localcloud.functions.functions_testing import KEY, Recorder, Serve, Served

WEBHOOK = "/runtime/webhooks/signalr"
OTHER_KEY = "not-the-key-of-this-service-0123456789abcdef"


def headers(
    event: str, *, category: str = "messages", key: str = KEY, **more: str
) -> dict[str, str]:
    """Headers of an upstream request, signed with two keys as the service does."""
    signatures = [
        hmac.new(each.encode(), b"c1", hashlib.sha256).hexdigest().upper()
        for each in (OTHER_KEY, key)
    ]
    return {
        "Content-Type": "application/json",
        "X-ASRS-Connection-Id": "c1",
        "X-ASRS-Hub": "Groups",
        "X-ASRS-Category": category,
        "X-ASRS-Event": event,
        "X-ASRS-User-Id": "alice",
        "X-ASRS-Signature": ",".join(f"sha256={signature}" for signature in signatures),
        **{name.replace("_", "-"): value for name, value in more.items()},
    }


def invocation(target: str, *arguments: Any, call_id: str = "7") -> str:
    """Body of a message."""
    return json.dumps(
        {"type": 1, "invocationId": call_id, "target": target, "arguments": arguments}
    )


@pytest.fixture
async def chat(serve: Serve, copied: Callable[..., Path], signalr: Recorder) -> Served:
    """The group chat app, talking to the recorder."""
    return await serve(
        copied("group_chat", {"AzureSignalRConnectionString": signalr.connection_string})
    )


async def test_an_invocation_runs_its_function_and_returns_a_completion(
    chat: Served, signalr: Recorder
) -> None:
    """Return value to the caller; group action and message to the service, in order."""
    status, text = await chat.ask(
        "POST", WEBHOOK, data=invocation("join", "red"), headers=headers("JOIN")
    )
    assert status == 200
    assert text == '{"type":3,"invocationId":"7","result":"welcome to red"}\x1e'
    assert signalr.requests == [
        ("PUT", "/api/hubs/groups/groups/red/connections/c1", None),
        ("POST", "/api/hubs/groups/groups/red/:send", {"target": "joined", "arguments": ["alice"]}),
    ]


async def test_messagepack_is_answered_in_messagepack(chat: Served) -> None:
    """Length-prefixed, as the binary hub protocol frames it."""
    body = msgpack.packb([1, {}, "9", "join", ["red"], []])
    request = headers("join") | {"Content-Type": "application/x-msgpack"}
    async with chat.client.post(chat.url + WEBHOOK, data=body, headers=request) as response:
        answer = await response.read()
    assert answer[0] == len(answer) - 1
    assert msgpack.unpackb(answer[1:]) == [3, {}, "9", 3, "welcome to red"]


async def test_a_send_without_invocation_id_gets_an_empty_200(
    chat: Served, signalr: Recorder
) -> None:
    """An async function with two parameters; nobody waits for a result."""
    body = json.dumps({"type": 1, "target": "say", "arguments": ["red", "hello"]})
    assert await chat.ask("POST", WEBHOOK, data=body, headers=headers("say")) == (200, "")
    assert signalr.requests[0][2] == {"target": "said", "arguments": ["hello"]}


async def test_the_wrong_number_of_arguments_is_an_error_completion(chat: Served) -> None:
    """parameterNames fixes how many there are."""
    _, text = await chat.ask("POST", WEBHOOK, data=invocation("say", "red"), headers=headers("say"))
    assert json.loads(text[:-1])["error"].startswith(
        "The function accepts 2 arguments (group, text)"
    )
    assert "SignalRTriggerParametersNotMatchException" in chat.log


async def test_connected_runs_and_may_turn_a_client_away(chat: Served, signalr: Recorder) -> None:
    """A failing connected function is 403."""
    body = json.dumps({"type": 10})
    assert (
        await chat.ask(
            "POST", WEBHOOK, data=body, headers=headers("connected", category="connections")
        )
    )[0] == 200
    assert signalr.requests[0][2] == {"target": "arrived", "arguments": ["alice"]}
    mallory = headers("connected", category="connections", X_ASRS_User_Id="mallory")
    assert (await chat.ask("POST", WEBHOOK, data=body, headers=mallory))[0] == 403


async def test_a_failing_disconnected_function_is_still_200(chat: Served) -> None:
    """The client is gone; there is nobody to refuse."""
    request = headers("disconnected", category="connections")
    assert (await chat.ask("POST", WEBHOOK, data='{"Type":11,"Error":"x"}', headers=request))[
        0
    ] == 200


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"Content-Type": "text/plain"}, 415),
        ({"X-ASRS-Connection-Id": ""}, 400),
        ({"X-ASRS-Event": "nobody"}, 404),
        ({"X-ASRS-Hub": "other"}, 404),
        ({"X-ASRS-Signature": "sha256=00"}, 401),
        ({"X-ASRS-Signature": ""}, 401),
    ],
)
async def test_a_request_that_the_extension_would_refuse_is_refused(
    chat: Served, changed: dict[str, str], status: int
) -> None:
    """Content type, headers, function, signature, in that order."""
    request = headers("join") | changed
    assert (await chat.ask("POST", WEBHOOK, data=invocation("join", "red"), headers=request))[
        0
    ] == status


@pytest.mark.parametrize(
    "body",
    ["no json", "[]", '{"type":1}', invocation("other"), '{"type":1,"target":5,"arguments":[]}'],
)
async def test_a_body_that_is_no_invocation_of_the_event_is_500(chat: Served, body: str) -> None:
    """The target must be the event."""
    assert (await chat.ask("POST", WEBHOOK, data=body, headers=headers("join")))[0] == 500


async def test_other_webhooks_are_404(chat: Served) -> None:
    """Only the SignalR extension has one here."""
    assert (await chat.ask("POST", "/runtime/webhooks/eventgrid"))[0] == 404


async def test_negotiation_and_endpoints_name_the_instance(chat: Served, signalr: Recorder) -> None:
    """signalRNegotiation carries a connection per endpoint, signalREndpoints none."""
    _, text = await chat.ask("GET", "/api/places?user=bob")
    found = json.loads(text)
    assert found["endpoints"] == [
        {"endpointType": "Primary", "name": "", "endpoint": "http://localhost", "online": True}
    ]
    [place] = found["negotiation"]["endpoints"]
    assert place["connectionInfo"]["url"] == f"http://localhost:{signalr.port}/client/?hub=groups"
