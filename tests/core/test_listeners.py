"""Ports are loopback only, remembered, and a taken one is named."""

from __future__ import annotations

import asyncio
from contextlib import closing
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from chatkit.core import tls
from chatkit.core.accepting import ProtocolFactory
from chatkit.core.errors import PortInUse
from chatkit.core.listeners import Listeners
from chatkit.core.ports import bind, is_free
from chatkit.localcloud.core.platform import StoredPorts
from chatkit.localcloud.core.runners import HttpServer
from chatkit.localcloud.core.store import Store


def an_app() -> web.Application:
    async def hello(request: web.Request) -> web.Response:
        return web.Response(text="hello")

    app = web.Application()
    app.router.add_get("/", hello)
    return app


@pytest.fixture
def listeners(store: Store) -> Listeners:
    return Listeners(StoredPorts(store))


def test_an_owner_keeps_its_port(tmp_path: Path) -> None:
    """The port is the same after a restart."""
    reserved = []
    for _ in range(2):
        with closing(Store(tmp_path / "state.db")) as store:
            reserved.append(Listeners(StoredPorts(store)).reserve("signalr/chat"))
    assert reserved[0] == reserved[1]


def test_two_owners_never_share_a_port(listeners: Listeners) -> None:
    """A reserved port is not given away, open or not."""
    first = listeners.reserve("a")
    assert listeners.reserve("b", preferred=first) != first


def test_a_taken_preferred_port_is_passed_over(listeners: Listeners) -> None:
    """Another program's port is left to it."""
    (other, *_) = bind(0, ipv4_only=True, wanted_for="another program")
    port = other.getsockname()[1]
    assert listeners.reserve("a", preferred=port) != port
    other.close()


def test_a_movable_owner_moves_off_a_taken_port(listeners: Listeners) -> None:
    """Another program has the remembered port.

    A movable owner gets a new one, a fixed one keeps its own.
    """
    port = listeners.reserve("a")
    (other, *_) = bind(port, ipv4_only=True, wanted_for="another program")
    assert listeners.reserve("a") == port
    assert listeners.reserve("a", movable=True) != port
    other.close()


async def test_after_a_restart_a_port_that_stays_taken_is_given_up(
    listeners: Listeners, caplog: pytest.LogCaptureFixture
) -> None:
    """Another program keeps it.

    The owner moves for good, and the log says where from and where to.
    """
    port = listeners.reserve("a")
    (other, *_) = bind(port, ipv4_only=True, wanted_for="another program")
    moved = await listeners.recover("a")
    other.close()
    assert moved != port
    assert await listeners.recover("a") == moved
    assert [record.getMessage() for record in caplog.records] == [
        f"a has moved to port {moved}: another program has port {port}."
    ]


async def test_after_a_restart_a_port_that_is_left_again_is_kept(listeners: Listeners) -> None:
    """Another program's call only passed through it."""
    port = listeners.reserve("a")
    (other, *_) = bind(port, ipv4_only=True, wanted_for="another program")
    asyncio.get_running_loop().call_later(0.1, other.close)
    assert await listeners.recover("a") == port


async def test_opening_a_taken_port_names_it(listeners: Listeners) -> None:
    """The error has the port and who wanted it."""
    (other, *_) = bind(0, ipv4_only=True, wanted_for="another program")
    port = other.getsockname()[1]
    with pytest.raises(PortInUse, match=f"Port {port} is taken.*signalr/chat"):
        await listeners.open("signalr/chat", HttpServer(an_app()), port=port)
    other.close()


async def test_opening_waits_for_a_port_that_is_left_at_once(listeners: Listeners) -> None:
    """Another program's call took the port between its reservation and its opening."""
    port = listeners.reserve("a")
    (other, *_) = bind(port, ipv4_only=True, wanted_for="another program")
    asyncio.get_running_loop().call_later(0.1, other.close)
    await listeners.open("a", HttpServer(an_app()), port=port)
    assert not is_free(port)
    await listeners.close_all()


async def test_tls_is_trusted_through_the_private_ca(tmp_path: Path, listeners: Listeners) -> None:
    """A client that knows the CA file connects to localhost."""
    import ssl

    certificates = tls.load(tmp_path / "tls")
    port = listeners.reserve("a")
    await listeners.open("a", HttpServer(an_app()), port=port, tls=certificates.server)
    trust = ssl.create_default_context(cafile=certificates.ca_file)
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"https://localhost:{port}/", ssl=trust) as answer,
    ):
        assert await answer.text() == "hello"
    await listeners.close_all()


async def test_a_server_that_cannot_start_leaves_its_port(listeners: Listeners) -> None:
    """The error is the server's own, and the port is free for the next try."""

    class Broken:
        async def start(self) -> ProtocolFactory:
            raise ValueError("not today")

        async def stop(self) -> None:
            return

    port = listeners.reserve("a")
    with pytest.raises(ValueError, match="not today"):
        await listeners.open("a", Broken(), port=port)
    assert is_free(port)


async def test_a_foreign_host_name_is_refused(listeners: Listeners) -> None:
    """DNS rebinding: another name that resolves here gets 421."""
    port = listeners.reserve("a")
    await listeners.open("a", HttpServer(an_app()), port=port)
    async with aiohttp.ClientSession() as session:
        async with session.get(
            f"http://127.0.0.1:{port}/", headers={"Host": "evil.example"}
        ) as answer:
            assert answer.status == 421
        async with session.get(f"http://127.0.0.1:{port}/") as answer:
            assert answer.status == 200
    await listeners.close_all()
