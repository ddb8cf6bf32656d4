"""What a column of the panel offers.

Who is there, private messages, and a box that loses nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from chatkit.chat.client.background_loop import BackgroundLoop
from chatkit.chat.client.client import ChatClient
from chatkit.chat.client.sign_in import SignedIn
from chatkit.chat.panel.panel import ChatPanel
from chatkit.wire.check_marks import check_text
from tests.chat.panel.panels import column_of, shown_to, wait
from tests.chat.stub_room import StubRoom

TURNED = "bob\u202egnp.exe"


@pytest.fixture
def panel(app: StubRoom, background: BackgroundLoop) -> Iterator[ChatPanel]:
    """Alice and bob, connected."""
    opened = ChatPanel.open(app.url, ("alice", "bob"), background=background)
    yield opened
    opened.close()


def test_three_and_more_sit_side_by_side(app: StubRoom, background: BackgroundLoop) -> None:
    """Each has a column and a connection."""
    panel = ChatPanel.open(app.url, ("alice", "bob", "carol", "dave"), background=background)
    assert "received by alice, bob, carol and dave" in repr(panel.say("dave", "hello"))
    assert len(panel.widget.children) == len(app.sockets) == 4
    panel.close()


def test_people_are_listed_with_their_connection_in_words(
    panel: ChatPanel, background: BackgroundLoop
) -> None:
    """The panel's own users, and no colour alone."""
    wait(background, lambda: column_of(panel, "alice").people.value.count(": connected") == 2)
    assert "<bdi>alice</bdi> (you): connected" in column_of(panel, "alice").people.value


def test_people_seen_in_messages_are_listed(
    panel: ChatPanel, app: StubRoom, background: BackgroundLoop
) -> None:
    """Nobody can know whether they are still there."""
    background.call(app.invoke("newMessage", {"id": "x", "sender": "carol", "text": "hi"}))
    wait(
        background,
        lambda: "<bdi>carol</bdi>: seen in messages" in column_of(panel, "bob").people.value,
    )
    assert ("carol", "carol") in column_of(panel, "bob").to.options


def test_who_repeats_a_checks_text_is_heard(
    panel: ChatPanel, app: StubRoom, background: BackgroundLoop
) -> None:
    """The check itself is not; a panel knows what its own people have said."""
    old = "A check is running: this message goes to everybody once (0a1b2c)."
    text = check_text("this message goes to everybody once", "0a1b2c3d")
    now = {"sender": "chatkit", "sentAt": datetime.now(UTC).isoformat()}
    background.call(app.invoke("newMessage", {"id": "of-a-check", "text": text, **now}))
    for said in (old, text):
        assert "received by alice and bob" in repr(panel.say("alice", said))
    for user in panel.users:
        assert [message.text for message in panel.messages(user)] == [old, text]
        assert {message.sender for message in panel.messages(user)} == {"alice"}


def test_nobody_can_be_written_to_who_has_no_name(
    panel: ChatPanel, app: StubRoom, background: BackgroundLoop
) -> None:
    """A message without a sender would be answered into the void."""
    background.call(app.invoke("newMessage", {"id": "x", "text": "who am I?"}))
    wait(background, lambda: "who am I?" in shown_to(panel, "bob"))
    assert [label for label, _ in column_of(panel, "bob").to.options] == ["everybody", "alice"]


def test_a_private_message_is_sent_from_the_column(
    panel: ChatPanel, app: StubRoom, background: BackgroundLoop
) -> None:
    """Choose whom it is for, type, press Enter."""
    alice = column_of(panel, "alice")
    alice.to.value = "bob"
    alice.text.value = "psst"
    alice.text._handle_custom_msg({"event": "submit"}, [])
    wait(background, lambda: bool(app.messages))
    assert (app.messages[0]["recipient"], app.messages[0]["text"]) == ("bob", "psst")


def test_a_signed_in_user_is_written_to_by_their_id(
    app: StubRoom, background: BackgroundLoop
) -> None:
    """The column says bob, the message says bob's id."""
    people = {name: SignedIn(f"{name}@example", "t", f"id-{name}") for name in ("alice", "bob")}
    panel = ChatPanel.open(app.url, ("alice", "bob"), people=people, background=background)
    assert ("bob", "id-bob") in column_of(panel, "alice").to.options
    panel.close()


def test_whom_one_writes_to_stays_chosen_when_people_come(
    panel: ChatPanel, app: StubRoom, background: BackgroundLoop
) -> None:
    """A private message must not become public because somebody new spoke."""
    alice = column_of(panel, "alice")
    alice.to.value = "bob"
    background.call(app.invoke("newMessage", {"id": "x", "sender": "carol", "text": "hi"}))
    wait(background, lambda: len(alice.to.options) == 3)
    assert alice.to.value == "bob"


def test_what_was_not_sent_waits_until_the_box_is_free(
    panel: ChatPanel, app: StubRoom, background: BackgroundLoop
) -> None:
    """The text that is being typed stays; the one that failed comes back after it."""
    app.refuse_messages = 503
    alice = column_of(panel, "alice")
    alice.text.value, alice.to.value = "for bob only", "bob"
    alice.send.click()
    alice.text.value, alice.to.value = "next", ""
    wait(background, lambda: "Not sent" in alice.problem.value)
    assert alice.text.value == "next"
    app.refuse_messages = 0
    alice.send.click()
    wait(background, lambda: bool(alice.text.value == "for bob only" and alice.to.value == "bob"))


def test_enter_may_overtake_what_was_typed(
    panel: ChatPanel, app: StubRoom, background: BackgroundLoop
) -> None:
    """Some kernels handle the two on different threads."""
    alice = column_of(panel, "alice")
    alice.text._handle_custom_msg({"event": "submit"}, [])
    alice.text.value = "a moment late"
    wait(background, lambda: [message["text"] for message in app.messages] == ["a moment late"])


def test_messages_of_one_user_arrive_in_the_order_typed(
    panel: ChatPanel, app: StubRoom, background: BackgroundLoop
) -> None:
    """One is on its way at a time."""
    alice = column_of(panel, "alice")
    for number in range(20):
        alice.text.value = str(number)
        alice.send.click()
    wait(background, lambda: len(app.messages) == 20)
    assert [message["text"] for message in app.messages] == [str(number) for number in range(20)]


def test_what_was_said_while_the_connection_was_away_is_read_from_history(
    panel: ChatPanel, app: StubRoom, background: BackgroundLoop
) -> None:
    """Nothing is missed."""
    app.refuse = 503
    background.call(app.drop())
    wait(background, lambda: "reconnecting" in column_of(panel, "alice").heading.value)
    app.messages.append(
        {"id": "away", "sender": "carol", "text": "in between", "sentAt": "2026-11-23T11:00:00Z"}
    )
    app.refuse = 0
    wait(background, lambda: "in between" in shown_to(panel, "alice"))


def test_a_turned_name_turns_no_label(app: StubRoom, background: BackgroundLoop) -> None:
    """A right-to-left override is spelled out where no markup can hold it."""
    panel = ChatPanel.open(app.url, ("alice", TURNED), background=background)
    wait(background, lambda: TURNED in column_of(panel, "alice").people.value)
    turned, alice = column_of(panel, TURNED), column_of(panel, "alice")
    labels = [
        turned.text.placeholder,
        turned.text.tooltip,
        turned.send.tooltip,
        *(label for label, _ in alice.to.options),
    ]
    assert not [label for label in labels if "\u202e" in label]
    assert (
        r"bob\u202egnp.exe",
        TURNED,
    ) in alice.to.options and f"<bdi>{TURNED}</bdi>" in turned.heading.value
    panel.close()


def test_half_a_character_can_be_shown(app: StubRoom, background: BackgroundLoop) -> None:
    """It could not be sent to a front end; nothing keeps it out of a history."""
    app.messages.append({"id": "h", "sender": "\ud83d", "text": "\ud83d"})
    panel = ChatPanel.open(app.url, ("bob",), background=background)
    wait(background, lambda: "<bdi>\ufffd</bdi>" in shown_to(panel, "bob"))
    assert "\ufffd" in [label for label, _ in column_of(panel, "bob").to.options]
    panel.close()


def test_only_the_latest_reading_of_the_history_goes_on(
    app: StubRoom, background: BackgroundLoop
) -> None:
    """Two pauses, one after the other.

    The first reading is cancelled, and none outlives the panel.
    """
    panel = ChatPanel.open(app.url, ("alice",), background=background)
    app.history_open.clear()
    background.call(app.drop())
    wait(background, lambda: app.history_requests == 2)
    background.call(app.drop())
    wait(background, lambda: app.history_requests == 3)
    wait(background, lambda: len(readings(background)) == 1)
    panel.close()
    assert readings(background) == []
    app.history_open.set()


def readings(background: BackgroundLoop) -> list[str]:
    """The tasks that read a history."""
    tasks = [str(task.get_coro()) for task in asyncio.all_tasks(background.loop)]
    return [task for task in tasks if "_read_history" in task]


def test_a_mistake_while_sending_is_said_and_logged(
    panel: ChatPanel,
    background: BackgroundLoop,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What was typed comes back, and the log has the exception that nobody foresaw."""

    async def fail(_self: ChatClient, _text: str, *, recipient: str = "") -> None:
        raise LookupError("not foreseen")

    monkeypatch.setattr(ChatClient, "send", fail)
    alice = column_of(panel, "alice")
    alice.text.value = "precious"
    alice.send.click()
    wait(background, lambda: "Not sent: not foreseen" in alice.problem.value)
    wait(background, lambda: bool(caplog.records))
    assert alice.text.value == "precious"
    assert [record.exc_info[0] for record in caplog.records if record.exc_info] == [LookupError]
