"""Clients not written here, unmodified: Microsoft's for JavaScript, pysignalr, signalrcore."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web
from pysignalr.client import SignalRClient
from pysignalr.exceptions import AuthorizationError
from signalrcore.hub_connection_builder import HubConnectionBuilder  # type: ignore[import-untyped]

from tests.localcloud.signalr.harness import Running

TRANSPORTS = [
    ("WebSockets", "json"),
    ("WebSockets", "messagepack"),
    ("ServerSentEvents", "json"),
    ("LongPolling", "json"),
    ("LongPolling", "messagepack"),
]


@pytest.mark.parametrize(("transport", "protocol"), TRANSPORTS)
async def test_microsofts_client_receives_a_broadcast(
    running: Running, node: Callable[..., Any], transport: str, protocol: str
) -> None:
    """Negotiate, connect, handshake, message, close: every transport and protocol."""
    client = await node(
        url=f"{running.url}/client/?hub=chat",
        token=running.token("alice"),
        transport=transport,
        protocol=protocol,
    )
    await client.until("connected")
    await running.say("hello")
    assert await client.until("message") == ["hello"]
    await client.tell(stop=True)
    assert await client.until("closed") is None


async def test_microsofts_client_without_negotiation(
    running: Running, node: Callable[..., Any]
) -> None:
    """skipNegotiation: the WebSocket opens with no id."""
    client = await node(
        url=f"{running.url}/client/?hub=chat", token=running.token("alice"), skip=True
    )
    await client.until("connected")
    await running.say("hello")
    assert await client.until("message") == ["hello"]


async def test_microsofts_client_reconnects_when_told(
    running: Running, node: Callable[..., Any]
) -> None:
    """A close that allows it leads to a new connection that receives again."""
    client = await node(
        url=f"{running.url}/client/?hub=chat", token=running.token("alice"), reconnect=True
    )
    await client.until("connected")
    for connection in running.instance.connections.all():
        connection.close("bye", allow_reconnect=True)
    await client.until("reconnecting")
    await client.until("reconnected")
    await running.say("hello again")
    assert await client.until("message") == ["hello again"]


async def test_microsofts_client_is_told_why_it_is_closed(
    running: Running, node: Callable[..., Any]
) -> None:
    """The reason of the REST call reaches the person."""
    client = await node(url=f"{running.url}/client/?hub=chat", token=running.token("alice"))
    connection_id = (await client.until("connected"), running.instance.connections.all()[0].id)[1]
    status, _, _ = await running.rest(
        "DELETE", f"/api/hubs/chat/connections/{connection_id}", query="reason=enough"
    )
    assert status == 200
    assert "enough" in await client.until("closed")


async def test_an_invoke_that_nobody_serves_fails_at_once(
    running: Running, node: Callable[..., Any]
) -> None:
    """No upstream: an error instead of a client that waits for ever."""
    client = await node(url=f"{running.url}/client/?hub=chat", token=running.token("alice"))
    await client.until("connected")
    await client.tell(invoke=["hello", 1])
    assert "no upstream" in await client.until("error")


async def test_a_stream_that_nobody_serves_fails_at_once(
    running: Running, node: Callable[..., Any]
) -> None:
    """The service has no streams in serverless mode."""
    client = await node(url=f"{running.url}/client/?hub=chat", token=running.token("alice"))
    await client.until("connected")
    await client.tell(stream=["count", 3])
    assert "Streaming is not supported" in await client.until("error")


async def test_a_client_answers_the_server(running: Running, node: Callable[..., Any]) -> None:
    """:invoke on a connection returns what the client's handler returned."""
    client = await node(url=f"{running.url}/client/?hub=chat", token=running.token("alice"))
    await client.until("connected")
    path = f"/api/hubs/chat/connections/{running.instance.connections.all()[0].id}/:invoke"
    status, body, _ = await running.rest("POST", path, {"target": "ask", "arguments": ["why"]})
    assert (status, body) == (200, {"result": "answer to why"})


@pytest.fixture
async def app_negotiating_for_alice(running: Running, aiohttp_app: Callable[..., Any]) -> str:
    """An app's own negotiate.

    It sends the client on to the service, as the Functions binding does.
    """

    async def negotiate(request: web.Request) -> web.Response:
        return web.json_response(
            {"url": f"{running.url}/client/?hub=chat", "accessToken": running.token("alice")}
        )

    app = web.Application()
    app.router.add_post("/api/negotiate", negotiate)
    return str(await aiohttp_app(app))


async def test_pysignalr_receives_a_message_to_its_user(
    running: Running, app_negotiating_for_alice: str
) -> None:
    """It opens the WebSocket straight away, without an id."""
    got: asyncio.Queue[Any] = asyncio.Queue()
    opened = asyncio.Event()

    async def on_open() -> None:
        opened.set()

    client = SignalRClient(f"{app_negotiating_for_alice}/api")
    client.on_open(on_open)
    client.on("newMessage", got.put)
    task = asyncio.create_task(client.run())
    await asyncio.wait_for(opened.wait(), 10)
    await running.say("for alice", "/api/v1/hubs/chat/users/alice")
    assert await asyncio.wait_for(got.get(), 10) == ["for alice"]
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_pysignalr_connects_with_a_token_in_its_headers(running: Running) -> None:
    """Straight to the service: a factory's token comes after its negotiation, which is refused."""
    url = f"{running.url}/client/?hub=chat"
    opened = asyncio.Event()

    async def on_open() -> None:
        opened.set()

    late = SignalRClient(url, access_token_factory=lambda: running.token("alice"))
    with pytest.raises(AuthorizationError):
        await late.run()
    bearer = {"Authorization": f"Bearer {running.token('alice')}"}
    client = SignalRClient(url, headers=bearer)
    client.on_open(on_open)
    task = asyncio.create_task(client.run())
    await asyncio.wait_for(opened.wait(), 10)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_stateful_reconnect_loses_and_repeats_nothing(
    running: Running, node: Callable[..., Any]
) -> None:
    """The `drop` fault cuts the WebSocket twice while messages go out.

    The client sees each message once and in order.
    """
    client = await node(
        url=f"{running.url}/client/?hub=chat",
        token=running.token("alice"),
        stateful=True,
        reconnect=True,
    )
    await client.until("connected")
    (connection,) = running.instance.connections.all()
    for number in range(30):
        if number in (10, 20):
            while connection.sink is None:  # still away since the last cut
                await asyncio.sleep(0.01)
            running.instance.drop()
        await running.say(str(number))
    got = [(await client.until("message"))[0] for _ in range(30)]
    assert got == [str(number) for number in range(30)]
    assert "reconnecting" not in {record["event"] for record in client.seen}


async def test_signalrcore_receives_a_broadcast(
    running: Running, app_negotiating_for_alice: str
) -> None:
    """It chooses MessagePack and shakes hands in a binary frame."""
    loop = asyncio.get_running_loop()
    got = asyncio.Queue[Any]()
    opened = asyncio.Event()
    client = HubConnectionBuilder().with_url(f"{app_negotiating_for_alice}/api").build()
    client.on_open(lambda: loop.call_soon_threadsafe(opened.set))
    client.on("newMessage", lambda arguments: loop.call_soon_threadsafe(got.put_nowait, arguments))
    await asyncio.to_thread(client.start)
    await asyncio.wait_for(opened.wait(), 10)
    await running.say("hello")
    assert await asyncio.wait_for(got.get(), 10) == ["hello"]
    stopping = asyncio.create_task(asyncio.to_thread(client.stop))
    while (
        not stopping.done()
    ):  # its stop() waits for something to read, which would be the next ping
        await running.say("bye")
        await asyncio.wait({stopping}, timeout=0.1)
    await stopping
