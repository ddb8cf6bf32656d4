"""The screen of a chat on Azure: what it shows, what it hides, and whom it lets do that."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from chatkit.chat.client.messages import ChatMessage
from chatkit.chat.client.sign_in import PersonNeeded, SignedIn
from chatkit.core.errors import ServiceError
from chatkit.core.running import start_proof
from chatkit.core.running.reachable import TOKEN_HEADER
from chatkit.core.time import clock
from chatkit.localcloud.core.browser.page_token import proof
from chatkit.localcloud.stage.azure import listening
from chatkit.localcloud.stage.azure.listening import PERSON_NEEDED, Listening
from chatkit.localcloud.stage.azure.program import AzureScreen
from chatkit.localcloud.stage.azure.room import NO_POWER, ONLY_HERE, AzureRoom
from tests.attacks.azure_screen import ASKED
from tests.localcloud.memory_transport import MemoryNetwork

WEB = "https://chatkitabcdef.z20.web.core.windows.net/"
API = "https://chatkit-abcdef-api.azurewebsites.net"
HERE = "http://127.0.0.1:8180"
SECRET = "s" * 32


def said(number: int, sender: str = "alice", **more: Any) -> ChatMessage:
    """A message as the client tells it."""
    sent_at = f"2026-11-29T10:00:0{number}.000Z"
    return ChatMessage(f"m{number}", sender, f"text {number}", sent_at, **more)


def seen(room: AzureRoom) -> dict[str, str]:
    """What is told to the screen: each text, with why it is hidden."""
    return {one["text"]: one["why"] for one in room.snapshot()["messages"]}


# The room


def test_what_is_hidden_can_be_undone_and_says_where_it_is_hidden() -> None:
    """On the screen only."""
    room = AzureRoom()
    room.take(said(1))
    assert room.use({"do": "hide", "id": "m1"}) == ONLY_HERE
    assert seen(room) == {"text 1": "hidden"}
    assert room.use({"do": "undo"}) == "Undone on this screen: Hide a message of alice."
    assert seen(room) == {"text 1": ""}
    assert room.use({"do": "clear"}) == ONLY_HERE
    assert seen(room) == {"text 1": "cleared"}


def test_who_is_muted_is_known_by_the_id_that_the_app_tells() -> None:
    """Another one of the same name is seen; without sign-in the name is all there is."""
    room = AzureRoom()
    room.take(said(1, "mallory", sender_id="id-1"))
    room.take(said(2, "mallory", sender_id="id-2"))
    room.take(said(3, "bob"))
    room.use({"do": "mute", "guest": "id-1"})
    room.use({"do": "mute", "name": "bob"})
    room.take(said(4, "bob"))
    assert seen(room) == {"text 1": "muted", "text 2": "", "text 3": "muted", "text 4": "muted"}
    room.use({"do": "unmute", "guest": "id-1"})
    assert seen(room)["text 1"] == ""


def test_history_fills_what_was_missed_and_private_messages_stay_out() -> None:
    """The newest first, as the app tells it."""
    room = AzureRoom()
    room.take(said(1))
    room.learn([said(3), said(2, is_private=True), said(1)])
    room.take(said(4, recipient="carol"))
    assert [*seen(room)] == ["text 1", "text 3"]
    room.remove(["m3"])
    assert [*seen(room)] == ["text 1"]
    assert room.messages_per_s == 0.2


# The port


class Port:
    """The screen's port in memory."""

    def __init__(self) -> None:
        self.room = AzureRoom()
        self.listening = Listening(API, self.room)
        self.screen = AzureScreen(WEB, self.room, self.listening, clock.wall() + 60)
        self.network = MemoryNetwork()

    async def ask(self, path: str, power: Any = None, *, token: str = "") -> tuple[int, Any]:
        """Ask as the page does; with the right token when nothing else is said."""
        method = "GET" if power is None else "POST"
        async with aiohttp.ClientSession(connector=self.network.connector()) as http:
            async with http.get(f"{HERE}/stage/run") as answer:
                run = (await answer.json())["run"]
            shown = {TOKEN_HEADER: proof(token or self.screen.token, run)}
            url = f"{HERE}/stage/{path}"
            async with http.request(method, url, json=power, headers=shown) as answer:
                return answer.status, await answer.json()


@pytest_asyncio.fixture
async def port() -> AsyncIterator[Port]:
    """A screen that is open."""
    made = Port()
    server = made.screen.server(SECRET, 8180)
    opened = await made.network.listen(server, port=8180, ipv4_only=True, wanted_for="the screen")
    yield made
    await opened.close()


@pytest.mark.asyncio
async def test_the_page_gets_the_room(port: Port) -> None:
    """At once, and then as soon as it changes."""
    status, before = await port.ask("room")
    assert status == 200
    assert before["state"]["url"] == WEB and before["state"]["notice"] == listening.CONNECTING
    waiting = asyncio.create_task(port.ask(f"room?after={before['version']}"))
    await asyncio.sleep(0)
    port.room.take(said(1))
    _, after = await waiting
    assert [one["text"] for one in after["messages"]] == ["text 1"]
    assert (await port.ask("powers", {"do": "hide", "id": "m1"}))[1]["said"] == ONLY_HERE


@pytest.mark.asyncio
@pytest.mark.parametrize("do", ["pause", "resume", "slow", "words", "drill", "end-drill", "fly"])
async def test_azure_has_no_such_power(port: Port, do: str) -> None:
    """One sentence says so, and nothing changes."""
    power = {"do": do, "seconds": 5, "words": ["x"], "kind": "slow"}
    assert await port.ask("powers", power) == (400, {"error": NO_POWER})
    assert (await port.ask("powers", {"do": "undo"}))[0] == 409
    assert (await port.ask("journeys"))[0] == 400


@pytest.mark.asyncio
@pytest.mark.parametrize("name", ASKED)
async def test_the_screen_on_azure_takes_no_other_token(port: Port, name: str) -> None:
    """Code and address are for everybody of this machine, the chat is not."""
    assert (await port.ask("state", token="mallory"))[1]["url"] == WEB
    port.room.take(said(1))
    path, power = ASKED[name]
    assert (await port.ask(path, power, token="mallory"))[0] == 403
    assert seen(port.room) == {"text 1": ""}


@pytest.mark.asyncio
async def test_it_proves_that_it_is_the_process_that_was_started(port: Port) -> None:
    """A browser is led to the page."""
    async with aiohttp.ClientSession(connector=port.network.connector()) as http:
        asked = {start_proof.CHALLENGE_HEADER: "c"}
        async with http.get(f"{HERE}/", headers=asked) as answer:
            right = start_proof.proof(SECRET, "c", port=8180)
            assert answer.headers[start_proof.PROOF_HEADER] == right
        async with http.get(f"{HERE}/") as answer:
            assert "The stage of the chat" in await answer.text()


# Getting in


class Refusing:
    """A chat that lets nobody in who has not signed in."""

    def __init__(self, _api: str, _user: str, room: Listening, *, headers: dict[str, str]) -> None:
        self._room = room
        self._headers = headers

    async def start(self) -> None:
        if not self._headers:
            raise ServiceError(401, "", "POST /api/negotiate answered 401.")
        self._room.state("connected", "")

    async def history(self, *, limit: int) -> list[ChatMessage]:
        assert limit
        return [said(1)]

    async def close(self) -> None:
        """Nothing is open."""


@pytest.mark.asyncio
@pytest.mark.parametrize("is_person_needed", [False, True])
async def test_it_signs_in_where_it_can_and_says_so_where_it_cannot(
    monkeypatch: pytest.MonkeyPatch, *, is_person_needed: bool
) -> None:
    """As the panel does; Entra ID asks for a person."""
    tried = asyncio.Event()

    async def sign_in(_api: str, user: str) -> SignedIn:
        tried.set()
        if is_person_needed:
            raise PersonNeeded("Only a person can.")
        return SignedIn(user, "token")

    monkeypatch.setattr(listening, "ChatClient", Refusing)
    monkeypatch.setattr(listening, "sign_in", sign_in)
    monkeypatch.setattr(listening, "AGAIN_S", 0)
    room = AzureRoom()
    made = Listening(API, room)
    staying = asyncio.create_task(made.stay())
    await tried.wait()
    wanted = PERSON_NEEDED if is_person_needed else ""
    while made.why_not != wanted:
        await asyncio.sleep(0)
    staying.cancel()
    await asyncio.wait({staying})
    assert [*seen(room)] == ([] if is_person_needed else ["text 1"])


class Answering(Refusing):
    """A chat that everybody gets into, and that does not tell what was said before."""

    failures: list[Exception]
    untold: list[Exception]

    async def start(self) -> None:
        if self.failures:
            raise self.failures.pop()
        self._room.state("connected", "")

    async def history(self, *, limit: int) -> list[ChatMessage]:
        if self.untold:
            raise self.untold.pop()
        return await super().history(limit=limit)


async def settled(listening: Listening, what: Callable[[], bool]) -> None:
    """Listen until something is so."""
    staying = asyncio.create_task(listening.stay())
    async with asyncio.timeout(5):
        while not what():
            assert not staying.done()
            await asyncio.sleep(0)
    staying.cancel()
    await asyncio.wait({staying})


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> type[Answering]:
    """What the screen listens to, without waiting in between."""
    monkeypatch.setattr(listening, "ChatClient", Answering)
    monkeypatch.setattr(listening, "AGAIN_S", 0)
    monkeypatch.setattr(Answering, "failures", [], raising=False)
    monkeypatch.setattr(Answering, "untold", [], raising=False)
    return Answering


@pytest.mark.asyncio
@pytest.mark.parametrize("error", [RecursionError(), KeyError("url"), ServiceError(500, "", "No.")])
async def test_no_answer_of_an_app_ends_the_screen(
    answering: type[Answering], error: Exception
) -> None:
    """It says so, and tries again."""
    answering.failures.append(error)
    room = AzureRoom()
    made = Listening(API, room)
    why: set[str] = set()

    def is_there() -> bool:
        why.add(made.why_not)
        return bool(seen(room))

    await settled(made, is_there)
    assert any("cannot get into the chat" in one for one in why)
    assert made.why_not == ""


@pytest.mark.asyncio
async def test_without_a_history_new_messages_come(answering: type[Answering]) -> None:
    """The storage may be down while SignalR Service is not; what is missing is asked for again."""
    answering.untold.append(ServiceError(503, "", "GET /api/messages answered 503."))
    room = AzureRoom()
    made = Listening(API, room)
    await settled(made, lambda: bool(made.missing))
    assert made.why_not == "" and "answered 503" in made.missing
    await settled(made, lambda: bool(seen(room)))
    assert made.missing == ""
