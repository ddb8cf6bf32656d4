"""Upstream: what the app is told, in which order, and what its answers do."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from chatkit.localcloud.signalr.core import upstream
from chatkit.localcloud.signalr.core.spec import InstanceSpec, UpstreamTemplate
from chatkit.localcloud.signalr.core.upstream import matches, resolve, signature
from tests.localcloud.signalr.harness import WAIT_S, Running

VECTORS = json.loads(
    (Path(__file__).parents[3] / "data/signalr/vectors.json").read_text(encoding="utf-8")
)


class App:
    """An app that records what it is told; `answers` maps an event to a handler."""

    def __init__(self) -> None:
        self.requests: asyncio.Queue[tuple[dict[str, str], Any]] = asyncio.Queue()
        self.answers: dict[str, Callable[[], web.Response]] = {}
        self.hold: dict[str, asyncio.Event] = {}

    async def handle(self, request: web.Request) -> web.Response:
        event = request.headers["X-ASRS-Event"]
        await self.requests.put((dict(request.headers), json.loads(await request.read())))
        if event in self.hold:
            await self.hold[event].wait()
        return self.answers.get(event, web.Response)()

    async def next(self) -> tuple[dict[str, str], Any]:
        return await asyncio.wait_for(self.requests.get(), WAIT_S)


@pytest.fixture
async def app(running: Running, aiohttp_app: Callable[..., Any]) -> AsyncIterator[App]:
    """An app set as the upstream of every hub."""
    told = App()
    application = web.Application()
    application.router.add_post("/{tail:.*}", told.handle)
    url = await aiohttp_app(application)
    template = UpstreamTemplate(f"{url}/{{hub}}/{{category}}/{{event}}")
    await running.change(upstream=(template,))
    yield told
    for event in told.hold.values():
        event.set()


async def test_the_app_hears_of_connect_message_and_disconnect(running: Running, app: App) -> None:
    """In that order, each with its headers."""
    client = await running.client("alice")
    await client.send({"type": 1, "target": "hello", "arguments": ["x"]})
    await client.socket.close()
    told = [await app.next() for _ in range(3)]
    assert [body for _, body in told] == [
        {"type": 10},
        {"type": 1, "target": "hello", "arguments": ["x"]},
        {"type": 11},
    ]
    headers = told[1][0]
    assert (headers["X-ASRS-Hub"], headers["X-ASRS-Category"], headers["X-ASRS-User-Id"]) == (
        "chat",
        "messages",
        "alice",
    )


async def test_both_keys_sign(running: Running, app: App) -> None:
    """Primary and secondary, over the connection id."""
    client = await running.client("alice")
    headers, _ = await app.next()
    assert headers["X-ASRS-Signature"] == signature(running.spec, headers["X-ASRS-Connection-Id"])
    assert headers["X-ASRS-Signature"].count("sha256=") == 2
    await client.socket.close()


@pytest.mark.parametrize(
    "case",
    VECTORS["upstream_signature"],
    ids=lambda case: f"{case['connectionId']}-{len(case['keys'])}",
)
def test_signatures_are_as_recorded(case: dict[str, Any]) -> None:
    """sha256= and upper-case hex per key."""
    first, second = [*case["keys"], ""][:2]
    assert (
        signature(InstanceSpec("x", 1, first, second), case["connectionId"]).upper()
        == case["header"].upper()
    )


async def test_the_access_token_never_goes_along(running: Running, app: App) -> None:
    """The client's query does, without its token and id."""
    url = f"{running.url}/client/?hub=chat&room=1&access_token={running.token('alice')}"
    socket = await running.http.ws_connect(url)
    await socket.send_str('{"protocol":"json","version":1}\x1e')
    headers, _ = await app.next()
    assert headers["X-ASRS-Client-Query"] == "?hub=chat&room=1"
    await socket.close()


async def test_an_answer_is_relayed_as_it_is(running: Running, app: App) -> None:
    """The app's completion reaches the client byte for byte."""
    app.answers["add"] = lambda: web.Response(
        body=b'{"type":3,"invocationId":"1","result":  5}\x1e'
    )
    client = await running.client("alice")
    await client.send({"type": 1, "invocationId": "1", "target": "add", "arguments": [2, 3]})
    assert await client.next() == {"type": 3, "invocationId": "1", "result": 5}


@pytest.mark.parametrize(
    ("answer", "completion"),
    [
        (lambda: web.Response(status=204), {}),
        (lambda: web.Response(status=200), {}),
        (lambda: web.Response(status=404), {"error": "Invocation failed, status code 404"}),
        (lambda: web.Response(status=500), {"error": "Invocation failed, status code 500"}),
    ],
)
async def test_other_answers_become_completions(
    running: Running, app: App, answer: Any, completion: dict[str, Any]
) -> None:
    """Empty means void, anything else is an error."""
    app.answers["add"] = answer
    client = await running.client("alice")
    await client.send({"type": 1, "invocationId": "1", "target": "add", "arguments": []})
    assert await client.next() == {"type": 3, "invocationId": "1", **completion}


async def test_an_upstream_that_is_down_fails_the_invocation(running: Running) -> None:
    """An error completion, not silence."""
    await running.change(upstream=(UpstreamTemplate("http://127.0.0.1:9/"),))
    client = await running.client("alice")
    await client.send({"type": 1, "invocationId": "1", "target": "add", "arguments": []})
    assert (await client.next())["error"].startswith("Invocation failed, error:")


async def test_a_refused_connection_is_closed(running: Running, app: App) -> None:
    """403 of the connected handler."""
    app.answers["connected"] = lambda: web.Response(status=403)
    client = await running.client("alice")
    assert (await client.next())["type"] == 7
    assert await client.next() is None


async def test_a_slow_handler_holds_up_its_own_connection_only(running: Running, app: App) -> None:
    """The same connection waits in order; another connection and broadcasts do not."""
    app.hold["slow"] = asyncio.Event()
    slow = await running.client("alice")
    quick = await running.client("bob")
    await slow.send(
        {"type": 1, "invocationId": "1", "target": "slow", "arguments": []},
        {"type": 1, "target": "after", "arguments": []},
    )
    await quick.send({"type": 1, "invocationId": "2", "target": "quick", "arguments": []})
    assert (await quick.next())["invocationId"] == "2"
    await running.say("broadcast")
    assert await slow.text() == "broadcast"
    app.hold["slow"].set()
    assert (await slow.next())["invocationId"] == "1"
    seen = []
    while "after" not in seen:
        seen.append((await app.next())[0]["X-ASRS-Event"])
    assert seen.index("slow") < seen.index("after")


async def test_small_messages_to_a_slow_app_count_as_what_they_take(
    running: Running, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A message of no bytes takes memory: what waits is bounded however small its pieces are."""
    monkeypatch.setattr(upstream, "MAX_WAITING_BYTES", 20 * 1024)
    app.hold["slow"] = asyncio.Event()
    client = await running.client("alice")
    messages = [{"type": 1, "invocationId": f"{n}", "target": "slow"} for n in range(20)]
    await client.send(*[{**message, "arguments": []} for message in messages])
    assert (await client.next())["error"] == upstream.TOO_SLOW


async def test_a_lost_connection_is_reported_with_an_error(running: Running, app: App) -> None:
    """A client that vanishes without a closing frame."""
    client = await running.client("alice")
    await app.next()
    client.socket._response.connection.transport.abort()  # type: ignore[union-attr]
    _, body = await app.next()
    assert body["type"] == 11 and "lost" in body["error"]


@pytest.mark.parametrize(
    ("pattern", "verdict"),
    [
        ("*", True),
        ("chat", True),
        ("CHAT", True),
        ("a, chat", True),
        ("other", False),
        ("chatter", False),
    ],
)
def test_patterns(pattern: str, verdict: bool) -> None:
    """Any, one name, or names with commas."""
    assert (
        matches(UpstreamTemplate("http://x", hub_pattern=pattern), "chat", "messages", "hello")
        is verdict
    )


def test_placeholders_are_percent_encoded() -> None:
    """An event named by a client cannot change the URL's shape."""
    assert (
        resolve(UpstreamTemplate("http://x/{event}"), "chat", "messages", "a/../b?c")
        == "http://x/a%2F..%2Fb%3Fc"
    )
