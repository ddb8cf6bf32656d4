"""Server-sent events and long polling, request by request."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web

from chatkit.localcloud.signalr.core.spec import UpstreamTemplate
from chatkit.localcloud.signalr.transports.clients import POLL_WITHIN_S
from tests.localcloud.signalr.harness import WAIT_S, Running

HANDSHAKE = b'{"protocol":"json","version":1}\x1e'


class Polling:
    """A long-polling client, one request at a time."""

    def __init__(self, running: Running, token: str) -> None:
        self._running = running
        self.url = f"{running.url}/client/?hub=chat&id={token}"
        self.headers = {"Authorization": f"Bearer {running.token('alice')}"}

    async def poll(self) -> tuple[int, bytes]:
        async with self._running.http.get(self.url, headers=self.headers) as answer:
            return answer.status, await answer.read()

    async def post(self, content: bytes) -> int:
        async with self._running.http.post(
            self.url, data=io.BytesIO(content), headers=self.headers
        ) as answer:
            return answer.status

    async def delete(self) -> int:
        async with self._running.http.delete(self.url, headers=self.headers) as answer:
            return answer.status


async def negotiated(running: Running) -> str:
    """A connection token."""
    headers = {"Authorization": f"Bearer {running.token('alice')}"}
    async with running.http.post(
        f"{running.url}/client/negotiate?hub=chat&negotiateVersion=1", headers=headers
    ) as answer:
        return str((await answer.json())["connectionToken"])


@pytest.fixture
async def polling(running: Running) -> Polling:
    """A client past its first poll and handshake."""
    client = Polling(running, await negotiated(running))
    assert await client.poll() == (200, b"")
    assert await client.post(HANDSHAKE) == 200
    assert await client.poll() == (200, b"{}\x1e")
    return client


async def test_messages_wait_for_the_next_poll(running: Running, polling: Polling) -> None:
    """Two sends, one poll."""
    await running.say("one")
    await running.say("two")
    status, content = await polling.poll()
    assert (status, content.count(b"\x1e")) == (200, 2)


async def test_a_new_poll_supersedes_the_old_one(running: Running, polling: Polling) -> None:
    """The old one gets 204, the new one the message."""
    old = asyncio.create_task(polling.poll())
    await asyncio.sleep(0.1)
    new = asyncio.create_task(polling.poll())
    assert (await asyncio.wait_for(old, WAIT_S))[0] == 204
    await running.say("hello")
    assert b"hello" in (await asyncio.wait_for(new, WAIT_S))[1]


async def test_what_is_posted_before_the_first_poll_is_kept(running: Running) -> None:
    """As ASP.NET Core's dispatcher does (HttpConnectionDispatcher.ProcessSend).

    Signalrcore shakes hands before it polls.
    """
    client = Polling(running, await negotiated(running))
    assert await client.post(HANDSHAKE) == 200
    assert [await client.poll(), await client.poll()] == [(200, b""), (200, b"{}\x1e")]


async def test_no_more_is_kept_before_the_first_poll_than_fits_into_one_send(
    running: Running,
) -> None:
    """1 MB for all of it."""
    client = Polling(running, await negotiated(running))
    assert [await client.post(b"x" * 600_000) for _ in range(2)] == [200, 413]


async def test_delete_ends_a_polling_connection(running: Running, polling: Polling) -> None:
    """202, then the id is unknown."""
    assert await polling.delete() == 202
    assert (await polling.poll())[0] == 404


async def test_a_closed_connection_answers_the_last_poll_204(
    running: Running, polling: Polling
) -> None:
    """First the close message, then the end."""
    running.instance.connections.all()[0].close("bye")
    assert (await polling.poll())[1] == b'{"type":7,"error":"bye"}\x1e'
    assert (await polling.poll())[0] == 204


async def test_a_client_that_stops_polling_is_dropped(running: Running, polling: Polling) -> None:
    """After five seconds without a poll."""
    (connection,) = running.instance.connections.all()
    connection.sink.idle_since -= POLL_WITHIN_S + 1  # type: ignore[union-attr]
    running.instance.connections.tick()
    assert running.instance.connections.all() == []


@pytest.mark.parametrize(
    ("method", "id", "status", "text"),
    [
        ("GET", "", 400, "Connection ID required"),
        ("POST", "", 400, "Connection ID required"),
        ("DELETE", "", 400, "Connection ID required"),
        ("GET", "unknown", 404, "No Connection with that ID"),
        ("POST", "unknown", 404, "No Connection with that ID"),
    ],
)
async def test_requests_without_a_connection(
    running: Running, method: str, id: str, status: int, text: str
) -> None:
    """Statuses and texts as the original stack answers."""
    headers = {"Authorization": f"Bearer {running.token('alice')}"}
    async with running.http.request(
        method, f"{running.url}/client/?hub=chat&id={id}", headers=headers
    ) as answer:
        assert (answer.status, await answer.text()) == (status, text)


async def test_posting_to_a_web_socket_is_refused(running: Running) -> None:
    """405; deleting it 400; polling it 400."""
    client = await running.client("alice")
    other = Polling(running, running.instance.connections.all()[0].token)
    assert (await other.post(b"x"), await other.delete(), (await other.poll())[0]) == (
        405,
        400,
        400,
    )
    await client.socket.close()


async def test_an_event_stream_carries_payloads_and_takes_its_token_from_the_query(
    running: Running,
) -> None:
    """First bytes at once; each payload one event; MessagePack is refused there."""
    id_ = await negotiated(running)
    url = f"{running.url}/client/?hub=chat&id={id_}&access_token={running.token('alice')}"
    async with running.http.get(url, headers={"Accept": "text/event-stream"}) as stream:
        assert stream.headers["Content-Type"] == "text/event-stream"
        headers = {"Authorization": f"Bearer {running.token('alice')}"}
        await running.http.post(
            url, data=b'{"protocol":"messagepack","version":1}\x1e', headers=headers
        )
        seen = await asyncio.wait_for(stream.content.readuntil(b"\x1e"), WAIT_S)
        assert b"data: " in seen and b"does not support 'Binary' transfer format" in seen


async def test_a_token_in_the_query_does_not_count_for_polls(running: Running) -> None:
    """Only WebSockets and event streams cannot send headers."""
    url = f"{running.url}/client/?hub=chat&id=x&access_token={running.token('alice')}"
    async with running.http.get(url) as answer:
        assert answer.status == 401


async def test_browsers_of_allowed_origins_get_their_headers(running: Running) -> None:
    """Preflight and answer name the origin and allow credentials; others get neither."""
    await running.change(allowed_origins=("http://127.0.0.1:5500",))
    asked = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization",
    }
    url = f"{running.url}/client/negotiate?hub=chat"
    marks = []
    for origin in ("http://127.0.0.1:5500", "http://evil.example"):
        async with running.http.options(url, headers={**asked, "Origin": origin}) as answer:
            marks.append((answer.status, answer.headers.get("Access-Control-Allow-Origin")))
    assert marks == [(204, "http://127.0.0.1:5500"), (403, None)]


async def heard(
    running: Running, aiohttp_app: Callable[..., Any]
) -> asyncio.Queue[tuple[str, bytes]]:
    """What an app set as upstream is told: event and body."""
    told: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue()

    async def handle(request: web.Request) -> web.Response:
        await told.put((request.headers["X-ASRS-Event"], await request.read()))
        return web.Response()

    app = web.Application(client_max_size=4 * 1024 * 1024)
    app.router.add_post("/", handle)
    await running.change(upstream=(UpstreamTemplate(await aiohttp_app(app)),))
    return told


async def test_a_long_message_arrives_whole(
    running: Running, aiohttp_app: Callable[..., Any]
) -> None:
    """600 KB in one POST; over 1 MB is 413."""
    told = await heard(running, aiohttp_app)
    client = Polling(running, await negotiated(running))
    await client.poll()
    text = json.dumps({"type": 1, "target": "long", "arguments": ["y" * 600_000]}).encode()
    assert await client.post(HANDSHAKE) == 200 and await client.post(text + b"\x1e") == 200
    assert [(await asyncio.wait_for(told.get(), WAIT_S))[0] for _ in range(2)] == [
        "connected",
        "long",
    ]
    assert await client.post(text * 2) == 413


async def test_a_message_is_not_lost_with_the_poll_it_met(
    running: Running, polling: Polling
) -> None:
    """The client hangs up while polling; the next poll gets the message."""
    lost = asyncio.create_task(polling.poll())
    (connection,) = running.instance.connections.all()
    while connection.sink.idle_since is not None:  # type: ignore[union-attr]
        await asyncio.sleep(0)
    lost.cancel()
    await asyncio.gather(lost, return_exceptions=True)
    await running.say("kept")
    assert b"kept" in (await asyncio.wait_for(polling.poll(), WAIT_S))[1]


async def test_a_closed_event_stream_ends_its_connection(
    running: Running, aiohttp_app: Callable[..., Any]
) -> None:
    """A browser tab that closes says no more than that.

    The app is told within a second, without an error.
    """
    told = await heard(running, aiohttp_app)
    url = f"{running.url}/client/?hub=chat&id={await negotiated(running)}"
    headers = {"Authorization": f"Bearer {running.token('alice')}"}
    stream = await running.http.get(url, headers={**headers, "Accept": "text/event-stream"})
    await running.http.post(url, data=HANDSHAKE, headers=headers)
    assert (await asyncio.wait_for(told.get(), WAIT_S))[0] == "connected"
    stream.close()
    assert await asyncio.wait_for(told.get(), WAIT_S) == ("disconnected", b'{"type": 11}')


async def test_an_error_is_readable_across_origins(running: Running) -> None:
    """A page is told 401 too, not only that something failed."""
    async with running.http.post(
        f"{running.url}/client/negotiate?hub=chat", headers={"Origin": "http://127.0.0.1:5500"}
    ) as answer:
        assert (answer.status, answer.headers.get("Access-Control-Allow-Origin")) == (
            401,
            "http://127.0.0.1:5500",
        )
