"""Drills by themselves: how long they last, and which there are."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from chatkit.core.time import clock
from chatkit.localcloud.drills import rooms
from chatkit.localcloud.drills.control import control_routes
from chatkit.localcloud.drills.drills import DrillRefused, Drills, KeptDrills
from chatkit.localcloud.drills.rooms import EVERYWHERE, Room
from chatkit.localcloud.drills.table import DROP, EXPIRED, FUNCTIONS, KINDS, SLOW

CHAT = rooms.site("chat")
OTHER = rooms.site("other")


class Time:
    """Steady and wall time, moved by hand."""

    now = 1_000_000.5


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    """In place of the clock."""
    found = Time()
    monkeypatch.setattr(clock, "steady", lambda: found.now)
    monkeypatch.setattr(clock, "wall", lambda: found.now)
    monkeypatch.setattr(clock, "elapsed", lambda: found.now)
    return found


def test_a_drill_ends_by_itself(time: Time) -> None:
    """And it is no longer listed."""
    drills = Drills()
    drills.begin(FUNCTIONS, EVERYWHERE, for_s=10)
    time.now += 9
    assert [round(drill.seconds_left) for drill in drills.active()] == [1]
    time.now += 1
    assert drills.on(FUNCTIONS, CHAT) is None and drills.active() == []


@pytest.mark.usefixtures("time")
def test_one_ends_or_all_end() -> None:
    """What was not on ends without a word."""
    drills = Drills()
    for kind in KINDS:
        drills.begin(kind, EVERYWHERE)
    drills.end(FUNCTIONS)
    drills.end(FUNCTIONS)
    assert {drill.kind for drill in drills.active()} == set(KINDS) - {FUNCTIONS}
    drills.end()
    assert drills.active() == []


@pytest.mark.usefixtures("time")
def test_those_of_a_chat_end_with_its_stage() -> None:
    """Those of another one go on."""
    drills = Drills()
    drills.begin(FUNCTIONS, Room.of([CHAT]))
    drills.begin(SLOW, Room.of([OTHER]))
    drills.end_for(Room.of([CHAT]))
    assert [drill.kind for drill in drills.active()] == [SLOW]


@pytest.mark.parametrize(
    ("made", "expires"),
    [
        ({"iat": 999_999}, True),
        ({"iat": 1_000_000}, False),  # in the second in which it began: it may be a new one
        ({"iat": 1_000_001}, False),
        ({"nbf": 999_000}, True),
        ({"exp": 999_999 + 3600}, True),
        ({"exp": 1_000_001 + 3600}, False),
        ({}, False),
        ({"iat": "yesterday", "exp": True}, False),
    ],
)
@pytest.mark.usefixtures("time")
def test_tokens_from_before_count_as_expired(made: dict[str, Any], expires: bool) -> None:
    """Only while the drill is on."""
    drills = Drills()
    assert not drills.expires(made, CHAT)
    drills.begin(EXPIRED, EVERYWHERE)
    assert drills.expires(made, CHAT) is expires


@pytest.mark.parametrize(
    ("kind", "options", "sentence"),
    [
        ("nonsense", {}, "There is no drill 'nonsense'"),
        (FUNCTIONS, {"for_s": 0}, "needs a time"),
        (FUNCTIONS, {"for_s": 3601}, "up to 3600 seconds"),
        (FUNCTIONS, {"for_s": -1}, "up to 3600 seconds"),
        (FUNCTIONS, {"for_s": "long"}, "up to 3600 seconds"),
        (FUNCTIONS, {"for_s": True}, "up to 3600 seconds"),
        (SLOW, {"delay_s": 61}, "up to 60 seconds late"),
        (SLOW, {"delay_s": float("nan")}, "up to 60 seconds late"),
    ],
)
def test_what_is_no_drill(kind: str, options: dict[str, Any], sentence: str) -> None:
    """The sentence says what can be."""
    drills = Drills()
    with pytest.raises(DrillRefused, match=sentence):
        drills.begin(kind, EVERYWHERE, **options)
    assert drills.active() == []


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/drills/slow", {"for_s": 5, "delay_s": 0.5}, 200),
        ("/drills/slow", {"for_s": "5"}, 400),
        ("/drills/slow", {"room": ["chat"]}, 400),
        ("/drills/slow", {"room": {"functions_port": "7071 "}, "delay_s": 0.5}, 200),
        ("/drills/slow", {"room": {"functions_port": "nobody"}}, 400),
        ("/drills/nonsense", {}, 400),
        ("/drills/slow", [], 400),
    ],
)
async def test_the_control_api(path: str, body: object, status: int) -> None:
    """JSON in, JSON out; what cannot be is 400 with a sentence."""
    app = web.Application()
    app.add_routes(control_routes(Drills(), lambda: None))
    async with TestClient(TestServer(app, host="127.0.0.1")) as client:
        async with client.put(path, data=json.dumps(body)) as answer:
            content = await answer.json()
            assert answer.status == status
        if status == 200:
            (active,) = content["active"]
            assert (active["kind"], active["delay_s"]) == ("slow", 0.5)
        else:
            assert content["error"]
        async with client.delete("/drills") as answer:
            assert (await answer.json())["active"] == []


@pytest.mark.usefixtures("time")
def test_a_drill_concerns_one_chat() -> None:
    """Others of the local cloud do not notice it."""
    drills = Drills()
    drills.begin(FUNCTIONS, Room.of([CHAT]))
    drills.begin(EXPIRED, Room.of([rooms.hub("chat", "Room")]))
    assert drills.on(FUNCTIONS, CHAT) and not drills.on(FUNCTIONS, OTHER)
    assert drills.expires({"iat": 1}, rooms.hub("CHAT", "room"))
    assert not drills.expires({"iat": 1}, rooms.hub("chat", "other"))
    assert [one["kind"] for one in drills.told(Room.of([CHAT, OTHER]))] == [FUNCTIONS]
    assert drills.told(Room.of([OTHER])) == []
    assert "503" in drills.told()[0]["happens"]


def test_a_chat_is_read_from_its_names() -> None:
    """What has no name is no part of it; functions on this machine keep their history apart."""
    room = rooms.read({"instance": "", "hub": "chat", "site": None, "functions_port": 7071})
    assert room == Room.of([rooms.local_run(7071), rooms.account("devstoreaccount1")])
    deployed = rooms.read({"instance": "i", "hub": "chat", "site": "s", "account": "a"})
    assert deployed == Room.of([rooms.hub("i", "chat"), rooms.site("s"), rooms.account("a")])


def test_a_drill_goes_on_after_a_kill_for_what_is_left(time: Time, tmp_path: Path) -> None:
    """And functions of another process see it begin and end."""
    file = tmp_path / "drills.json"
    drills = Drills(file)
    others = KeptDrills(file)
    assert others.on(FUNCTIONS, CHAT) is None
    drills.begin(FUNCTIONS, Room.of([CHAT]), for_s=30)
    assert others.on(FUNCTIONS, CHAT) and not others.on(FUNCTIONS, OTHER)
    time.now += 20
    (again,) = Drills(file).active()
    assert again.seconds_left == pytest.approx(10, abs=1)
    drills.end()
    assert others.on(FUNCTIONS, CHAT) is None and not file.exists()
    drills.begin(DROP, EVERYWHERE, for_s=30)
    time.now += 31
    assert Drills(file).active() == []


@pytest.mark.parametrize("content", ["", "{", "[]", '{"mark": {}, "drills": []}', "[" * 9999])
def test_a_damaged_file_is_no_drill(tmp_path: Path, content: str) -> None:
    """The chat works."""
    file = tmp_path / "drills.json"
    file.write_text(content, encoding="utf-8")
    assert Drills(file).active() == [] and KeptDrills(file).on(SLOW, CHAT) is None


async def test_what_comes_after_a_slow_drill_overtakes_nothing() -> None:
    """What a writer sent before its end is still on its way; soon nothing waits any more."""
    drills = Drills()
    order: list[int] = []

    async def send(number: int) -> None:
        await drills.be_late(CHAT)
        order.append(number)

    drills.begin(SLOW, EVERYWHERE, delay_s=0.04)
    sent = [asyncio.create_task(send(0))]
    await asyncio.sleep(0.01)
    drills.end()
    for number in (1, 2):
        sent.append(asyncio.create_task(send(number)))
        await asyncio.sleep(0.005)
    await asyncio.gather(*sent)
    assert order == [0, 1, 2]
    await drills.be_late(CHAT)
    await asyncio.wait_for(drills.be_late(CHAT), 0.02)
