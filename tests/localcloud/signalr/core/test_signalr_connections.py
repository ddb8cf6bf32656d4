"""Connections: negotiate, handshake, time-outs, broken input, groups, quotas, faults."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from chatkit.core.time import clock
from chatkit.localcloud.signalr.core.connection import Connection, State
from chatkit.localcloud.signalr.core.connections import (
    CLIENT_TIMEOUT_S,
    CONNECT_WITHIN_S,
    HANDSHAKE_WITHIN_S,
    KEEP_ALIVE_S,
)
from chatkit.localcloud.signalr.core.hub import FEW_ENDS, Hub
from chatkit.wire.tokens import rest_token
from tests.localcloud.signalr.harness import WAIT_S, RawClient, Running

HANDSHAKE = b'{"protocol":"json","version":1}\x1e'


async def opened(running: Running) -> RawClient:
    """A WebSocket before its handshake."""
    headers = {"Authorization": f"Bearer {running.token('alice')}"}
    return RawClient(
        await running.http.ws_connect(f"{running.url}/client/?hub=chat", headers=headers)
    )


async def negotiated(
    running: Running, query: str = "hub=chat&negotiateVersion=1", token: str | None = None
) -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {token or running.token('alice')}"}
    async with running.http.post(
        f"{running.url}/client/negotiate?{query}", headers=headers
    ) as answer:
        return (
            answer.status,
            await answer.json()
            if answer.content_type == "application/json"
            else await answer.text(),
        )


async def test_negotiation_gives_a_secret_token_beside_the_id(running: Running) -> None:
    """Version 1; the token is not the id."""
    _, answer = await negotiated(running)
    assert answer["negotiateVersion"] == 1 and answer["connectionToken"] != answer["connectionId"]
    assert [item["transport"] for item in answer["availableTransports"]] == [
        "WebSockets",
        "ServerSentEvents",
        "LongPolling",
    ]


@pytest.mark.parametrize(
    ("query", "version"),
    [("hub=chat", 0), ("hub=chat&negotiateVersion=0", 0), ("hub=chat&NEGOTIATEVERSION=7", 1)],
)
async def test_negotiation_versions(running: Running, query: str, version: int) -> None:
    """Absent means 0, higher means 1, the name's case does not matter."""
    _, answer = await negotiated(running, query)
    assert (answer["negotiateVersion"], "connectionToken" in answer) == (version, version == 1)


async def test_a_version_that_is_no_number_is_an_error_in_the_answer(running: Running) -> None:
    """200 with an error, as the protocol has it."""
    status, answer = await negotiated(running, "hub=chat&negotiateVersion=x")
    assert (status, answer["error"]) == (
        200,
        "The client requested a non-integer protocol version.",
    )


@pytest.mark.parametrize("query", ["", "hub=chat&hub=chat", "hub=", "hub=1x", "hub=" + "x" * 129])
async def test_a_request_without_one_good_hub_is_refused(running: Running, query: str) -> None:
    """400."""
    assert (await negotiated(running, query))[0] == 400


async def test_a_token_for_another_hub_is_refused(running: Running) -> None:
    """401: the audience names the hub."""
    assert (await negotiated(running, "hub=other"))[0] == 401


async def test_a_connection_token_serves_once(running: Running) -> None:
    """The second WebSocket with the same id: 409 while the first is open, 404 for an unknown id."""
    _, answer = await negotiated(running)
    headers = {"Authorization": f"Bearer {running.token('alice')}"}
    url = f"{running.url}/client/?hub=chat&id="
    async with running.http.ws_connect(url + answer["connectionToken"], headers=headers):
        statuses = []
        for token in (answer["connectionToken"], "unknown"):
            with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
                await running.http.ws_connect(url + token, headers=headers)
            statuses.append(caught.value.status)
    assert statuses == [409, 404]


async def test_an_id_dies_when_nobody_connects(running: Running) -> None:
    """Five seconds after negotiate."""
    _, answer = await negotiated(running)
    prepared = running.instance.connections.negotiated(answer["connectionToken"], "chat")
    assert prepared is not None
    prepared.opened_at -= CONNECT_WITHIN_S + 1
    assert running.instance.connections.take_negotiated(answer["connectionToken"], "chat") is None


@pytest.mark.parametrize(
    ("first", "error"),
    [
        (b'{"protocol":"dummy","version":1}\x1e', "The protocol 'dummy' is not supported."),
        (
            b'{"protocol":"json","version":9}\x1e',
            "The server does not support version 9 of the 'json' protocol.",
        ),
        (b"not json\x1e", "An unexpected error occurred during connection handshake."),
        (b'{"type":6}\x1e', "An unexpected error occurred during connection handshake."),
    ],
)
async def test_a_bad_handshake_is_answered_and_closed(
    running: Running, first: bytes, error: str
) -> None:
    """The error in JSON, then the end of the WebSocket."""
    client = await opened(running)
    await client.socket.send_bytes(first)
    assert await client.next() == {"error": error}
    assert await client.next() is None


async def test_a_handshake_may_come_in_pieces(running: Running) -> None:
    """Text or binary, cut anywhere; what follows it is taken too."""
    client = await opened(running)
    await client.socket.send_str(HANDSHAKE[:10].decode())
    await client.socket.send_bytes(
        HANDSHAKE[10:] + b'{"type":1,"invocationId":"1","target":"x","arguments":[]}\x1e'
    )
    assert [await client.next(), (await client.next())["invocationId"]] == [{}, "1"]


async def test_a_client_that_never_shakes_hands_is_closed(running: Running) -> None:
    """After 15 seconds."""
    client = await opened(running)
    running.instance.connections.all()[0].opened_at -= HANDSHAKE_WITHIN_S + 1
    assert await client.next() == {"error": "Handshake was canceled."}
    assert await client.next() is None


@pytest.mark.parametrize("text", ["nonsense\x1e", '{"type":1}\x1e', "[]\x1e"])
async def test_a_frame_that_is_not_json_ends_this_connection_only(
    running: Running, text: str
) -> None:
    """Close with an error, then the transport ends; the neighbour goes on."""
    client = await running.client("alice")
    neighbour = await running.client("bob")
    await client.socket.send_str(text)
    assert await client.next() == {"type": 7, "error": "Connection closed with an error."}
    assert await client.next() is None
    await running.say("still here")
    assert await neighbour.text() == "still here"


async def test_half_a_frame_waits_for_the_other_half(running: Running) -> None:
    """No message and no error in between."""
    client = await running.client("alice")
    await client.socket.send_str('{"type":1,"invocationId":"7","target":"x",')
    await client.socket.send_str('"arguments":[]}\x1e')
    assert (await client.next())["invocationId"] == "7"


async def test_bad_utf8_closes_with_1007(running: Running) -> None:
    """RFC 6455 §8.1."""
    client = await opened(running)
    await client.socket._writer.send_frame(b"\xff\xfe", aiohttp.WSMsgType.TEXT)
    assert await client.next() is None
    assert client.socket.close_code == 1007


async def test_a_silent_server_pings(running: Running) -> None:
    """A ping once nothing was sent for 15 seconds."""
    client = await running.client("alice")
    running.instance.connections.all()[0].last_sent -= KEEP_ALIVE_S + 1
    received = await asyncio.wait_for(client.socket.receive(), WAIT_S)
    assert json.loads(received.data.rstrip("\x1e")) == {"type": 6}


async def test_a_silent_client_is_dropped(running: Running) -> None:
    """After 30 seconds without a byte."""
    client = await running.client("alice")
    running.instance.connections.all()[0].last_received -= CLIENT_TIMEOUT_S + 1
    assert await client.next() is None


async def test_free_tier_takes_twenty_connections(running: Running) -> None:
    """The next one gets 429; one unit more of Standard takes a thousand."""
    await running.change(sku="Free_F1")
    clients = [await running.client("alice") for _ in range(20)]
    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        await running.client("bob")
    await running.change(sku="Standard_S1")
    clients.append(await running.client("bob"))
    assert (caught.value.status, len(clients), running.instance.quotas.max_connections) == (
        429,
        21,
        1000,
    )
    for client in clients:
        await client.socket.close()


async def test_free_tier_sends_twenty_thousand_messages_a_day(running: Running) -> None:
    """Counted per receiver and 2 KB; beyond, REST answers 429."""
    await running.change(sku="Free_F1")
    clients = [await running.client("alice"), await running.client("bob")]
    await running.say("x" * 3000)
    assert len(await clients[0].text()) == 3000
    assert running.instance.quotas.messages_today == 2 * 2
    running.instance.quotas.count(1, 20_000 * 2048)
    assert (await running.rest("POST", "/api/v1/hubs/chat", {"target": "x"}))[0] == 429


@pytest.mark.parametrize(("kind", "status"), [("expire", 401), ("429", 429)])
async def test_a_fault_meets_the_next_request_only(
    running: Running, kind: str, status: int
) -> None:
    """Ordered once, met once."""
    running.instance.faults.set(kind, count=1, seconds=0)
    statuses = [
        (await running.rest("POST", "/api/v1/hubs/chat", {"target": "x"}))[0] for _ in range(2)
    ]
    assert statuses == [status, 202]


async def test_a_dropped_connection_ends_without_a_word(running: Running) -> None:
    """As a broken network does it."""
    client = await running.client("alice")
    assert running.instance.drop(user_id="alice") == 1
    assert await client.next() is None


async def test_a_stalled_reader_is_dropped_and_nobody_waits_for_it(running: Running) -> None:
    """More than 1 MB waiting: gone; the others got everything."""
    stalled = await running.client("stalled")
    other = await running.client("bob")
    stalled.socket._response.connection.transport.pause_reading()  # type: ignore[union-attr]
    for _ in range(60):
        await running.say("x" * 200_000)
        assert len(await other.text()) == 200_000
        if not any(c.user_id == "stalled" for c in running.instance.connections.all()):
            break
    assert [c.user_id for c in running.instance.connections.all()] == ["bob"]


async def test_the_trace_shows_what_happened_and_no_secret(running: Running) -> None:
    """Every token decision, request, connection and frame, at the instance's own address.

    Tokens masked.
    """
    client = await running.client("alice")
    await running.say("hello")
    await client.text()
    headers = {"Authorization": f"Bearer {rest_token(running.connection, '/trace')}"}
    async with running.http.get(f"{running.url}/trace", headers=headers) as answer:
        text = await answer.text()
    events = json.loads(text)["events"]
    kinds = [event["kind"] for event in events]
    assert kinds == ["token", "request", "connection", "handshake", "token", "frame", "request"]
    assert (events[5]["detail"]["arguments"], "eyJ" in text) == ('["hello"]', False)


async def test_what_a_function_host_sends_names_its_cause(running: Running) -> None:
    """All that the request leads to has it; a cause of another form is none."""
    cause = "0a1b2c3d-0000-1111-2222-0123456789ab"
    token = rest_token(running.connection, "/api/v1/hubs/chat")
    for told in (cause, "mallory"):
        headers = {"Authorization": f"Bearer {token}", "x-chatkit-cause": told}
        body = {"target": "newMessage", "arguments": [told]}
        async with running.http.post(
            f"{running.url}/api/v1/hubs/chat", json=body, headers=headers
        ) as answer:
            assert answer.status == 202
    causes = [one.detail.get("cause") for one in running.instance.trace.after(0)]
    half = len(causes) // 2
    assert {*causes[:half]} == {cause} and {*causes[half:]} == {None}


async def test_the_trace_is_for_who_has_a_key(running: Running) -> None:
    """And goes on after the event that is known."""
    await running.say("hello")
    last = [*running.instance.trace.after(0)][-1].number
    headers = {"Authorization": f"Bearer {rest_token(running.connection, '/trace')}"}
    async with running.http.get(f"{running.url}/trace?after={last - 1}", headers=headers) as answer:
        assert [event["number"] for event in (await answer.json())["events"]] == [last]
    async with running.http.get(f"{running.url}/trace") as answer:
        assert answer.status == 401


async def test_a_refused_token_is_in_the_trace_with_what_was_expected(running: Running) -> None:
    """The question people ask most."""
    await negotiated(running, "hub=other")
    (event,) = (event for event in running.instance.trace.after(0) if event.kind == "token")
    assert (event.detail["accepted"], event.detail["expected"]) == (
        False,
        ["http://localhost/client/?hub=other"],
    )


@pytest.mark.parametrize(
    ("claims", "more"), [({}, ""), ({"asrs.s.derror": "true"}, " Error reading JSON.")]
)
async def test_details_of_an_error_are_for_who_asked(
    running: Running, claims: dict[str, str], more: str
) -> None:
    """Enabled in the token by the app."""
    url = f"{running.url}/client/?hub=chat&access_token={running.token('alice', claims=claims)}"
    client = RawClient(await running.http.ws_connect(url))
    await client.socket.send_bytes(HANDSHAKE + b"nonsense\x1e")
    assert [await client.next(), await client.next()] == [
        {},
        {"type": 7, "error": f"Connection closed with an error.{more}"},
    ]


def nothing_is_queued() -> None:
    """Where no fan-out sends."""


def a_connection(user: str) -> Connection:
    connection = Connection("chat", user, {}, flush=nothing_is_queued)
    connection.state = State.OPEN
    return connection


def test_a_user_is_in_a_group_before_the_first_connection() -> None:
    """Membership is remembered and applied on connect."""
    hub = Hub("chat")
    connection = a_connection("alice")
    hub.add_user("alice", "red")
    hub.add(connection)
    assert [*hub.of_group("red")] == [connection]


def test_ttl_0_is_for_the_connections_open_now() -> None:
    """A later connection is not in the group."""
    hub = Hub("chat")
    first = a_connection("alice")
    second = a_connection("alice")
    hub.add(first)
    hub.add_user("alice", "red", ttl_s=0)
    hub.add(second)
    assert [*hub.of_group("red")] == [first]


def test_a_membership_ends_with_its_ttl(monkeypatch: pytest.MonkeyPatch) -> None:
    """Live connections leave the group too."""
    hub = Hub("chat")
    connection = a_connection("alice")
    hub.add(connection)
    hub.add_user("alice", "red", ttl_s=10)
    later = clock.steady() + 11
    monkeypatch.setattr(clock, "steady", lambda: later)
    assert ([*hub.of_group("red")], hub.is_user_in("alice", "red"), connection.groups) == (
        [],
        False,
        set(),
    )


def test_only_the_newest_hundred_lasting_groups_are_kept() -> None:
    """Those with a time to live do not count."""
    hub = Hub("chat")
    hub.add_user("alice", "timed", ttl_s=60)
    for number in range(101):
        hub.add_user("alice", f"g{number}")
    kept = hub.groups_of_user("alice")
    assert ("g0" in kept, "g1" in kept, "timed" in kept, len(kept)) == (False, True, True, 101)


async def test_a_connection_ends_with_its_authentication_if_its_token_says_so(
    running: Running,
) -> None:
    """`asrs.s.coae` and `asrs.s.aeo`; without them a WebSocket outlives its token."""
    url = f"{running.url}/client/?hub=chat&access_token="
    claims = {"asrs.s.coae": "true", "asrs.s.aeo": int(time.time()) - 1}
    client = RawClient(await running.http.ws_connect(url + running.token("alice", claims=claims)))
    await client.socket.send_bytes(HANDSHAKE)
    assert [await client.next(), (await client.next())["type"], await client.next()] == [
        {},
        7,
        None,
    ]


@pytest.mark.parametrize(
    ("value", "seconds"), [("", 15), ("20", 20), ("99", 30), ("0", 1), ("x", 15)]
)
def test_a_token_may_set_limits(value: str, seconds: float) -> None:
    """Within bounds; anything else counts as not set."""
    connection = Connection("chat", "alice", {"asrs.s.cht": value}, flush=nothing_is_queued)
    assert connection.seconds_claim("asrs.s.cht", default=15, at_most=30) == seconds


def test_a_membership_renewed_a_thousand_times_is_kept_once() -> None:
    """An app may renew it with every message; what is kept counts members, not calls."""
    hub = Hub("chat")
    for number in range(5 * FEW_ENDS):
        hub.add_user("alice", "red", ttl_s=100 + number)
        hub.add_user("bob", f"{number}", ttl_s=100)
        hub.remove_user("bob", f"{number}")
    assert len(hub._ends) <= FEW_ENDS and hub.is_user_in("alice", "red")


async def test_hubs_that_nobody_is_in_are_forgotten(running: Running) -> None:
    """Whoever has a key may name any number of them; a member or a client keeps one."""
    client = await running.client("alice", hub="open")
    await running.rest("PUT", "/api/hubs/remembered/users/alice/groups/red")
    for number in range(5):
        await running.say("x", f"/api/v1/hubs/idle{number}")
        await running.rest("HEAD", f"/api/hubs/asked{number}/users/alice")
    connections = running.instance.connections
    connections.tick()
    assert sorted(connections._hubs) == ["open", "remembered"]
    await running.say("still here", "/api/v1/hubs/open")
    assert await client.text() == "still here"
    await client.socket.close()


async def test_a_message_on_its_way_finds_a_hub_that_was_forgotten_meanwhile(
    running: Running,
) -> None:
    """The body comes slowly; the first client comes while it does."""
    arrived = asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        yield b'{"target": "newMessage",'
        await arrived.wait()
        yield b'"arguments": ["hello"]}'

    path = "/api/v1/hubs/chat"
    headers = {"Authorization": f"Bearer {rest_token(running.connection, path)}"}
    sending = asyncio.create_task(
        running.http.post(f"{running.url}{path}", data=body(), headers=headers)
    )
    await running.say("first")  # by then the message above has begun
    running.instance.connections.tick()
    client = await running.client("alice")
    arrived.set()
    async with await sending as answer:
        assert (answer.status, await client.text()) == (202, "hello")


def test_a_renewed_membership_has_a_new_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """The old end does nothing."""
    hub = Hub("chat")
    connection = a_connection("alice")
    hub.add(connection)
    hub.add_user("alice", "red", ttl_s=10)
    hub.add_user("alice", "red", ttl_s=60)
    later = clock.steady() + 11
    monkeypatch.setattr(clock, "steady", lambda: later)
    assert [*hub.of_group("red")] == [connection]
