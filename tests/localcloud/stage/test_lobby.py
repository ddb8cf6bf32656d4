"""The lobby: who waits while the room is full, and who comes in next."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import cast

import aiohttp
import pytest
import pytest_asyncio

from chatkit.core.time import clock
from chatkit.localcloud.signalr.core import quotas
from chatkit.localcloud.signalr.core.connection import Connection, State
from chatkit.localcloud.signalr.core.instance import Instance
from chatkit.localcloud.stage.admission.lobby import KEPT_S, MOST_TABS, SILENT_S, Lobby
from tests.attacks.stage_lobby import JUMPERS
from tests.localcloud.stage.stage_testing import OpenStage, open_stage

CLOSE = aiohttp.WSMsgType.CLOSE
IN_MODULE = pytest.mark.asyncio(loop_scope="module")


class Clock:
    """Time, moved by hand."""

    now = 1000.0


class Hub:
    """A SignalR Service instance, as far as the lobby looks at it."""

    def __init__(self, holds: int) -> None:
        self.quotas = self
        self.max_connections = holds
        self.connections: list[Connection] = []
        self.out = False

    def is_out(self, _: str) -> bool:
        return self.out


class Room20:
    """A lobby in front of a hub.

    Args:
        holds: How many it takes.
        moved: The clock.
    """

    def __init__(self, holds: int, moved: Clock) -> None:
        self.hub = Hub(holds)
        self.clock = moved
        self.lobby = Lobby(lambda: cast(Instance, self.hub), "chat")

    def asks(self, guest: str) -> int:
        """The place in the line; 0 for who came in."""
        place = self.lobby.ask(guest)
        if place is not None:
            return place.place
        assert self.lobby.may_connect(guest)
        connection = Connection("chat", guest, {}, flush=lambda: None)
        connection.last_received = self.clock.now
        self.hub.connections.append(connection)
        self.lobby.entered(guest, connection)
        return 0

    def leaves(self, guest: str, why: str | None = None) -> None:
        """Close the page, or lose the connection."""
        for connection in [*self.hub.connections]:
            if connection.user_id == guest:
                connection.suspended_at = self.clock.now
                connection.state = State.CLOSED
                connection.close_error = why
                self.hub.connections.remove(connection)

    def later(self, seconds: float) -> None:
        """Let time pass."""
        self.clock.now += seconds


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> Room20:
    """For two people."""
    moved = Clock()
    monkeypatch.setattr(clock, "elapsed", lambda: moved.now)
    monkeypatch.setattr(time, "monotonic", lambda: moved.now)
    found = Room20(2, moved)
    assert [found.asks(guest) for guest in ("alice", "bob")] == [0, 0]
    return found


def test_the_first_in_the_line_comes_in_first(room: Room20) -> None:
    """Whoever asks first when there is room."""
    assert [room.asks(guest) for guest in ("carol", "dave", "carol")] == [1, 2, 1]
    assert room.lobby.waiting == 2
    room.leaves("alice")
    assert room.asks("dave") == 2
    assert room.asks("carol") == 0
    assert room.asks("dave") == 1


def test_who_sleeps_holds_up_nobody_and_keeps_the_place(room: Room20) -> None:
    """A phone in a pocket is passed; awake again it is where it was."""
    assert [room.asks(guest) for guest in ("carol", "dave")] == [1, 2]
    room.later(10)
    assert room.asks("dave") == 1
    room.leaves("alice")
    assert room.asks("dave") == 0
    assert room.asks("erin") == 1
    assert [room.asks(guest) for guest in ("carol", "erin")] == [1, 2]


def test_who_loses_the_connection_comes_back_before_those_who_wait(room: Room20) -> None:
    """For a time; then the place is somebody else's."""
    assert room.asks("carol") == 1
    room.leaves("alice", "The connection was lost.")
    room.later(1)
    assert room.asks("carol") == 1
    assert room.asks("alice") == 0
    room.leaves("alice", "The connection was lost.")
    room.later(KEPT_S + 1)
    assert room.asks("carol") == 0
    assert room.asks("alice") == 1  # and is ahead of who came later
    assert room.asks("dave") == 2


def test_a_drill_takes_nobody_the_place(room: Room20) -> None:
    """Everybody is thrown out for longer than a place is kept."""
    assert room.asks("carol") == 1
    room.hub.out = True
    for guest in ("alice", "bob"):
        room.leaves(guest, "Dropped.")
    for _ in range(40):
        room.later(1)
        assert room.asks("carol") == 1
    room.hub.out = False
    room.later(1)
    assert [room.asks(guest) for guest in ("carol", "bob", "alice")] == [1, 0, 0]


def test_a_phone_that_wakes_takes_its_own_place(room: Room20) -> None:
    """Its old connection is gone, which nobody has noticed yet."""
    assert room.asks("carol") == 1
    room.later(SILENT_S + 1)
    room.hub.connections[1].last_received = room.clock.now
    (alice,) = (one for one in room.hub.connections if one.user_id == "alice")
    room.hub.connections.remove(alice)  # as `Connections` does when a transport is aborted
    assert room.lobby.ask("alice") is None
    assert alice.close_error is not None


def test_more_room_lets_everybody_in(room: Room20) -> None:
    """The presenter has scaled; and those far behind ask less often."""
    places = [room.lobby.ask(f"guest-{number}") for number in range(130)]
    again = [place.again_ms for place in places if place is not None]
    assert again[0] == 1000 and again[-1] > 4000 and again == sorted(again)
    room.hub.max_connections = 1000
    assert {room.asks(f"guest-{number}") for number in range(129, -1, -1)} == {0}
    assert room.lobby.waiting == 0


def test_a_place_that_nobody_takes_goes_to_the_next(room: Room20) -> None:
    """Who was told to come in has some seconds."""
    assert [room.asks(guest) for guest in ("carol", "dave")] == [1, 2]
    room.leaves("bob")
    assert room.lobby.ask("carol") is None
    assert room.asks("dave") == 1
    room.later(11)
    assert room.asks("dave") == 0


def test_the_sentence_says_who_is_next(room: Room20) -> None:
    """As a guest reads it."""
    first, second = room.lobby.ask("carol"), room.lobby.ask("dave")
    assert first and second
    assert "full: 2 of 2 are in. You are next, and" in first.sentence
    assert "number 2 in line" in second.sentence


def test_one_phone_takes_no_more_than_some_places(room: Room20) -> None:
    """Tabs of one browser are one guest."""
    room.hub.max_connections = 100
    for _ in range(MOST_TABS - 1):
        assert room.asks("alice") == 0
    assert room.lobby.ask("alice") is None and not room.lobby.may_connect("alice")


@pytest_asyncio.fixture(loop_scope="module")
async def lobby(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[OpenStage]:
    """A stage on a free tier for two people."""
    monkeypatch.setattr(quotas, "FREE_CONNECTIONS", 2)
    async with open_stage(tmp_path, sku="Free_F1") as stage:
        yield stage


@IN_MODULE
@pytest.mark.usefixtures("passing")
async def test_a_full_room(lobby: OpenStage) -> None:
    """The phone reads it, keeps its place by its cookie, and gets in when somebody leaves."""
    inside = [lobby.phone() for _ in range(2)]
    sockets = [await phone.connect() for phone in inside]
    carol, dave = lobby.phone(), lobby.phone()
    status, told = await carol.ask("POST", "/api/negotiate")
    assert (status, told["lobby"]["place"], told["lobby"]["holds"]) == (429, 1, 2)
    assert "2 of 2 are in" in told["error"]
    assert (await dave.ask("POST", "/api/SignalRInfo"))[1]["lobby"]["place"] == 2
    assert (await carol.ask("POST", "/api/negotiate"))[1]["lobby"]["place"] == 1
    assert (await carol.ask("POST", "/api/messages", {"text": "here"}))[0] == 200
    await sockets.pop().close()
    assert (await dave.ask("POST", "/api/negotiate"))[0] == 429
    await (await carol.connect()).close()
    await (await dave.connect()).close()
    await sockets.pop().close()


@IN_MODULE
@pytest.mark.usefixtures("passing")
@pytest.mark.parametrize("name", JUMPERS)
async def test_nobody_jumps_the_line(lobby: OpenStage, name: str) -> None:
    """With a token of an earlier negotiation, which is good for an hour."""
    mallory, carol = lobby.phone(), lobby.phone()
    _, found = await mallory.ask("POST", "/api/negotiate")
    lobby.stage.entrance.lobby._told.clear()  # the time to come in is over
    sockets = [await lobby.phone().connect() for _ in range(2)]
    assert (await carol.ask("POST", "/api/negotiate"))[0] == 429
    await sockets.pop().close()
    cookie = JUMPERS[name]
    headers = {}
    if cookie is not None:
        own = mallory.cookie.partition(".")[2]
        headers["Cookie"] = cookie.format(next=carol.cookie.partition(".")[0], own=own)
        mallory.http.cookie_jar.clear()
    url = f"{found['url'].replace('http', 'ws', 1)}&access_token={found['accessToken']}"
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await mallory.http.ws_connect(url, headers=headers)
    assert refused.value.status == 429
    assert (await carol.ask("POST", "/api/negotiate"))[0] == 200
    await sockets.pop().close()


@IN_MODULE
@pytest.mark.usefixtures("passing")
async def test_a_smaller_tier_throws_everybody_out_and_takes_back_whom_it_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in Azure, where a change ends every connection; the others read that they wait."""
    monkeypatch.setattr(quotas, "FREE_CONNECTIONS", 2)
    async with open_stage(tmp_path) as stage:
        phones = [stage.phone() for _ in range(3)]
        sockets = [await phone.connect() for phone in phones]
        instance = stage.stage.instance()
        assert instance is not None
        instance.quotas.count(150, 100)
        instance.apply(replace(instance.spec, sku="Free_F1"))
        assert instance.quotas.messages_today == 0
        for socket in sockets:
            assert (await socket.receive()).type in (aiohttp.WSMsgType.CLOSED, CLOSE)
        again = [await phone.connect() for phone in phones[:2]]
        status, told = await phones[2].ask("POST", "/api/negotiate")
        assert (status, told["lobby"]["place"]) == (429, 1)
        for socket in again:
            await socket.close()
