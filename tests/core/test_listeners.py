"""Ports are loopback only, remembered, and a taken one is named."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from time import monotonic

import aiohttp
import psutil
import pytest
from aiohttp import web

from chatkit.core import tls
from chatkit.core.accepting import ProtocolFactory
from chatkit.core.errors import PortInUse
from chatkit.core.listeners import PREFERRED_TRIES, SETTLE_S, Listeners, Move
from chatkit.core.ports import any_free, bind, is_free
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
def remembered(store: Store) -> StoredPorts:
    """Ports in an empty store."""
    return StoredPorts(store)


@contextmanager
def settled(remembered: StoredPorts) -> Iterator[tuple[Listeners, list[Move]]]:
    """A start with remembered ports, and what moved; all ports are left at the end."""
    listeners = Listeners(remembered)
    try:
        yield listeners, listeners.settle()
    finally:
        listeners.leave_unopened()


@contextmanager
def taking(*numbers: int) -> Iterator[None]:
    """Hold ports, as other programs do."""
    with ExitStack() as stack:
        for number in numbers:
            for sock in bind(number, ipv4_only=True, wanted_for="another program"):
                stack.enter_context(closing(sock))
        yield


@pytest.fixture
def listeners(remembered: StoredPorts) -> Iterator[Listeners]:
    """The ports of a cloud that runs."""
    listeners = Listeners(remembered)
    yield listeners
    listeners.leave_unopened()


def test_an_owner_keeps_its_port(tmp_path: Path) -> None:
    """The port is the same after a restart."""
    reserved = []
    for _ in range(2):
        with (
            closing(Store(tmp_path / "state.db")) as store,
            settled(StoredPorts(store)) as (listeners, _),
        ):
            reserved.append(listeners.reserve("signalr/chat"))
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


def test_a_port_that_was_told_is_held_until_it_opens(listeners: Listeners) -> None:
    """Nobody gets in between telling an address and answering there."""
    port = listeners.reserve("a")
    with pytest.raises(PortInUse):
        bind(port, wanted_for="another program")


def test_at_the_start_a_port_that_stays_taken_is_given_up(
    remembered: StoredPorts, caplog: pytest.LogCaptureFixture
) -> None:
    """Another program keeps it.

    The owner moves for good, and the log says where from, where to, and who has the port.
    """
    remembered.put("a", port := any_free())
    name = psutil.Process().name()
    with taking(port), settled(remembered) as (listeners, moves):
        assert [(move.owner, move.before) for move in moves] == [("a", port)]
        moved = listeners.reserve("a")
    assert port < moved <= port + PREFERRED_TRIES
    with settled(remembered) as (listeners, moves):
        assert (listeners.reserve("a"), moves) == (moved, [])
    assert [record.getMessage() for record in caplog.records] == [
        f"a has moved to port {moved}: {name} (process {os.getpid()}) has port {port}."
    ]


def test_at_the_start_a_port_that_is_left_again_is_kept(remembered: StoredPorts) -> None:
    """Another program's call only passed through it."""
    remembered.put("a", port := any_free())
    (other, *_) = bind(port, ipv4_only=True, wanted_for="another program")
    leaving = threading.Timer(0.1, other.close)
    leaving.start()
    with settled(remembered) as (listeners, moves):
        leaving.join()
        assert (listeners.reserve("a"), moves) == (port, [])


def test_a_port_that_has_moved_away_goes_to_nobody_else(remembered: StoredPorts) -> None:
    """In this run: programs were told that it leads to the port of now."""
    remembered.put("a", port := any_free())
    with taking(port), settled(remembered) as (listeners, moves):
        assert [move.before for move in moves] == [port]
    listeners.release("a")
    assert listeners.reserve("a", preferred=port) != port
    listeners.leave_unopened()


def test_any_number_of_taken_ports_costs_one_wait(remembered: StoredPorts) -> None:
    """All of them are waited for together, and no two owners get one port."""
    wanted = {f"owner-{number}": any_free() for number in range(6)}
    for owner, port in wanted.items():
        remembered.put(owner, port)
    begun = monotonic()
    with taking(*wanted.values()), settled(remembered) as (_, moves):
        assert monotonic() - begun < len(wanted) * SETTLE_S
        assert sorted(move.owner for move in moves) == sorted(wanted)
        assert len({move.now for move in moves} | {*wanted.values()}) == 2 * len(wanted)


async def test_what_a_start_did_not_open_is_left_again(remembered: StoredPorts) -> None:
    """Nobody waits for an answer at a port where nothing answers."""
    remembered.put("a", port := any_free())
    with settled(remembered) as (listeners, _):
        assert not is_free(port)
        listeners.leave_unopened()
        assert is_free(port)


async def test_opening_a_taken_port_names_it(listeners: Listeners) -> None:
    """The error has the port, who has it and who wanted it."""
    (other, *_) = bind(0, ipv4_only=True, wanted_for="another program")
    port = other.getsockname()[1]
    holder = rf"by {psutil.Process().name()} \(process {os.getpid()}\)"
    with pytest.raises(PortInUse, match=f"Port {port} is taken {holder}; signalr/chat needs"):
        await listeners.open("signalr/chat", HttpServer(an_app()), port=port)
    other.close()


async def test_opening_waits_for_a_port_that_is_left_at_once(listeners: Listeners) -> None:
    """Another program's call took the port between its reservation and its opening."""
    port = any_free()
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
