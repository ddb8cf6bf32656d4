"""How messages and states become html."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatkit.chat.client.messages import ChatMessage, merged
from chatkit.chat.panel import view


def by_name(message: ChatMessage) -> str:
    """Where nobody signs in, a sender is a name."""
    return message.sender


def reader(user: str, *, has_sign_in: bool = False) -> view.Reader:
    """Somebody in a room where names tell people apart."""
    return view.Reader(user, user, str, by_name, by_name, has_sign_in)


def message(number: int, text: str = "hi", sender: str = "alice") -> ChatMessage:
    """A message sent at a second of its own."""
    return ChatMessage(str(number), sender, text, f"2026-11-23T10:00:{number % 60:02}Z")


@given(st.text(), st.text())
def test_foreign_text_never_opens_a_tag(sender: str, text: str) -> None:
    """Whatever people type, the number of tags is the same."""
    shown = view.message_list([message(1, text, sender)], me=reader("x"))
    plain = view.message_list([message(1, "a", "b")], me=reader("x"))
    assert shown.count("<") == plain.count("<") and shown.count('"') == plain.count('"')


def test_only_the_last_messages_are_shown() -> None:
    """A long evening does not make the cell slow."""
    shown = view.message_list(
        [message(number, f"[{number}]") for number in range(view.LIMIT + 1)], me=reader("alice")
    )
    assert "[0]" not in shown and f"[{view.LIMIT}]" in shown


def test_an_empty_room_says_so() -> None:
    """Empty is a state of its own, in words."""
    assert "No messages yet." in view.message_list([], me=reader("alice"))


def test_a_private_message_says_for_whom() -> None:
    """Never by colour alone."""
    private = ChatMessage("1", "alice", "psst", recipient="bob", is_private=True)
    assert "private, to <bdi>bob</bdi>" in view.message_list([private], me=reader("alice"))


@pytest.mark.parametrize("sent_at", ["", "yesterday"])
def test_a_message_without_a_time_is_shown(sent_at: str) -> None:
    """A missing or odd time is left out."""
    assert "hi" in view.message_list([ChatMessage("1", "alice", "hi", sent_at)], me=reader("alice"))


def test_merging_keeps_each_message_once_and_in_order() -> None:
    """History and live feed overlap."""
    history, live = (message(2), message(1)), (message(2), message(3))
    assert [item.id for item in merged(history, live)] == ["1", "2", "3"]
