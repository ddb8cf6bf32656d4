"""WebSockets of a local app through the sign-in in front of it: as if nothing stood between."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence

import pytest
import pytest_asyncio
import websockets
from websockets.asyncio.client import connect
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.typing import Subprotocol

from chatkit.localcloud.easy_auth.proxy.run import Front
from tests.localcloud.easy_auth.deployed_stack import Browser
from tests.localcloud.easy_auth.proxy.front_stack import (
    UPGRADE,
    Asked,
    Cloud,
    RawApp,
    named,
    told,
)
from tests.localcloud.easy_auth.proxy.test_local_app import sign_in

pytestmark = pytest.mark.asyncio(loop_scope="module")
BIG = 4 * 1024 * 1024


async def talk(connection: ServerConnection) -> None:
    """Do what the first message says."""
    async for message in connection:
        if message == "who":
            request = connection.request
            assert request is not None
            await connection.send(request.headers.get("X-MS-CLIENT-PRINCIPAL-NAME", "nobody"))
        elif message == "close":
            await connection.close(4321, "enough")
        elif message == "abort":
            connection.transport.abort()
        elif message == "fragments":
            await connection.send(iter(["one ", "two ", "three"]))
        elif message == "big":
            await connection.send(b"x" * BIG)
        else:
            await connection.send(message)


def _second_best(_: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    """The app's choice among those that a client offers."""
    return next(reversed(offered), None)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server() -> AsyncIterator[Server]:
    """An app of the library `websockets`, with extensions and two subprotocols."""
    async with serve(
        talk, "127.0.0.1", 0, select_subprotocol=_second_best, max_size=2 * BIG
    ) as server:
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def in_front(cloud: Cloud, server: Server) -> AsyncIterator[Front]:
    """Sign-in in front of it."""
    port = [*server.sockets][0].getsockname()[1]
    async with cloud.front(port) as front:
        yield front


@pytest.fixture
def url(in_front: Front) -> str:
    """The WebSocket's address."""
    return in_front.url.replace("http", "ws", 1)


@pytest.mark.parametrize("message", ["hello", "ä€😀", "", b"\0\xff", b"y" * BIG])
async def test_a_message_goes_both_ways(url: str, message: str | bytes) -> None:
    """Text and bytes, empty and bigger than any buffer."""
    async with connect(url, max_size=2 * BIG) as client:
        await client.send(message)
        assert await client.recv() == message


async def test_fragments_and_pings_are_passed_on(url: str) -> None:
    """A fragment arrives as one, and a ping is answered by the app."""
    async with connect(url) as client:
        await client.send("fragments")
        assert [part async for part in client.recv_streaming()] == ["one ", "two ", "three", ""]
        await client.send(iter(["a", "b"]))
        assert await client.recv() == "ab"
        async with asyncio.timeout(10):
            await (await client.ping())


async def test_subprotocol_and_extension_are_between_the_two(url: str) -> None:
    """The app chooses."""
    offered = [Subprotocol("chat.v2"), Subprotocol("chat.v1")]
    async with connect(url, subprotocols=offered) as client:
        assert client.subprotocol == "chat.v1"
        assert [one.name for one in client.protocol.extensions] == ["permessage-deflate"]


async def test_closing_codes_go_both_ways(url: str, server: Server) -> None:
    """With their reasons; a connection that breaks has none."""
    async with connect(url) as client:
        await client.send("close")
        with pytest.raises(websockets.ConnectionClosedError):
            await client.recv()
        assert (client.close_code, client.close_reason) == (4321, "enough")
    async with connect(url) as client:
        await client.send("hello")
        await client.recv()
        [theirs] = server.connections
        await client.close(4001, "bye")
        await theirs.wait_closed()
        assert (theirs.close_code, theirs.close_reason) == (4001, "bye")
    async with connect(url) as client:
        await client.send("abort")
        with pytest.raises(websockets.ConnectionClosedError):
            await client.recv()
        assert client.close_code == 1006


async def test_a_client_that_vanishes_is_gone_for_the_app(url: str, server: Server) -> None:
    """No connection is left behind."""
    client = await connect(url)
    await client.send("hello")
    await client.recv()
    [theirs] = server.connections
    client.transport.abort()
    async with asyncio.timeout(10):
        await theirs.wait_closed()
    assert theirs.close_code == 1006


async def test_a_slow_reader_slows_the_writer(cloud: Cloud) -> None:
    """Nothing is collected without bound between the two."""
    written = 0
    stalled = asyncio.Event()

    async def flood(asked: Asked) -> None:
        nonlocal written
        await asked.agree()
        asked.writer.transport.set_write_buffer_limits(high=0)
        while True:
            asked.writer.write(b"\x82\x7e\x80\x00" + b"x" * 32768)
            written += 32768
            try:
                async with asyncio.timeout(0.5):
                    await asked.writer.drain()
            except TimeoutError:
                stalled.set()
                return

    app = RawApp()
    await app.start()
    app.answers["/flood"] = flood
    async with cloud.front(app.port) as front:
        port = int(front.url.rpartition(":")[2])
        head = "".join(f"{name}: {value}\r\n" for name, value in UPGRADE.items())
        sock = socket.create_connection(("127.0.0.1", port))
        sock.sendall(f"GET /flood HTTP/1.1\r\nHost: localhost\r\n{head}\r\n".encode())
        async with asyncio.timeout(20):
            await stalled.wait()
        assert written < 64 * 1024 * 1024
        sock.close()
    await app.stop()


async def test_what_comes_with_the_agreement_is_not_lost(front: Front, app: RawApp) -> None:
    """A frame in the same packet as the app's 101."""

    async def eager(asked: Asked) -> None:
        await asked.agree(then=b"\x81\x05hello")
        await asked.reader.read(1)  # the closing frame
        asked.writer.close()

    app.answers["/eager"] = eager
    async with connect(front.url.replace("http", "ws", 1) + "/eager", compression=None) as client:
        assert await client.recv() == "hello"


async def test_the_app_is_told_who_opens_a_websocket(in_front: Front, browser: Browser) -> None:
    """With the headers of every request; a page has the cookie only, and sends its origin."""
    async with browser.http.ws_connect(in_front.url) as client:
        await client.send_str("who")
        assert await client.receive_str() == "nobody"
    await sign_in(browser, in_front)
    origin = {"Origin": in_front.url}
    async with browser.http.ws_connect(in_front.url, headers=origin) as client:
        await client.send_str("who")
        assert (await client.receive_str()).startswith("alice@")


async def test_an_app_may_speak_https(cloud: Cloud, browser: Browser) -> None:
    """With a certificate of its own making, as development servers have."""

    async def greet(asked: Asked) -> None:
        await asked.agree(then=b"\x81\x05hello")
        await asked.reader.read(1)  # the closing frame
        asked.writer.close()

    app = RawApp()
    await app.start(tls=cloud.tls)
    app.answers["/live"] = greet
    async with cloud.front(app.port, scheme="https") as front:
        await sign_in(browser, front)
        found = await told(browser.http, f"{front.url}/x")
        assert named(found, "X-MS-CLIENT-PRINCIPAL-NAME")
        async with browser.http.ws_connect(f"{front.url}/live") as live:
            assert await live.receive_str() == "hello"
    await app.stop()
