"""Where the service is kinder to its users than its emulators are.

What docs/signalr.md promises row by row.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from chatkit.core.time import clock
from chatkit.localcloud.signalr.core.connections import KEEP_ALIVE_S
from chatkit.localcloud.signalr.core.spec import UpstreamTemplate
from chatkit.wire.tokens import rest_token
from tests.localcloud.signalr.harness import WAIT_S, RawClient, Running

V1 = "/api/v1/hubs/chat"
NEW = "/api/hubs/chat"
ALONE = """
import asyncio, sys, urllib.request
from pathlib import Path
from chatkit.localcloud.core.platform import Platform
from chatkit.localcloud.entra.service import EntraService
from chatkit.localcloud.signalr.core.spec import InstanceSpec
from chatkit.localcloud.signalr.service import SignalRService

async def main():
    platform = Platform.open(Path(sys.argv[1]))
    entra = EntraService(platform)
    service = SignalRService(platform, entra.tokens, entra.identities.token)
    port = platform.listeners.reserve("signalr/room")
    await service.apply(InstanceSpec("room", port, "k" * 40, "l" * 40))
    answer = await asyncio.to_thread(urllib.request.urlopen, f"http://127.0.0.1:{port}/api/health")
    print(answer.status)
    await service.stop()
    await platform.close()

asyncio.run(main())
"""


class App:
    """An upstream: what it was told, and what it answers to an event."""

    def __init__(self) -> None:
        self.told: asyncio.Queue[tuple[dict[str, str], Any]] = asyncio.Queue()
        self.answers: dict[str, Callable[[], web.Response]] = {}
        self.release = asyncio.Event()
        self.release.set()

    async def handle(self, request: web.Request) -> web.Response:
        event = request.headers["X-ASRS-Event"]
        await self.told.put((dict(request.headers), json.loads(await request.read())))
        await self.release.wait()
        return self.answers.get(event, web.Response)()

    async def next(self) -> Any:
        return (await asyncio.wait_for(self.told.get(), WAIT_S))[1]


@pytest.fixture
async def app(running: Running, aiohttp_app: Callable[..., Any]) -> AsyncIterator[App]:
    """An app that is told of everything."""
    told = App()
    application = web.Application()
    application.router.add_post("/", told.handle)
    await running.change(upstream=(UpstreamTemplate(await aiohttp_app(application)),))
    yield told
    told.release.set()


def test_an_instance_needs_python_and_nothing_else(tmp_path: Path) -> None:
    """No .NET, no image, no program on the PATH."""
    environment = {
        "PATH": "",
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "HOME": str(tmp_path),
    }
    done = subprocess.run(
        [sys.executable, "-c", ALONE, str(tmp_path)],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
    )
    assert (done.stdout.strip(), done.stderr) == ("200", "")


async def test_more_than_ten_arguments_pass_in_both_directions(running: Running, app: App) -> None:
    """From REST to a client and from a client to the app."""
    many = [*range(15)]
    client = await running.client("alice")
    await running.rest("POST", V1, {"target": "newMessage", "arguments": many})
    assert (await client.next())["arguments"] == many
    await client.send({"type": 1, "target": "hello", "arguments": many})
    assert [await app.next(), (await app.next())["arguments"]] == [{"type": 10}, many]


@pytest.mark.parametrize(
    "path",
    ["/:closeConnections", "/groups/red/:closeConnections", "/users/alice/:closeConnections"],
)
async def test_excluded_connections_are_not_closed(running: Running, path: str) -> None:
    """On the hub, in a group, of a user."""
    clients = {}
    for _ in range(2):
        client = await running.client("alice")
        clients[running.instance.connections.all()[-1].id] = client
    await running.rest("PUT", f"{V1}/users/alice/groups/red")
    spared, closed = clients
    assert (await running.rest("POST", NEW + path, query=f"excluded={spared}"))[0] == 204
    assert [(await clients[closed].next())["type"], await clients[closed].next()] == [7, None]
    await running.say("still here")
    assert await clients[spared].text() == "still here"


async def test_a_closed_connection_hears_why_ends_and_the_app_is_told(
    running: Running, app: App
) -> None:
    """Close message, end of the transport, disconnected event with the error."""
    client = await running.client("alice")
    (connection,) = running.instance.connections.all()
    await running.rest("DELETE", f"{NEW}/connections/{connection.id}", query="reason=enough")
    assert [await client.next(), await client.next()] == [{"type": 7, "error": "enough"}, None]
    assert [await app.next(), await app.next()] == [{"type": 10}, {"type": 11, "error": "enough"}]


@pytest.mark.parametrize(
    "text", ["2026-01-02T03:04:05.1234567+02:00", "2026-01-02T03:04:05Z", "/Date(0)/", "１", " "]
)
async def test_text_that_looks_like_something_else_stays_text(running: Running, text: str) -> None:
    """No date is parsed and printed anew on the way."""
    client = await running.client("alice")
    await running.say(text)
    assert await client.text() == text


async def test_a_user_is_in_a_group_that_was_joined_before_the_hub_had_a_client(
    running: Running,
) -> None:
    """Over REST: first the group, then the first connection."""
    assert (await running.rest("PUT", f"{NEW}/users/alice/groups/red"))[0] == 200
    client = await running.client("alice")
    await running.say("for red", f"{V1}/groups/red")
    assert await client.text() == "for red"


async def test_a_membership_ends_with_its_ttl_over_rest(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The open connection leaves the group with it; ttl=0 never counts for later connections."""
    client = await running.client("alice")
    await running.rest("PUT", f"{NEW}/users/alice/groups/red", query="ttl=60")
    await running.rest("PUT", f"{NEW}/users/bob/groups/blue", query="ttl=0")
    assert (await running.rest("HEAD", f"{NEW}/groups/red"))[0] == 200
    later = clock.steady() + 61
    monkeypatch.setattr(clock, "steady", lambda: later)
    assert (await running.rest("HEAD", f"{NEW}/groups/red"))[0] == 404
    assert (await running.rest("HEAD", f"{NEW}/users/bob/groups/blue"))[0] == 404
    await client.socket.close()


async def test_leaving_all_groups_without_being_in_one_is_fine(running: Running) -> None:
    """Also for a connection that is not there."""
    client = await running.client("alice")
    (connection,) = running.instance.connections.all()
    paths = [f"{NEW}/connections/{one}/groups" for one in (connection.id, "unknown")]
    assert [(await running.rest("DELETE", path))[0] for path in paths] == [200, 200]
    await client.socket.close()


@pytest.mark.parametrize(
    ("kind", "words"), [(1, "no upstream is set for hub 'chat'"), (4, "Streaming is not supported")]
)
async def test_what_nobody_serves_completes_with_an_error(
    running: Running, kind: int, words: str
) -> None:
    """An invocation without upstream, and any stream; a send without an id stays unanswered."""
    client = await running.client("alice")
    await client.send({"type": 1, "target": "x", "arguments": []})
    await client.send({"type": kind, "invocationId": "1", "target": "x", "arguments": []})
    completion = await client.next()
    assert (completion["type"], completion["invocationId"]) == (3, "1") and words in completion[
        "error"
    ]


async def test_pings_go_on_while_the_app_is_slow(running: Running, app: App) -> None:
    """Nothing of the connection waits for upstream but upstream."""
    app.release.clear()
    client = await running.client("alice")
    await client.send({"type": 1, "invocationId": "1", "target": "slow", "arguments": []})
    running.instance.connections.all()[0].last_sent -= KEEP_ALIVE_S + 1
    received = await asyncio.wait_for(client.socket.receive(), WAIT_S)
    assert json.loads(received.data.rstrip("\x1e")) == {"type": 6}
    app.release.set()
    assert (await client.next())["invocationId"] == "1"


@pytest.mark.parametrize(
    ("answer", "status", "expected"),
    [
        ({"result": {"a": [1]}}, 200, {"result": {"a": [1]}}),
        ({}, 200, {"result": None}),
        ({"error": "no"}, 400, "no"),
    ],
)
async def test_a_clients_result_comes_back_over_rest(
    running: Running, answer: dict[str, Any], status: int, expected: Any
) -> None:
    """Value, nothing, or the client's error."""
    client = await running.client("alice")
    path = f"{NEW}/connections/{running.instance.connections.all()[0].id}/:invoke"
    asked = asyncio.create_task(running.rest("POST", path, {"target": "ask", "arguments": []}))
    invocation = await client.next()
    await client.send({"type": 3, "invocationId": invocation["invocationId"], **answer})
    got, body, _ = await asked
    assert (got, body if status == 200 else body["message"]) == (status, expected)


async def test_a_client_that_leaves_owes_no_result(running: Running) -> None:
    """The call ends at once, not at its time limit."""
    client = await running.client("alice")
    path = f"{NEW}/connections/{running.instance.connections.all()[0].id}/:invoke"
    asked = asyncio.create_task(running.rest("POST", path, {"target": "ask", "arguments": []}))
    await client.next()
    await client.socket.close()
    status, _, headers = await asyncio.wait_for(asked, WAIT_S)
    assert (status, headers["x-ms-error-code"]) == (404, "Error.Connection.NotExisted")


async def test_an_answer_of_the_app_reaches_the_client_byte_for_byte(
    running: Running, app: App
) -> None:
    """Spaces and order as the app wrote them."""
    body = '{"result":  {"b": 1, "a":2}, "invocationId":"1","type":3}\x1e'
    app.answers["add"] = lambda: web.Response(body=body.encode())
    client = await running.client("alice")
    await client.send({"type": 1, "invocationId": "1", "target": "add", "arguments": []})
    received = await asyncio.wait_for(client.socket.receive(), WAIT_S)
    assert received.data == body


async def test_an_answer_past_the_limit_is_an_error_completion(
    running: Running, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    """16 MB, here less."""
    monkeypatch.setattr("chatkit.localcloud.signalr.core.upstream.MAX_RESPONSE_BYTES", 1000)
    app.answers["big"] = lambda: web.Response(body=b"x" * 1001)
    client = await running.client("alice")
    await client.send({"type": 1, "invocationId": "1", "target": "big", "arguments": []})
    assert (await client.next())["error"] == "Invocation failed, response too large."


async def test_the_first_template_that_matches_is_asked(
    running: Running, aiohttp_app: Callable[..., Any]
) -> None:
    """Hub, category and event fill its address."""
    asked: asyncio.Queue[str] = asyncio.Queue()

    async def handle(request: web.Request) -> web.Response:
        await asked.put(request.path)
        return web.Response()

    application = web.Application()
    application.router.add_post("/{tail:.*}", handle)
    url = await aiohttp_app(application)
    first = UpstreamTemplate(
        f"{url}/first/{{hub}}/{{category}}/{{event}}", event_pattern="hello, Connected"
    )
    await running.change(upstream=(first, UpstreamTemplate(f"{url}/rest/{{hub}}.{{event}}")))
    client = await running.client("alice")
    for target in ("Hello", "other"):
        await client.send({"type": 1, "target": target, "arguments": []})
    paths = [await asyncio.wait_for(asked.get(), WAIT_S) for _ in range(3)]
    assert paths == [
        "/first/chat/connections/connected",
        "/first/chat/messages/Hello",
        "/rest/chat.other",
    ]


@pytest.mark.parametrize(("status", "event"), [(404, "hello"), (401, "hello"), (403, "connected")])
async def test_the_trace_says_what_upstream_answered(
    running: Running, app: App, status: int, event: str
) -> None:
    """Which address, which event, which status: the question behind most reports about triggers."""
    app.answers[event] = lambda: web.Response(status=status)
    client = await running.client("alice")
    await client.send({"type": 1, "invocationId": "1", "target": "hello", "arguments": []})
    assert (await client.next())["type"] in (3, 7)
    calls = [one.detail for one in running.instance.trace.after(0) if one.kind == "upstream"]
    assert status in [call["status"] for call in calls if call["event"] == event]
    assert all(str(call["url"]).startswith("http://127.0.0.1:") for call in calls)


async def test_the_state_shows_who_is_there_and_what_counts(running: Running) -> None:
    """With a token of the instance; without one nothing."""
    await running.change(sku="Standard_S1", capacity=2)
    client = await running.client("alice")
    await running.rest("PUT", f"{V1}/users/alice/groups/red")
    await running.say("hello")
    await client.text()
    headers = {"Authorization": f"Bearer {rest_token(running.connection, '/state')}"}
    async with running.http.get(f"{running.url}/state", headers=headers) as answer:
        found = await answer.json()
    assert (found["connections"], found["connectionsAllowed"], found["messagesToday"]) == (
        1,
        2000,
        1,
    )
    assert [(one["hub"], one["userId"], one["groups"]) for one in found["clients"]] == [
        ("chat", "alice", ["red"])
    ]
    async with running.http.get(f"{running.url}/state") as answer:
        assert answer.status == 401


async def test_a_reset_leaves_nothing_behind(
    running: Running, aiohttp_app: Callable[..., Any]
) -> None:
    """Tests start afresh without a new instance: keys and port stay."""
    app = web.Application()
    app.add_routes(running.service.control_routes())
    control = await aiohttp_app(app)
    client = await running.client("alice")
    await running.rest("PUT", f"{V1}/users/alice/groups/red")
    await running.say("hello")
    await running.http.post(f"{control}/signalr/room/faults", json={"kind": "429"})
    async with running.http.post(f"{control}/signalr/room/reset") as answer:
        assert answer.status == 200
    assert [(await client.next())["type"], (await client.next())["type"], await client.next()] == [
        1,
        7,
        None,
    ]
    assert (running.instance.quotas.messages_today, running.instance.connections.all()) == (0, [])
    assert (await running.rest("HEAD", f"{V1}/users/alice/groups/red"))[0] == 404
    await running.say("the fault is forgotten")


@pytest.mark.parametrize("kind", ["expire", "429", "delay"])
async def test_faults_are_ordered_over_the_control_api(
    running: Running, aiohttp_app: Callable[..., Any], kind: str
) -> None:
    """One request each fails, then all is as before."""
    app = web.Application()
    app.add_routes(running.service.control_routes())
    control = await aiohttp_app(app)
    async with running.http.post(
        f"{control}/signalr/room/faults", json={"kind": kind, "count": 1, "seconds": 0.2}
    ) as answer:
        assert answer.status == 200
    began = time.perf_counter()
    statuses = [(await running.rest("POST", V1, {"target": "x"}))[0] for _ in range(2)]
    assert statuses == [{"expire": 401, "429": 429, "delay": 202}[kind], 202]
    assert kind != "delay" or time.perf_counter() - began >= 0.2
    orders = [({"kind": "nonsense"}, "room", 400), ({"kind": "drop"}, "other", 404)]
    for order, name, status in orders:
        async with running.http.post(f"{control}/signalr/{name}/faults", json=order) as answer:
            assert answer.status == status


@pytest.mark.parametrize("path", ["/server/negotiate?hub=chat", "/server/?hub=chat"])
async def test_an_app_server_is_told_that_this_is_serverless(running: Running, path: str) -> None:
    """404 with a sentence: the wrong mode is the commonest first mistake."""
    async with running.http.post(running.url + path) as answer:
        assert answer.status == 404 and "service mode Serverless" in await answer.text()


async def test_a_poller_that_falls_behind_is_dropped(running: Running) -> None:
    """More than 1 MB waiting for the next poll.

    What waits is let go at once, and the next poll is the last.
    """
    headers = {"Authorization": f"Bearer {running.token('alice')}"}
    async with running.http.post(
        f"{running.url}/client/negotiate?hub=chat&negotiateVersion=1", headers=headers
    ) as answer:
        url = f"{running.url}/client/?hub=chat&id={(await answer.json())['connectionToken']}"
    await (await running.http.get(url, headers=headers)).read()
    await running.http.post(url, data=b'{"protocol":"json","version":1}\x1e', headers=headers)
    for _ in range(12):
        await running.say("x" * 100_000)
    (connection,) = running.instance.connections.all()
    assert connection.sink is not None and connection.sink.waiting_bytes() == 0
    async with running.http.get(url, headers=headers) as answer:
        assert (answer.status, running.instance.connections.all()) == (204, [])


@pytest.mark.parametrize(
    ("sku", "capacity", "allowed"),
    [("Free_F1", 1, 20), ("Standard_S1", 1, 1000), ("Standard_S1", 5, 5000)],
)
async def test_a_tier_allows_so_many_connections(
    running: Running, sku: str, capacity: int, allowed: int
) -> None:
    """Per unit, from the next connection on."""
    await running.change(sku=sku, capacity=capacity)
    assert running.instance.quotas.max_connections == allowed


async def test_messages_start_anew_each_day(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At midnight UTC the Free tier may send again."""
    await running.change(sku="Free_F1")
    running.instance.quotas.count(20_000, 100)
    assert (await running.rest("POST", V1, {"target": "x"}))[0] == 429
    tomorrow = time.time() + 86400
    monkeypatch.setattr("chatkit.localcloud.signalr.core.quotas.clock.steady", lambda: tomorrow)
    running.instance.quotas.check_messages()


@pytest.mark.parametrize("application", ["app", "App"])
async def test_an_application_name_is_part_of_the_hub(running: Running, application: str) -> None:
    """`application=app` on hub chat means hub app_chat."""
    client = await running.client("alice", hub="app_chat")
    status, _, _ = await running.rest(
        "POST",
        f"{NEW}/:send",
        {"target": "t", "arguments": ["hi"]},
        query=f"application={application}",
    )
    assert (status, await client.text()) == (202, "hi")


async def test_a_client_that_asked_for_messagepack_gets_binary_frames(running: Running) -> None:
    """The handshake in either kind of frame, everything after it binary and length-prefixed."""
    headers = {"Authorization": f"Bearer {running.token('alice')}"}
    async with running.http.ws_connect(
        f"{running.url}/client/?hub=chat", headers=headers
    ) as socket:
        await socket.send_bytes(b'{"protocol": "messagepack", "version": 1}\x1e')
        assert (await socket.receive()).data == "{}\x1e"
        await running.say("hi")
        received = await asyncio.wait_for(socket.receive(), WAIT_S)
    assert (received.type, received.data[0]) == (aiohttp.WSMsgType.BINARY, len(received.data) - 1)


async def test_a_close_says_whether_the_client_may_come_back(running: Running) -> None:
    """And the transport ends with a closing handshake, code 1000."""
    client: RawClient = await running.client("alice")
    running.instance.connections.all()[0].close("bye", allow_reconnect=True)
    assert await client.next() == {"type": 7, "error": "bye", "allowReconnect": True}
    assert await client.next() is None and client.socket.close_code == 1000


async def test_a_client_of_the_first_protocol_version_connects_with_its_id(
    running: Running,
) -> None:
    """negotiateVersion 0 has no token beside the id."""
    headers = {"Authorization": f"Bearer {running.token('alice')}"}
    async with running.http.post(
        f"{running.url}/client/negotiate?hub=chat", headers=headers
    ) as answer:
        connection_id = (await answer.json())["connectionId"]
    async with running.http.ws_connect(
        f"{running.url}/client/?hub=chat&id={connection_id}", headers=headers
    ):
        assert [one.id for one in running.instance.connections.all()] == [connection_id]


async def test_an_expired_token_ends_polls_but_no_web_socket(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every poll is a request of its own; a WebSocket was checked when it opened."""
    client = await running.client("alice")
    headers = {"Authorization": f"Bearer {running.token('bob')}"}
    async with running.http.post(
        f"{running.url}/client/negotiate?hub=chat&negotiateVersion=1", headers=headers
    ) as answer:
        url = f"{running.url}/client/?hub=chat&id={(await answer.json())['connectionToken']}"
    async with running.http.get(url, headers=headers) as answer:
        assert answer.status == 200
    later = time.time() + 2 * 3600
    monkeypatch.setattr(time, "time", lambda: later)
    async with running.http.get(url, headers=headers) as answer:
        assert answer.status == 401
    await running.say("still here")
    assert await client.text() == "still here"


async def test_the_trace_has_the_frames_of_an_invocation(running: Running) -> None:
    """The client's call, the refusal, a question to the client and its answer."""
    client = await running.client("alice")
    await client.send({"type": 1, "invocationId": "1", "target": "hello", "arguments": []})
    await client.next()
    path = f"{NEW}/connections/{running.instance.connections.all()[0].id}/:invoke"
    asked = asyncio.create_task(running.rest("POST", path, {"target": "ask", "arguments": ["why"]}))
    await client.send(
        {"type": 3, "invocationId": (await client.next())["invocationId"], "result": 5}
    )
    await asked
    frames = [one.detail for one in running.instance.trace.after(0) if one.kind == "frame"]
    assert [(one["direction"], one.get("target", "")) for one in frames] == [
        ("in", "hello"),
        ("out", ""),
        ("out", "ask"),
        ("in", ""),
    ]
    assert frames[1]["completes"] == "1" and "no upstream" in str(frames[1]["error"])
