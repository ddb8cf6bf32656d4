"""What a column of the panel offers: who is there, private messages, and a box that loses nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chatkit.chat.client.background_loop import Portal
from chatkit.chat.client.sign_in import SignedIn
from chatkit.chat.panel.panel import ChatPanel
from tests.chat.panel.panels import seat_of, shown_to, wait
from tests.chat.stub_room import StubRoom

TURNED = "bob\u202egnp.exe"


@pytest.fixture
def panel(app: StubRoom, portal: Portal) -> Iterator[ChatPanel]:
    """Alice and bob, connected."""
    opened = ChatPanel.open(app.url, ("alice", "bob"), home=portal)
    yield opened
    opened.close()


def test_three_and_more_sit_side_by_side(app: StubRoom, portal: Portal) -> None:
    """Each has a column and a connection."""
    panel = ChatPanel.open(app.url, ("alice", "bob", "carol", "dave"), home=portal)
    assert "received by alice, bob, carol and dave" in repr(panel.say("dave", "hello"))
    assert len(panel.widget.children) == len(app.sockets) == 4
    panel.close()


def test_people_are_listed_with_their_connection_in_words(panel: ChatPanel, portal: Portal) -> None:
    """The panel's own users, and no colour alone."""
    wait(portal, lambda: seat_of(panel, "alice").people.value.count(": connected") == 2)
    assert "<bdi>alice</bdi> (you): connected" in seat_of(panel, "alice").people.value


def test_people_seen_in_messages_are_listed(
    panel: ChatPanel, app: StubRoom, portal: Portal
) -> None:
    """Nobody can know whether they are still there."""
    portal.call(app.invoke("newMessage", {"id": "x", "sender": "carol", "text": "hi"}))
    wait(portal, lambda: "<bdi>carol</bdi>: seen in messages" in seat_of(panel, "bob").people.value)
    assert ("carol", "carol") in seat_of(panel, "bob").to.options


def test_nobody_can_be_written_to_who_has_no_name(
    panel: ChatPanel, app: StubRoom, portal: Portal
) -> None:
    """A message without a sender would be answered into the void."""
    portal.call(app.invoke("newMessage", {"id": "x", "text": "who am I?"}))
    wait(portal, lambda: "who am I?" in shown_to(panel, "bob"))
    assert [label for label, _ in seat_of(panel, "bob").to.options] == ["everybody", "alice"]


def test_a_private_message_is_sent_from_the_column(
    panel: ChatPanel, app: StubRoom, portal: Portal
) -> None:
    """Choose whom it is for, type, press Enter."""
    alice = seat_of(panel, "alice")
    alice.to.value = "bob"
    alice.text.value = "psst"
    alice.text._handle_custom_msg({"event": "submit"}, [])
    wait(portal, lambda: bool(app.messages))
    assert (app.messages[0]["recipient"], app.messages[0]["text"]) == ("bob", "psst")


def test_a_signed_in_user_is_written_to_by_the_name_that_the_app_knows(
    app: StubRoom, portal: Portal
) -> None:
    """The column says bob, the message says bob@example."""
    people = {name: SignedIn(f"{name}@example", "t") for name in ("alice", "bob")}
    panel = ChatPanel.open(app.url, ("alice", "bob"), people=people, home=portal)
    assert ("bob", "bob@example") in seat_of(panel, "alice").to.options
    panel.close()


def test_whom_one_writes_to_stays_chosen_when_people_come(
    panel: ChatPanel, app: StubRoom, portal: Portal
) -> None:
    """A private message must not become public because somebody new spoke."""
    alice = seat_of(panel, "alice")
    alice.to.value = "bob"
    portal.call(app.invoke("newMessage", {"id": "x", "sender": "carol", "text": "hi"}))
    wait(portal, lambda: len(alice.to.options) == 3)
    assert alice.to.value == "bob"


def test_what_was_not_sent_waits_until_the_box_is_free(
    panel: ChatPanel, app: StubRoom, portal: Portal
) -> None:
    """The text that is being typed stays, and the one that failed comes back after it, to the same person."""
    app.refuse_messages = 503
    alice = seat_of(panel, "alice")
    alice.text.value, alice.to.value = "for bob only", "bob"
    alice.send.click()
    alice.text.value, alice.to.value = "next", ""
    wait(portal, lambda: "Not sent" in alice.problem.value)
    assert alice.text.value == "next"
    app.refuse_messages = 0
    alice.send.click()
    wait(portal, lambda: bool(alice.text.value == "for bob only" and alice.to.value == "bob"))


def test_enter_may_overtake_what_was_typed(panel: ChatPanel, app: StubRoom, portal: Portal) -> None:
    """Some kernels handle the two on different threads."""
    alice = seat_of(panel, "alice")
    alice.text._handle_custom_msg({"event": "submit"}, [])
    alice.text.value = "a moment late"
    wait(portal, lambda: [message["text"] for message in app.messages] == ["a moment late"])


def test_messages_of_one_user_arrive_in_the_order_typed(
    panel: ChatPanel, app: StubRoom, portal: Portal
) -> None:
    """One is on its way at a time."""
    alice = seat_of(panel, "alice")
    for number in range(20):
        alice.text.value = str(number)
        alice.send.click()
    wait(portal, lambda: len(app.messages) == 20)
    assert [message["text"] for message in app.messages] == [str(number) for number in range(20)]


def test_what_was_said_while_the_connection_was_away_is_read_from_history(
    panel: ChatPanel, app: StubRoom, portal: Portal
) -> None:
    """Nothing is missed."""
    app.refuse = 503
    portal.call(app.drop())
    wait(portal, lambda: "reconnecting" in seat_of(panel, "alice").heading.value)
    app.messages.append(
        {"id": "away", "sender": "carol", "text": "in between", "sentAt": "2026-11-23T11:00:00Z"}
    )
    app.refuse = 0
    wait(portal, lambda: "in between" in shown_to(panel, "alice"))


def test_a_turned_name_turns_no_label(app: StubRoom, portal: Portal) -> None:
    """A right-to-left override is spelled out where no markup can hold it."""
    panel = ChatPanel.open(app.url, ("alice", TURNED), home=portal)
    wait(portal, lambda: TURNED in seat_of(panel, "alice").people.value)
    turned, alice = seat_of(panel, TURNED), seat_of(panel, "alice")
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


def test_half_a_character_can_be_shown(app: StubRoom, portal: Portal) -> None:
    """It could not be sent to a front end; nothing keeps it out of a history."""
    app.messages.append({"id": "h", "sender": "\ud83d", "text": "\ud83d"})
    panel = ChatPanel.open(app.url, ("bob",), home=portal)
    wait(portal, lambda: "<bdi>\ufffd</bdi>" in shown_to(panel, "bob"))
    assert "\ufffd" in [label for label, _ in seat_of(panel, "bob").to.options]
    panel.close()
