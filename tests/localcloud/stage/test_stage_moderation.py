"""The presenter's rules in the room: what guests may write, and what nobody sees."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from yarl import URL

from chatkit.core.running.reachable import TOKEN_HEADER
from chatkit.localcloud.stage.edge import HISTORY_PAGE
from chatkit.localcloud.stage.guests import COOKIE
from chatkit.localcloud.stage.moderation.powers import PowerRefused
from chatkit.localcloud.stage.moderation.rates import GUEST, NO_COOKIE
from chatkit.wire.check_marks import check_text, new_run
from chatkit.wire.hub_messages import Invocation
from tests.attacks.powers import FORMS, INVOCATIONS, MEMBERS, MUTED, READ_ONLY, TARGETS, WRITTEN
from tests.localcloud.stage.stage_testing import (
    HOST,
    LIMIT_S,
    PLACE,
    RECORD,
    OpenStage,
    Phone,
    Stopwatch,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")
STRANGER = "guest-0000000000000000"


def message(number: int, **changes: Any) -> dict[str, Any]:
    """A message of the history; greater numbers are newer."""
    return {
        "id": f"2026-11-29-{number:04}",
        "sender": "alice",
        "senderId": "guest-000000000000000a",
        "text": f"text {number}",
        "sentAt": f"2026-11-29T10:{number // 60:02}:{number % 60:02}.000Z",
        **changes,
    }


def history(stage: OpenStage, *messages: dict[str, Any]) -> None:
    """What was said, given in the order in which it was."""
    stage.chat.history = [*reversed(messages)]


async def read(phone: Phone, query: str = "") -> list[str]:
    """The ids that a phone gets, without their day."""
    status, page = await phone.ask("GET", f"/api/messages{query}")
    assert status == 200
    return [one["id"][-4:] for one in page]


async def say(phone: Phone, text: str = "hello") -> tuple[int, dict[str, Any]]:
    """Post a message."""
    status, answer = await phone.ask("POST", "/api/messages", {"text": text})
    return status, answer


# What nobody sees


async def test_a_hidden_message_is_in_no_history(stage: OpenStage) -> None:
    """Every phone is told at once, and who comes later does not get it."""
    history(stage, message(1), message(2), message(3))
    moderator = stage.stage.moderator
    moderator.use({"do": "hide", "id": message(2)["id"]})
    assert stage.told[-1]["hidden"]["ids"] == [message(2)["id"]]
    assert await read(stage.phone()) == ["0003", "0001"]
    assert (await stage.phone().ask("GET", "/stage/rules"))[1] == stage.told[-1]
    moderator.use({"do": "show", "id": message(2)["id"]})
    assert await read(stage.phone()) == ["0003", "0002", "0001"]


async def test_a_page_of_the_history_is_filled_up(stage: OpenStage) -> None:
    """A short page tells a phone that there is nothing before it."""
    history(stage, *(message(number) for number in range(20)))
    for number in range(12, 19):
        stage.stage.moderator.use({"do": "hide", "id": message(number)["id"]})
    assert await read(stage.phone(), "?limit=5") == ["0019", "0011", "0010", "0009", "0008"]
    assert await read(stage.phone(), f"?limit=5&before={message(9)['id']}") == [
        *("0008", "0007", "0006", "0005", "0004")
    ]


async def test_a_rehearsal_is_in_no_guests_history(stage: OpenStage) -> None:
    """Who comes meanwhile reads what people wrote; its own phones look for its messages."""
    people = [message(number) for number in range(8)]
    text = check_text("message 1 of rehearsal", new_run())
    now = datetime.now(UTC).isoformat()
    played = [message(number, text=text, sentAt=now) for number in range(8, 20)]
    history(stage, *people, *played, message(20, text=text))  # a text that somebody repeats
    assert await read(stage.phone(), "?limit=4") == ["0020", "0007", "0006", "0005"]
    phone = stage.phone()
    cookie = stage.stage.guests.cookie(stage.stage.guests.new(is_rehearsing=True))
    phone.http.cookie_jar.update_cookies({COOKIE: cookie}, URL(PLACE.origin))
    assert await read(phone, "?limit=4") == ["0020", "0019", "0018", "0017"]


async def test_a_rehearsal_reserves_no_names(stage: OpenStage) -> None:
    """Its senders in the history are nobody."""
    text = check_text("message 1 of rehearsal", new_run())
    now = datetime.now(UTC).isoformat()
    said = {"sender": "bob", "text": text, "sentAt": now}
    played = [message(number, **said) for number in range(2, HISTORY_PAGE + 2)]
    history(stage, message(1, sender="alice"), *played)
    assert (await stage.phone().join("bob"))["name"] == "bob"
    assert (await stage.phone().join("alice"))["name"] == "alice 2"


async def test_what_was_cleared_costs_the_app_one_page(stage: OpenStage) -> None:
    """Everything before is hidden: nobody walks through it."""
    history(stage, *(message(number) for number in range(20)))
    stage.stage.moderator.use({"do": "clear", "before": "2026-11-29T10:00:18Z"})
    asked = len(stage.chat.seen)
    assert await read(stage.phone(), "?limit=5") == ["0019", "0018"]
    assert len(stage.chat.seen) == asked + 1
    stage.stage.moderator.use({"do": "undo"})
    assert len(await read(stage.phone(), "?limit=5")) == 5


async def test_all_that_a_muted_guest_said_is_hidden(stage: OpenStage) -> None:
    """Private messages, too: the presenter cannot see them to hide them one by one."""
    phone = stage.phone()
    known = await phone.join("mallory")
    mallory = {"senderId": known["id"], "sender": "mallory"}
    private = message(2, **mallory, recipient=STRANGER, isPrivate=True)
    # An app that knows people by their names tells no ids.
    nameless = {**message(3, sender="mallory"), "senderId": None}
    history(stage, message(1), private, nameless, message(4, **mallory), message(5))
    stage.stage.moderator.use({"do": "mute", "guest": known["id"]})
    assert await read(stage.phone()) == ["0005", "0001"]
    assert stage.told[-1]["hidden"]["guests"] == [known["id"]]
    assert stage.told[-1]["hidden"]["names"] == [f"Guest {known['id'][-8:]}", "mallory"]
    stage.stage.moderator.use({"do": "unmute", "guest": known["id"]})
    assert len(await read(stage.phone())) == 5


async def test_a_muted_guest_is_hidden_under_every_name(stage: OpenStage) -> None:
    """Also in an app that tells no ids: the one that the stage made, and each spelling."""
    phone = stage.phone()
    known = await phone.join("mallory")
    for name in ("Mallory", "ma11ory", "eve"):
        await phone.join(name)
    made = f"Guest {known['id'][-8:]}"
    said = [
        {**message(number, sender=sender), "senderId": None}
        for number, sender in enumerate((made, "mallory", "Mallory", "ma11ory", "eve", "bob"))
    ]
    history(stage, *said)
    stage.stage.moderator.use({"do": "mute", "guest": known["id"]})
    assert await read(stage.phone()) == ["0005"]
    assert {"mallory", "Mallory", "ma11ory", "eve"} == {*stage.stage.guests.all_names()}


async def test_a_guest_who_is_muted_by_a_made_name_is_not_heard(stage: OpenStage) -> None:
    """A guest who had chosen no name when the presenter did it, and chooses one then."""
    phone = stage.phone()
    known = await phone.join("mallory")
    nameless = {"do": "mute", "name": f"Guest {known['id'][-8:]}"}
    stage.stage.moderator.use(nameless)
    assert stage.told[-1]["hidden"]["guests"] == [known["id"]]
    stage.stage.moderator.use({"do": "undo"})
    other = stage.phone()
    _, negotiated = await other.ask("POST", "/api/negotiate")
    assert negotiated
    made = f"Guest {other.cookie.partition('.')[0][-8:]}"
    stage.stage.moderator.use({"do": "mute", "name": made})
    await other.join("eve")
    assert (await say(other))[1]["reason"] == "muted"


async def test_a_history_of_another_form_is_filtered_too(stage: OpenStage) -> None:
    """A learner's app may wrap the list, or tell no times."""
    stage.stage.moderator.use({"do": "hide", "id": "1"})
    stage.chat.history = {"messages": [{"id": "1", "text": "x"}, {"id": "2"}, 3]}
    _, answer = await stage.phone().ask("GET", "/api/messages")
    assert answer == {"messages": [{"id": "2"}, 3]}


# What guests may write


async def test_a_paused_room_reads_on(stage: OpenStage) -> None:
    """Messages are refused with a sentence; what was held back would come all at once."""
    phone = stage.phone()
    stage.stage.moderator.use({"do": "pause"})
    status, answer = await say(phone)
    assert (status, answer["reason"]) == (403, "paused")
    assert "paused" in answer["error"]
    assert stage.chat.seen == []
    assert await read(phone) == []
    stage.stage.moderator.use({"do": "resume"})
    assert (await say(phone))[0] == 200


async def test_slow_mode(passing: Stopwatch, stage: OpenStage) -> None:
    """One message every so many seconds for each guest; what the app refused does not count."""
    alice, bob = stage.phone(), stage.phone()
    await alice.join("alice")
    await bob.join("bob")
    stage.stage.moderator.use({"do": "slow", "seconds": 30})
    stage.chat.is_down = True
    assert (await say(alice))[0] == 503
    stage.chat.is_down = False
    assert (await say(alice))[0] == 200
    async with alice.http.post(f"{PLACE.origin}/api/messages", json={"text": "x"}) as answer:
        assert answer.status == 429
        assert answer.headers["Retry-After"] == "30"
        assert "slow mode" in (await answer.json())["error"]
    assert (await say(bob))[0] == 200
    passing.now += 30
    assert (await say(alice))[0] == 200


async def test_a_guest_who_writes_too_fast(passing: Stopwatch, stage: OpenStage) -> None:
    """The others go on; after the wait that is told it is allowed again."""
    alice, bob = stage.phone(), stage.phone()
    await alice.join("alice")
    await bob.join("bob")
    said = [(await say(alice))[0] for _ in range(int(GUEST.at_once) + 2)]
    assert said.count(200) == GUEST.at_once
    assert (await say(alice))[1]["reason"] == "guest"
    assert (await say(bob))[0] == 200
    passing.now += 1
    assert (await say(alice))[0] == 200


@pytest.mark.usefixtures("passing")
async def test_names_without_end(stage: OpenStage) -> None:
    """Each is kept on the disk before it is answered."""
    phone = stage.phone()
    await phone.join("alice")
    names = [f"alice {number}" for number in range(int(GUEST.at_once) + 1)]
    said = [await phone.ask("POST", "/stage/guest", {"name": name}) for name in names]
    assert [status for status, _ in said].count(200) == GUEST.at_once
    assert said[-1][0] == 429
    assert "too often" in said[-1][1]["error"]


@pytest.mark.usefixtures("passing")
async def test_the_whole_room_may_be_too_fast(stage: OpenStage) -> None:
    """An app has an end, however many guests share it."""
    rates = stage.stage.moderator.rates
    rates.guest_wait_s("others", has_cookie=False)
    for _ in range(int(rates.room_rate.at_once)):
        rates.take("others")
    status, answer = await say(stage.phone())
    assert (status, answer["reason"]) == (429, "room")


@pytest.mark.usefixtures("passing")
async def test_who_shows_no_cookie_is_one_guest(stage: OpenStage) -> None:
    """Deleting the cookie each time gives no new allowance, and is no way round being muted."""
    moderator = stage.stage.moderator
    for _ in range(3):
        assert (await say(stage.phone()))[0] == 200
    writers = {seen.headers["x-ms-client-principal-id"] for _, _, seen in stage.chat.seen}
    assert len(writers) == 1
    (writer,) = writers
    for _ in range(int(NO_COOKIE.at_once)):
        moderator.rates.take(writer)
    assert (await say(stage.phone()))[1]["reason"] == "guest"
    moderator.use({"do": "mute", "guest": writer})
    assert (await say(stage.phone()))[1]["reason"] == "muted"
    # Nobody reads what is written to that one: it may be many.
    await read(stage.phone())
    assert stage.chat.seen[-1][2].headers["x-ms-client-principal-id"] != writer


async def test_words_that_are_not_allowed(stage: OpenStage) -> None:
    """A message with one is refused to its writer, who reads which one; a name too."""
    phone = stage.phone()
    await phone.join("Badger")
    stage.stage.moderator.use({"do": "words", "words": ["Badger", "", "badger", "嘘"]})
    assert stage.stage.moderator.rules.words == ("Badger", "嘘")
    assert "name" in (await say(phone, "x"))[1]["error"]
    await phone.join("bob")
    status, answer = await say(phone, "the badger")
    assert (status, answer["reason"]) == (403, "word")
    assert "“Badger”" in answer["error"]
    for allowed in ("badgers", "a bad germ", "a b"):
        assert (await say(phone, allowed))[0] == 200, allowed
    assert (await say(phone, "それは嘘だ"))[0] == 403  # no spaces between words
    status, answer = await phone.ask("POST", "/stage/guest", {"name": "Bad\u200dger"})
    assert status == 400
    assert "not allow" in answer["error"]


@pytest.mark.parametrize("name", WRITTEN)
async def test_a_word_in_disguise(shared: OpenStage, name: str) -> None:
    """Case, accents, width, look-alikes and what nobody sees make no other word."""
    moderator = shared.stage.moderator
    moderator.use({"do": "words", "words": ["Badger", "Über alles"]})
    status, answer = await say(shared.phone(), f"so {WRITTEN[name]} then")
    assert (status, answer["reason"]) == (403, "word")


# Powers


async def test_undo_takes_back_step_by_step(stage: OpenStage) -> None:
    """Whatever it was; the newest first."""
    moderator = stage.stage.moderator
    first = moderator.rules.told()
    known = await stage.phone().join("mallory")
    powers: list[dict[str, Any]] = [
        {"do": "pause"},
        {"do": "slow", "seconds": 5},
        {"do": "hide", "id": "x"},
        {"do": "mute", "guest": known["id"]},
        {"do": "mute", "name": "somebody"},
        {"do": "unmute", "guest": known["id"]},
        {"do": "words", "words": ["x"]},
        {"do": "clear"},
        {"do": "resume"},
        {"do": "show", "id": "x"},
    ]
    states = []
    for power in powers:
        states.append(moderator.rules)
        assert moderator.use(power)
    for before in reversed(states):
        assert moderator.use({"do": "undo"}).startswith("Undone: ")
        assert {**before.document(), "version": 0} == {**moderator.rules.document(), "version": 0}
    with pytest.raises(PowerRefused, match="nothing to undo"):
        moderator.use({"do": "undo"})
    assert moderator.rules.version > first["version"]


async def test_the_same_power_twice_is_undone_once(stage: OpenStage) -> None:
    """What has changed nothing is no step."""
    moderator = stage.stage.moderator
    powers: list[dict[str, Any]] = [
        {"do": "pause"},
        {"do": "hide", "id": "x"},
        {"do": "mute", "name": "x"},
        {"do": "words", "words": ["x"]},
        {"do": "slow", "seconds": 3},
    ]
    for steps, power in enumerate(powers, start=1):
        moderator.use(power)
        moderator.use(power)
        assert moderator.undo_steps == steps


@pytest.mark.parametrize(
    "power",
    [
        {},
        {"do": ["hide"]},
        {"do": "hide"},
        {"do": "hide", "id": 7},
        {"do": "hide", "id": "x" * 201},
        {"do": "mute", "guest": "bob"},
        {"do": "mute", "name": ""},
        {"do": "slow", "seconds": True},
        {"do": "slow", "seconds": float("nan")},
        {"do": "slow", "seconds": 3601},
        {"do": "clear", "before": "now"},
        {"do": "clear", "before": "2026-11-29T10:00:00"},
        {"do": "words", "words": ["x" * 61]},
        {"do": "words", "words": [7]},
        {"do": "words", "words": ["x"] * 501},
    ],
)
async def test_a_power_that_makes_no_sense(shared: OpenStage, power: dict[str, Any]) -> None:
    """A sentence says why, and nothing has changed."""
    moderator = shared.stage.moderator
    before = moderator.rules
    with pytest.raises(PowerRefused, match=r"\.$"):
        moderator.use(power)
    assert moderator.rules is before


# Guests have none of them


@pytest.mark.parametrize("name", TARGETS)
async def test_powers_are_not_in_the_room(shared: OpenStage, name: str) -> None:
    """Whatever the spelling, and with whatever token: they are at the screen's own port alone."""
    method, target = TARGETS[name]
    head = f"{method} {target} HTTP/1.1\r\nHost: {HOST}\r\n{TOKEN_HEADER}: x"
    answer = await shared.raw(head)
    assert answer.status == 404


@pytest.mark.parametrize("name", READ_ONLY)
async def test_guests_change_nothing(shared: OpenStage, name: str) -> None:
    """What they may read takes no other method."""
    method, target = READ_ONLY[name]
    assert (await shared.get(target, method=method)).status == 405


@pytest.mark.parametrize("name", MEMBERS)
async def test_members_that_do_not_reach_the_app(shared: OpenStage, name: str) -> None:
    """An app that hands on what it gets sends nothing but messages, and under the right name."""
    phone = shared.phone()
    known = await phone.join("mallory the second")
    body = {"text": "x", "colour": "red", **MEMBERS[name]}
    assert (await phone.ask("POST", "/api/messages", body))[0] == 200
    handed_on = json.loads(shared.chat.seen[-1][2].body)
    assert handed_on == {"text": "x", "colour": "red", "sender": known["name"]}


@pytest.mark.parametrize("name", FORMS)
async def test_what_is_no_message_is_refused(shared: OpenStage, name: str) -> None:
    """The app never hears of it."""
    asked = len(shared.chat.seen)
    url = f"{PLACE.origin}/api/messages"
    async with shared.phone().http.post(url, data=FORMS[name]) as answer:
        assert answer.status in (400, 413)
        assert (await answer.json())["error"].endswith(".")
    assert len(shared.chat.seen) == asked


@pytest.mark.parametrize("name", INVOCATIONS)
async def test_a_client_tells_others_nothing(shared: OpenStage, name: str) -> None:
    """In a serverless hub a client's call goes to the app, and to no other client."""
    mallory, bob = shared.phone(), shared.phone()
    socket, other = await mallory.connect(), await bob.connect()
    instance = shared.stage.instance()
    assert instance is not None
    sender = [*instance.connections.hub("chat").connections.values()][-2]
    read_at = sender.last_received
    await socket.send_str(json.dumps(INVOCATIONS[name]) + RECORD)
    async with asyncio.timeout(LIMIT_S):
        while sender.last_received == read_at:
            await asyncio.sleep(0)
    instance.broadcast(instance.connections.hub("chat"), Invocation("newMessage", ({},)))
    first = json.loads((await other.receive_str(timeout=LIMIT_S)).split(RECORD)[0])
    assert first["target"] == "newMessage"
    await socket.close()
    await other.close()


@pytest.mark.parametrize("name", MUTED)
async def test_a_muted_guest_is_not_heard(shared: OpenStage, name: str) -> None:
    """Nothing that a body says makes the guest another one."""
    phone = shared.phone()
    known = await phone.join("mallory")
    shared.stage.moderator.use({"do": "mute", "guest": known["id"]})
    await phone.join("somebody new")
    asked = len(shared.chat.seen)
    status, answer = await phone.ask("POST", "/api/messages", MUTED[name])
    assert (status, answer["reason"]) == (403, "muted")
    assert len(shared.chat.seen) == asked
