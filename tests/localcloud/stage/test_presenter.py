"""The presenter's screen: what its token opens, what it is told, and what is left of a room."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from chatkit.cloud import local_stage
from chatkit.core import ports
from chatkit.core.errors import NotWritten
from chatkit.core.running.own_addresses import OwnAddress, own_addresses
from chatkit.core.running.reachable import TOKEN_HEADER
from chatkit.localcloud.cloud import LocalCloud
from chatkit.localcloud.core.browser.page_token import proof
from chatkit.localcloud.core.platform import Platform
from chatkit.localcloud.core.web import HandedOn
from chatkit.localcloud.signalr.core.spec import InstanceSpec
from chatkit.localcloud.stage.chat import LocalChat
from chatkit.localcloud.stage.control import control_routes
from chatkit.localcloud.stage.guests import Guests
from chatkit.localcloud.stage.moderation.endings import HISTORY
from chatkit.localcloud.stage.order import Order
from chatkit.localcloud.stage.presenter import ASK_AGAIN_S
from chatkit.localcloud.storage.service import DEV_ACCOUNT, StorageService
from chatkit.localcloud.storage.state.models import APPEND, Blob, Container, Part
from chatkit.wire.check_marks import check_text, new_run
from chatkit.wire.hub_messages import Invocation
from tests.attacks.powers import HOSTS, TOKENS
from tests.localcloud.memory_transport import MemoryNetwork
from tests.times import HOUR_S, Times

pytestmark = pytest.mark.asyncio(loop_scope="module")
KEY = "a2V5"
LIMIT_S = 10.0
WIFI = OwnAddress("192.168.5.7", "wlan0")
# The page and the functions run on this machine; nothing listens there in these tests.
ORDER = Order(
    *("127.0.0.1", 0, HOUR_S, 0, "chat", "chat"),
    page_url="http://127.0.0.1:1",
    api_url="http://127.0.0.1:1",
)


class Screen:
    """A local cloud in memory, with one SignalR Service instance, and the screen of its stage."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.network = MemoryNetwork()
        self.run = ""
        self.cloud = self._made()

    def _made(self) -> LocalCloud:
        with pytest.MonkeyPatch.context() as patch:
            opened = partial(Platform.open, open_port=self.network.listen)
            patch.setattr(Platform, "open", opened)
            return LocalCloud(self._folder, on_stop=lambda: None)

    async def start(self) -> None:
        await self.cloud.start()
        await self.cloud.signalr.apply(InstanceSpec("chat", 8888, KEY, KEY))

    async def start_anew(self) -> None:
        """The next process of the local cloud."""
        await self.cloud.stop()
        self.cloud = self._made()
        await self.cloud.start()
        await self.cloud.signalr.apply(InstanceSpec("chat", 8888, KEY, KEY))

    @property
    def link(self) -> tuple[str, str]:
        """The screen's address, and the token behind its `#`."""
        address, _, token = str(self.cloud.stage.status()["stage_url"]).partition("#")
        return address, token

    async def ask(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> tuple[int, Any]:
        """What the screen's port answers; with the right token when nothing else is said."""
        address, token = self.link
        async with aiohttp.ClientSession(connector=self.network.connector()) as http:
            async with http.get(f"{address}/run") as answer:
                self.run = (await answer.json())["run"]
            shown = {TOKEN_HEADER: proof(token, self.run)} if headers is None else headers
            async with http.request(method, f"{address}{path}", json=body, headers=shown) as answer:
                text = await answer.text()
                return answer.status, json.loads(text) if text[:1] == "{" else text

    async def use(self, **power: Any) -> tuple[int, Any]:
        """Use a power."""
        return await self.ask("POST", "/powers", power)

    def send(self, number: int, **changes: Any) -> dict[str, Any]:
        """Let the app send a message to everybody."""
        message = {"id": f"2026-11-29-{number}", "sender": "alice", "text": f"text {number}"}
        message |= changes
        instance = self.cloud.signalr.instance("chat")
        assert instance is not None
        hub = instance.connections.hub("chat")
        instance.broadcast(hub, Invocation("newMessage", (message,)))
        return message


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Screen]:
    """A local cloud for all tests."""
    made = Screen(tmp_path_factory.mktemp("screen"))
    await made.start()
    yield made
    await made.cloud.stop()


@pytest_asyncio.fixture(loop_scope="module")
async def screen(running: Screen) -> AsyncIterator[Screen]:
    """A stage of a test's own."""
    await running.cloud.stage.open(ORDER)
    yield running
    running.cloud.stage._addresses = own_addresses
    await running.cloud.stage.end(forget=True)


# The token


@pytest.mark.parametrize("name", TOKENS)
async def test_no_other_token_counts(screen: Screen, name: str) -> None:
    """Neither for a power nor for what the presenter sees."""
    assert (await screen.ask("GET", "/room"))[0] == 200
    before = proof(screen.link[1], screen.run)
    await screen.cloud.stage.open(ORDER)
    token = proof(screen.link[1], screen.run)
    endpoints = screen.cloud.endpoints()
    stage = screen.cloud.stage.stage
    assert stage is not None
    known = {
        "token": token,
        "cut": token[:-1],
        "loud": token.upper(),
        "itself": screen.link[1],
        "earlier": proof(screen.link[1], "0" * 32),
        "before": before,
        "map": proof(endpoints["map"].partition("#")[2], screen.run),
        "control": proof(endpoints["control_token"], screen.run),
        "guest": stage.guests.cookie(stage.guests.new()),
    }
    headers = {key: value.format(**known) for key, value in TOKENS[name].items()}
    for method, path in (("POST", "/powers"), ("GET", "/room"), ("GET", "/journeys")):
        status, answer = await screen.ask(method, path, {"do": "pause"}, headers)
        assert (status, set(answer)) == (403, {"error"})
    assert not stage.moderator.rules.is_paused


@pytest.mark.parametrize("name", HOSTS)
async def test_other_hosts_of_the_screen(screen: Screen, name: str) -> None:
    """No page elsewhere reaches it by a name of its own."""
    await screen.ask("GET", "/state")
    headers = {TOKEN_HEADER: proof(screen.link[1], screen.run), "Host": HOSTS[name]}
    status, _ = await screen.ask("POST", "/powers", {"do": "pause"}, headers)
    assert status in (400, 421)


async def test_nothing_but_the_link_tells_the_token(screen: Screen) -> None:
    """Neither the state that everybody may read, nor the page, nor the trace."""
    token = screen.link[1]
    for path in ("", "/state", "/code.svg"):
        status, answer = await screen.ask("GET", path, headers={})
        assert status == 200
        assert token not in str(answer)
    assert token not in str([event.detail for event in screen.cloud.platform.trace.after()])
    told = {
        name: value for name, value in screen.cloud.stage.status().items() if token in str(value)
    }
    assert set(told) == {"stage_url"}


# What the screen is told


async def test_the_screen_shows_the_room(screen: Screen) -> None:
    """Public messages with whether they are hidden, and what can be undone."""
    screen.send(1, senderId="guest-000000000000000a")
    screen.send(2, recipient="bob", isPrivate=True)
    screen.send(3, senderId="rehearsal-000000000000000a")
    shown = screen.send(4)
    assert (await screen.use(do="hide", id=shown["id"]))[0] == 200
    _, room = await screen.ask("GET", "/room")
    assert [(one["text"], one["hidden"]) for one in room["messages"]] == [
        *(("text 1", False), ("text 4", True))
    ]
    assert room["undo"] == "Hide a message of alice"
    assert room["state"]["connected"] == 0
    assert room["state"]["holds"] == 20
    assert {kind["kind"] for kind in room["drills"]["kinds"]} >= {"signalr-drop", "slow"}
    instance = screen.cloud.signalr.instance("chat")
    assert instance is not None
    removed = Invocation("messagesRemoved", ([shown["id"]],))
    instance.broadcast(instance.connections.hub("chat"), removed)
    _, room = await screen.ask("GET", "/room")
    assert [one["text"] for one in room["messages"]] == ["text 1"]


async def test_the_screen_begins_with_the_history(
    screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was said before, as a stranger sees it; an app that does not answer is asked again."""
    asked: list[str] = []
    played = check_text("message 1 of rehearsal", new_run())
    messages = [
        {"id": "4", "text": played, "sentAt": datetime.now(UTC).isoformat()},
        {"id": "3", "text": "private", "recipient": "x"},
        {"id": "2", "text": "newest"},
        {"id": "1", "text": "oldest"},
    ]

    async def api(_: LocalChat, request: web.Request, __: HandedOn) -> web.Response:
        asked.append(str(request.rel_url))
        return web.json_response(messages, status=503 if len(asked) == 1 else 200)

    monkeypatch.setattr(LocalChat, "api", api)
    times = Times(monkeypatch)
    assert (await screen.ask("GET", "/room"))[1]["messages"] == []
    times.suspend(ASK_AGAIN_S)
    for _ in range(2):
        _, room = await screen.ask("GET", "/room")
        assert [one["text"] for one in room["messages"]] == ["oldest", "newest"]
    assert asked == ["/api/messages?limit=200"] * 2


async def test_the_screen_waits_for_news(screen: Screen) -> None:
    """One request stands until something happens; time that passes is no news."""
    _, room = await screen.ask("GET", "/room")
    waiting = asyncio.create_task(screen.ask("GET", f"/room?after={room['version']}"))
    done, _ = await asyncio.wait([waiting], timeout=0.05)
    assert not done
    screen.send(1)
    async with asyncio.timeout(LIMIT_S):
        _, news = await waiting
    assert news["version"] != room["version"]
    assert [one["id"] for one in news["messages"]] == ["2026-11-29-1"]


async def test_a_screen_that_waits_learns_that_the_stage_was_opened_anew(screen: Screen) -> None:
    """Its token is the one of before: it is answered, and refused at its next request."""
    _, room = await screen.ask("GET", "/room")
    before = {TOKEN_HEADER: proof(screen.link[1], screen.run)}
    waiting = asyncio.create_task(screen.ask("GET", f"/room?after={room['version']}"))
    await asyncio.sleep(0)
    await screen.cloud.stage.open(ORDER)
    async with asyncio.timeout(LIMIT_S):
        await waiting
    assert (await screen.ask("GET", "/room", headers=before))[0] == 403


async def test_another_port_has_another_token(screen: Screen) -> None:
    """Who has got the old port cannot hand on what the page proves there."""
    _, token = screen.link
    stages = screen.cloud.stage
    here = stages.screen_port
    stages.screen_port = here + 1
    assert screen.link[1] != token
    assert (await screen.use(do="pause"))[0] == 200
    shown = {TOKEN_HEADER: proof(token, screen.run)}
    assert (await screen.ask("POST", "/powers", {"do": "resume"}, headers=shown))[0] == 403
    stages.screen_port = here
    assert screen.link[1] == token


async def test_a_drill_ends_with_the_stage(screen: Screen) -> None:
    """Nobody looks at it any more, and the chat of the workshop goes on."""
    assert (await screen.use(do="drill", kind="functions-down", for_s=3600))[0] == 200
    app = web.Application()
    app.add_routes(control_routes(screen.cloud.stage, screen.cloud.drills))
    async with TestClient(TestServer(app)) as client, client.delete("/stage") as answer:
        assert (await answer.json())["was_open"] is True
    assert screen.cloud.drills.active() == []


async def test_a_drill_from_the_screen(screen: Screen) -> None:
    """It concerns the chat of the stage, and the screen explains it."""
    assert (await screen.use(do="drill", kind="functions-down", for_s=30))[0] == 200
    _, room = await screen.ask("GET", "/room")
    (drill,) = room["drills"]["active"]
    assert drill["kind"] == "functions-down"
    assert drill["happens"]
    assert (await screen.use(do="end-drill", kind=""))[0] == 200
    assert (await screen.use(do="drill", kind="nonsense"))[0] == 400
    assert (await screen.use(do="undo"))[0] == 409
    assert screen.cloud.drills.active() == []


async def test_the_screen_outlives_the_network(
    screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Token and address stay; powers wait until there is a room again, and rules are kept."""
    bind_at = ports.bind_at
    monkeypatch.setattr(
        ports, "bind_at", lambda _, port, wanted_for: bind_at("127.0.0.1", port, wanted_for="test")
    )
    stages = screen.cloud.stage
    stages._addresses = lambda: [WIFI]
    await stages.open(replace(ORDER, host=WIFI.host))
    await screen.use(do="hide", id="x")
    link = screen.link
    stages._addresses = list
    await stages.look()
    _, room = await screen.ask("GET", "/room")
    assert room["state"]["url"] is None
    assert (await screen.ask("GET", "/code.svg"))[0] == 404
    assert (await screen.use(do="pause"))[0] == 409
    stages._addresses = lambda: [replace(WIFI, host="192.168.7.7")]
    await stages.look()
    _, room = await screen.ask("GET", "/room")
    assert "192.168.7.7" in room["state"]["url"]
    assert room["undo"] == "Hide a message"
    assert screen.link == link


async def test_rules_outlive_the_local_cloud(screen: Screen) -> None:
    """What is hidden stays hidden; undo goes on; the screen's link is the same."""
    await screen.use(do="hide", id="x")
    await screen.use(do="words", words=["badger"])
    link = screen.link
    # As after a kill: the next process knows what is in the store.
    stage = screen.cloud.stage.stage
    assert stage is not None
    version = stage.moderator.rules.version
    await screen.start_anew()
    assert screen.link == link
    stage = screen.cloud.stage.stage
    assert stage is not None
    assert stage.moderator.rules.told()["hidden"]["ids"] == ["x"]
    assert stage.moderator.rules.version == version
    await screen.use(do="undo")
    assert stage.moderator.rules.words == ()


# What is left


def lines(cloud: LocalCloud) -> list[str]:
    """Texts in the history of the development account."""
    account = cloud.storage._repository.accounts[DEV_ACCOUNT]
    blob = account.containers[HISTORY].blobs["2026-11-29-000.jsonl"]
    part = Part(account.name, blob.pieces, 0, blob.size)
    content = cloud.storage._repository.contents.read(part)
    return [json.loads(line)["text"] for line in content.split(b"\n") if line.startswith(b'{"')]


def write_history(cloud: LocalCloud, *messages: dict[str, Any]) -> None:
    """Messages as the kit's app keeps them, with a line that is none."""
    repository = cloud.storage._repository
    account = repository.accounts[DEV_ACCOUNT]
    container = Container(HISTORY)
    repository.save_container(account, container)
    piece = repository.contents.new_piece(account.name)
    text = "\n".join(["", "{cut", *map(json.dumps, messages)]).encode()
    repository.contents.append(account.name, piece, text)
    piece.size = len(text)
    blob = Blob("2026-11-29-000.jsonl", kind=APPEND, pieces=[piece], append_blocks=len(messages))
    repository.put_blob(account, container, blob)


async def test_what_is_hidden_at_the_end_is_deleted(screen: Screen) -> None:
    """Who reads the history past the stage does not find it there; other things stay."""
    stage = screen.cloud.stage.stage
    assert stage is not None
    mallory = stage.guests.name(stage.guests.new(), "mallory")
    own = {"senderId": mallory.id, "sender": "mallory"}
    write_history(
        screen.cloud,
        {"id": "1", "text": "of alice"},
        {"id": "2", "text": "hidden"},
        {"id": "3", "text": "muted", **own, "recipient": "x"},
    )
    await screen.use(do="hide", id="2")
    await screen.use(do="mute", guest=mallory.id)
    await screen.use(do="clear")
    await screen.cloud.stage.end()
    assert lines(screen.cloud) == ["of alice"]  # cleared, and no guest's: it is not the room's


async def test_guests_are_forgotten_with_what_they_wrote(screen: Screen) -> None:
    """Also of stages before, by an app that knows names alone, and as remains in files."""
    stage = screen.cloud.stage.stage
    assert stage is not None
    guest = stage.guests.name(stage.guests.new(), "Zebedee Quux")
    sent = {"sentAt": "2999-01-01T00:00:00Z"}
    write_history(
        screen.cloud,
        {"id": "1", "text": "of alice", "sender": "alice", **sent},
        {"id": "2", "text": "zqxj secret", "senderId": guest.id, "sender": "Zebedee Quux", **sent},
        {"id": "3", "text": "by name", "sender": "Zebedee Quux", **sent},
        {"id": "4", "text": "earlier", "sender": "Zebedee Quux", "sentAt": "2026-01-01T00:00:00Z"},
        {"id": "5", "text": "to a guest", "senderId": "x", "recipient": guest.id, **sent},
        {"id": "6", "text": "no cookie", "sender": "Guest 0123abcd", **sent},
    )
    screen.send(7, sender="Zebedee Quux", text="zqxj traced")
    await screen.use(do="words", words=["badger"])
    await screen.use(do="mute", guest=guest.id)
    await screen.use(do="undo")
    await screen.cloud.stage.end()
    assert "by name" in lines(screen.cloud)
    assert await screen.cloud.stage.end(forget=True) == 4
    assert lines(screen.cloud) == ["of alice", "earlier"]
    assert "zqxj" not in str([event.detail for event in screen.cloud.platform.trace.after()])
    folder = screen.cloud.platform.folder
    left = b"".join(path.read_bytes() for path in folder.rglob("*.db*"))
    assert b"Quux" not in left
    assert guest.id.encode() not in left
    await screen.cloud.stage.open(ORDER)
    stage = screen.cloud.stage.stage
    assert stage is not None
    assert stage.moderator.rules.words == ("badger",)  # the presenter's own
    assert len(Guests(screen.cloud.platform.store, b"")) == 0


async def test_a_stage_ends_on_a_full_disk(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is closed for good; what was hidden one by one is hidden at the next stage, too."""
    write_history(screen.cloud, {"id": "1", "text": "x"})
    await screen.use(do="hide", id="1")

    def full(*_: object) -> int:
        raise NotWritten("The disk is full.")

    monkeypatch.setattr(StorageService, "redact", full)
    await screen.cloud.stage.end()
    await screen.start_anew()
    assert screen.cloud.stage.status() == {"open": False}
    monkeypatch.undo()
    await screen.cloud.stage.open(ORDER)
    stage = screen.cloud.stage.stage
    assert stage is not None
    assert stage.moderator.rules.hidden == {"1"}
    await screen.cloud.stage.end()
    assert lines(screen.cloud) == []


async def test_guests_are_forgotten_at_the_next_start(screen: Screen) -> None:
    """Somebody has asked for it while no local cloud ran."""
    write_history(screen.cloud, {"id": "1", "text": "x", "senderId": f"guest-{0:016x}"})
    local_stage.end(screen.cloud.platform.folder, forget=True)
    await screen.start_anew()
    assert screen.cloud.stage.status() == {"open": False}
    assert lines(screen.cloud) == []
    assert not (screen.cloud.platform.folder / local_stage.NO_MORE).exists()
