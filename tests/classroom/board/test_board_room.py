"""The board's place in a room's network, which changes."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiohttp import web

from chatkit.core import ports
from chatkit.core.running.own_addresses import OwnAddress
from chatkit.localcloud.board.room import Room
from chatkit.localcloud.core.answering import plainly
from chatkit.localcloud.core.runners import HttpServer

LOOPBACK = "127.0.0.1"
WIFI = OwnAddress("192.168.5.7", "wlan0")
OTHER_WIFI = OwnAddress("192.168.9.9", "wlan0")
CABLE = OwnAddress("10.0.0.3", "eth0")
PUBLIC = OwnAddress("203.0.114.5", "wlan0")


class Answers:
    """The front at one address."""

    def server(self) -> HttpServer:
        return HttpServer(web.Application(), refuse=plainly)


class Machine:
    """A machine whose addresses change, and the board's room on it."""

    def __init__(self) -> None:
        self.addresses = [WIFI, CABLE]
        self.port = ports.any_free()
        self.asked: list[tuple[str, int]] = []
        self.room = Room(WIFI.host, self.port, self._front, addresses=lambda: self.addresses)

    def _front(self, host: str, port: int) -> Answers:
        self.asked.append((host, port))
        return Answers()

    def at(self, address: OwnAddress) -> str:
        """What people type for an address."""
        return f"{address.host}:{self.port}"


@pytest_asyncio.fixture
async def machine(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Machine]:
    """One whose board is open; loopback stands for every address: others are not this machine's."""
    bind_at = ports.bind_at
    monkeypatch.setattr(
        ports, "bind_at", lambda host, port, wanted_for: bind_at(LOOPBACK, port, wanted_for=host)
    )
    made = Machine()
    await made.room.open()
    yield made
    await made.room.close()


async def test_where_nothing_changes_it_stays(machine: Machine) -> None:
    """Connections of people are not cut."""
    assert not await machine.room.look()
    assert (machine.room.address, machine.room.notice) == (machine.at(WIFI), "")
    assert machine.asked == [(WIFI.host, machine.port)]


async def test_it_follows_its_network_and_says_what_to_type(machine: Machine) -> None:
    """The laptop has gone to another Wi-Fi: the same interface before the cable."""
    machine.addresses = [CABLE, OTHER_WIFI]
    assert await machine.room.look()
    assert machine.room.address == machine.at(OTHER_WIFI)
    assert f"chatkit class join @{machine.at(OTHER_WIFI)}" in machine.room.notice
    assert machine.asked[-1] == (OTHER_WIFI.host, machine.port)


async def test_it_returns_to_the_address_that_is_on_paper(machine: Machine) -> None:
    """Over the cable it was only as long as there was no Wi-Fi."""
    machine.addresses = [CABLE]
    assert await machine.room.look()
    assert machine.room.address == machine.at(CABLE)
    machine.addresses = [CABLE, WIFI]
    assert await machine.room.look()
    assert (machine.room.address, machine.room.notice) == (machine.at(WIFI), "")


async def test_without_a_network_for_a_room_it_waits(machine: Machine) -> None:
    """Nobody was asked about a public address."""
    machine.addresses = [PUBLIC]
    assert await machine.room.look()
    assert machine.room.address == ""
    assert "not this machine's address any more" in machine.room.notice
    assert not await machine.room.look()
    machine.addresses = [WIFI]
    assert await machine.room.look()
    assert machine.room.address == machine.at(WIFI)


async def test_a_port_that_is_taken_there_is_named(machine: Machine) -> None:
    """Another program may have it at the new address."""
    machine.addresses = []
    await machine.room.look()
    with socket.socket() as other:
        other.bind((LOOPBACK, machine.port))
        other.listen()
        machine.addresses = [OTHER_WIFI]
        assert not await machine.room.look()
    assert machine.at(OTHER_WIFI) in machine.room.notice
    assert await machine.room.look()
    assert machine.room.address == machine.at(OTHER_WIFI)
