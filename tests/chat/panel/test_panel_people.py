"""The list of people in the panel: who can be reached, by id, each once."""

from __future__ import annotations

import pytest

from chatkit.chat.client.messages import ChatMessage
from chatkit.chat.panel import view
from chatkit.chat.panel.people import People, Users
from tests.attacks import people as attacks
from tests.chat.panel.test_panel_view import reader


def said(sender: str, sender_id: str = "", *, recipient: str = "") -> ChatMessage:
    """A message by somebody."""
    return ChatMessage("1", sender, "hi", recipient=recipient, sender_id=sender_id)


def signed_in(me: str = "id-alice") -> People:
    """The people of one who is signed in, in a panel of alice and bob."""
    users = Users({"id-alice": "alice", "id-bob": "bob"}, has_sign_in=True)
    return People(users, me, lambda: None)


def test_each_person_is_listed_once_by_their_id() -> None:
    """Two tabs, or another name later on: the same person; a recipient is no news."""
    people = signed_in()
    for message in (
        said("alice@chatkit.example", "id-alice"),
        said("Zoë", "id-zoe"),
        said("Zoë Smith", "id-zoe", recipient="id-of-somebody"),
    ):
        people.seen(message)
    assert people.others() == (("bob", "id-bob"), ("Zoë Smith", "id-zoe"))
    assert people.called("0a1b2c") == "somebody not seen here (0a1b)"


def test_a_name_that_nobody_has_verified_is_nobodys() -> None:
    """What was said before sign-in stays readable, and nobody can write to its sender."""
    people = signed_in()
    people.seen(said("bob"))
    people.seen(said("carol"))
    assert [label for label, _ in people.listed()] == ["alice", "bob"]
    assert people.named("carol") == () and people.named("bob") == ("id-bob",)
    for has_sign_in in (True, False):
        shown = view.message_list([said("bob")], me=reader("x", has_sign_in=has_sign_in))
        assert ("unverified" in shown) is has_sign_in


def test_two_people_of_one_name_are_two() -> None:
    """In the list and over their messages."""
    people = signed_in()
    first, second = said("李雷", "1111-a"), said("李雷", "2222-b")
    for message in (first, second, said("bob", "3333-c")):
        people.seen(message)
    assert people.others() == (
        ("bob (id-b)", "id-bob"),
        ("李雷 (1111)", "1111-a"),
        ("李雷 (2222)", "2222-b"),
        ("bob (3333)", "3333-c"),
    )
    assert [people.writer(one) for one in (first, second)] == ["李雷 (1111)", "李雷 (2222)"]
    assert people.named("李雷") == ("1111-a", "2222-b")


@pytest.mark.parametrize("name", attacks.UNSIGNED_IDS)
def test_an_unsigned_message_is_nobodys(name: str) -> None:
    """Though its sender calls himself as the id of somebody who is here."""
    value = {"id": "1", "sender": "id-bob", "text": "hi", "senderId": attacks.UNSIGNED_IDS[name]}
    message = ChatMessage.from_json(value)
    people = signed_in()
    people.seen(message)
    assert people.others() == (("bob", "id-bob"),) and people.writer(message) == "id-bob"
    bob = view.Reader("bob", "id-bob", people.called, people.writer, people.key_of, True)
    shown = view.message_list([message], me=bob)
    assert "unverified" in shown and "#2563eb26" not in shown


@pytest.mark.parametrize("name", attacks.NEAR_NAMES)
def test_a_near_name_is_told_apart(name: str) -> None:
    """By the id, for both; a label that is bob's in one's list is nobody else's."""
    people = People(Users({"id-alice": "alice"}, has_sign_in=True), "id-alice", lambda: None)
    mallory = attacks.NEAR_NAMES[name]
    for message in (said("bob", "1111-b"), said(mallory, "2222-m")):
        people.seen(message)
    assert people.others() == (
        ("bob (1111)", "1111-b"),
        (f"{mallory} (2222)", "2222-m"),
    )


def test_ids_that_begin_alike_are_told_apart() -> None:
    """Other providers than Entra count their people."""
    people = signed_in()
    for key in ("10157-1", "10157-12", "10158"):
        people.seen(said("Zoë", key))
    assert [label for label, _ in people.others()][1:] == [
        "Zoë (10157-1)",
        "Zoë (10157-12)",
        "Zoë (10158)",
    ]


def test_who_wrote_to_one_of_them_is_in_that_ones_list_only() -> None:
    """bob has received nothing of it; his page does not know the writer either."""
    alice, bob = signed_in(), signed_in("id-bob")
    private = said("carol@chatkit.example", "id-carol", recipient="id-alice")
    alice.seen(private)
    assert alice.others() == (("bob", "id-bob"), ("carol@chatkit.example", "id-carol"))
    assert bob.others() == (("alice", "id-alice"),) and bob.named("id-carol") == ()


def test_a_domain_that_is_mine_too_is_left_out() -> None:
    """As on the page; each of the forms that are shown is the person, and so is the id."""
    written = {f"id-{name}": f"{name}@chatkit.example" for name in ("alice", "bob")}
    shown = {"id-alice": "alice", "id-bob": "bob"}
    people = People(Users(shown, written, has_sign_in=True), "id-alice", lambda: None)
    for message in (
        said("carol@chatkit.example", "id-carol"),
        said("carol@example.org", "1111-c"),
        said("mallory@chatkit.example", "2222-m"),
    ):
        people.seen(message)
    labels = [label for label, _ in people.others()]
    assert labels == ["bob", "carol", "carol@example.org", "mallory"]
    for form in ("carol", "carol@chatkit.example", "id-carol"):
        assert people.named(form) == ("id-carol",)
    assert people.named("carol@example.org") == ("1111-c",)
    people.seen(said("carol", "3333-c"))
    assert people.named("carol") == ("id-carol", "3333-c")
    assert people.named("carol (id-c)") == ("id-carol",)
