"""A rehearsal that is played, on a stage in memory."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web

from chatkit.core.errors import NotStarted, SetupError
from chatkit.localcloud.core.web import HandedOn
from chatkit.localcloud.signalr.core.instance import Instance
from chatkit.stage.rehearsal import play, venue
from chatkit.stage.rehearsal.limits import Surroundings, found
from chatkit.stage.rehearsal.machine import Machine
from chatkit.stage.rehearsal.plan import Plan, Sleep, Write
from chatkit.stage.rehearsal.shown import rehearsed
from chatkit.stage.rehearsal.tally import Tally
from chatkit.wire.hub_messages import Invocation
from tests.localcloud.stage.stage_testing import PLACE, EchoChat, OpenStage, open_stage

pytestmark = pytest.mark.asyncio(loop_scope="module")
PAGE = '<script src="app.js"></script><a href="https://elsewhere.example/x.js"></a>'
WRITES = tuple(Write(0.05 + number / 100, number % 2, number) for number in range(12))
PLAN = Plan((0.0, 0.0, 0.01, 0.12), WRITES, (Sleep(0.08, 0.05, 2),), 0.05, 0.2, 0.2)
AROUND = Surroundings("standard", 1_000, 0, {}, PLACE.host)


@dataclass
class Chat(EchoChat):
    """A chat as the kit's app is one: it keeps messages, and the hub sends them to everybody.

    Attributes:
        instance: Has the hub.
        loses: Numbers of messages that go nowhere.
        refuses: How often it answers 429 before it takes a message.
        audience: It takes a message when so many have read the history: they are connected.
        readers: How many have.
    """

    instance: Instance | None = None
    loses: set[int] = field(default_factory=set)
    refuses: int = 0
    audience: int = 0
    readers: int = 0

    async def page(self, request: web.Request) -> web.StreamResponse:
        return web.Response(text=PAGE if request.path == "/" else "import './room.js'")

    async def api(self, request: web.Request, handed_on: HandedOn) -> web.StreamResponse:
        if not request.path.endswith("messages"):
            return await super().api(request, handed_on)
        if request.method == "GET":
            self.readers += 1
            limit = int(request.query["limit"])
            return web.json_response(self.history[::-1][:limit])
        if self.refuses:
            self.refuses -= 1
            return web.json_response({"error": "slowly"}, status=429)
        assert self.instance is not None
        hub = self.instance.connections.hub("chat")
        while self.readers < self.audience:
            await asyncio.sleep(0.001)
        message = {"id": str(len(self.history)), **json.loads(handed_on.body)}
        if len(self.history) not in self.loses:
            self.instance.broadcast(hub, Invocation("newMessage", (message,)))
        self.history.append(message)
        return web.json_response(message)


@pytest_asyncio.fixture(loop_scope="module")
async def stage(tmp_path: Path) -> AsyncIterator[OpenStage]:
    """A stage with such a chat."""
    chat = Chat()
    async with open_stage(tmp_path, chat=chat) as opened:
        chat.instance = opened.stage.instance()
        yield opened


def chat_of(stage: OpenStage) -> Chat:
    """What it shows."""
    assert isinstance(stage.stage.chat, Chat)
    return stage.stage.chat


async def at(stage: OpenStage, people: int = 4) -> venue.Venue:
    """The venue that phones find there."""
    guests = stage.stage.guests
    cookies = tuple(guests.cookie(guests.new(is_rehearsing=True)) for _ in range(people))
    async with aiohttp.ClientSession(connector=stage.network.connector()) as http:
        there = await venue.look(http, f"{PLACE.origin}/", cookies)
    return replace(there, connector=stage.network.connector)


async def test_everything_arrives_everywhere(stage: OpenStage) -> None:
    """Live, and by the history where a phone slept or came late; and nobody was there."""
    there = await at(stage)
    assert [url.removeprefix(PLACE.origin) for url in there.files] == ["/", "/app.js", "/room.js"]
    told: list[str] = []
    tally = Tally()
    played = await play.play(PLAN, there, Machine(), tally, told.append)
    assert (played.people_in, played.sent, played.delivered) == (4, 12, 48)
    assert played.expected == 48
    assert tally.by_history > 0
    assert len(tally.live_ms) + tally.by_history == 48
    assert len(tally.awake_s) == 1
    assert told[0].startswith("0 of 4 people")
    assert len(stage.stage.guests) == 0
    shown = rehearsed(played, there, AROUND, [])
    assert shown.is_whole
    assert str(shown) == "12 messages to 4 people: 48 of 48 delivered, none lost."
    assert {"sent", "expected", "delivered", "p50_ms", "p95_ms"} <= shown.data.keys()
    assert "takes 1,000 connections" in str(found(played, there, AROUND)[0])


async def test_what_is_lost_is_said(stage: OpenStage) -> None:
    """A message that the app took, and that reached nobody."""
    chat = chat_of(stage)

    class Forgetful(list[object]):
        """A history that keeps nothing."""

        def __getitem__(self, _: object) -> list[object]:
            return []

    chat.history = Forgetful()
    chat.loses = {3}
    chat.audience = 3  # the stage itself reads it for names, then two phones
    there = await at(stage)
    plan = replace(PLAN, joins=(0.0, 0.0), sleeps=())
    played = await play.play(plan, there, Machine(), Tally(), lambda _: None)
    assert (played.sent, played.expected, played.delivered) == (12, 24, 22)
    shown = rehearsed(played, there, AROUND, [("left in the room", "something")])
    assert not shown.is_whole
    assert "22 of 24 delivered, 2 lost" in str(shown)
    assert any("left in the room" in line for line in shown.lines())


async def test_who_is_refused_sends_again(
    stage: OpenStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a person does; what refused it is said."""
    monkeypatch.setattr("chatkit.stage.rehearsal.phone.AGAIN_S", 0.01)
    chat = chat_of(stage)
    chat.refuses = 3
    there = await at(stage)
    played = await play.play(PLAN, there, Machine(), Tally(), lambda _: None)
    assert played.delivered == 48
    assert "slowly" in " ".join(rehearsed(played, there, AROUND, []).lines())


async def test_who_finds_no_place_is_counted(
    stage: OpenStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each message to everybody who wanted to come: what they miss is lost."""
    monkeypatch.setattr(play, "GRACE_S", 0.0)
    instance = stage.stage.instance()
    assert instance is not None
    monkeypatch.setattr(type(instance.quotas), "max_connections", 2)
    there = await at(stage)
    plan = replace(PLAN, sleeps=())
    played = await play.play(plan, there, Machine(), Tally(), lambda _: None)
    assert (played.people_in, played.expected, played.delivered) == (2, 48, 24)
    around = replace(AROUND, tier="free", holds=2)
    first = rehearsed(played, there, around, []).limits[0]
    assert (first.at, first.unit) == (2, "people at the same time")
    assert "chatkit scale" in str(first)


async def test_what_is_no_chat_is_refused(stage: OpenStage) -> None:
    """Before anybody comes."""
    async with aiohttp.ClientSession(connector=stage.network.connector()) as http:
        with pytest.raises(NotStarted):
            await venue.look(http, "http://127.0.0.2:1/")


async def test_a_page_that_fails_is_named(
    stage: OpenStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It answers, for example in a drill, and the sentence says what."""

    async def page(_: Chat, __: web.Request) -> web.Response:
        return web.Response(status=503)

    monkeypatch.setattr(Chat, "page", page)
    with pytest.raises(SetupError, match=r"^http://\S+/ answers with status 503\."):
        await at(stage)


async def test_a_chat_with_sign_in_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """There are no accounts for a rehearsal."""

    async def read(_http: aiohttp.ClientSession, url: str) -> bytes:
        return b'{"apiBaseUrl": "x", "signIn": "aad"}' if "config" in url else b""

    monkeypatch.setattr(venue, "_read", read)
    async with aiohttp.ClientSession() as http:
        with pytest.raises(SetupError, match="sign in"):
            await venue.look(http, "http://127.0.0.2:1/")
