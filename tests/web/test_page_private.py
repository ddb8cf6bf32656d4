"""Private messages on the page: choosing a person, who sees what, and what is said about who is
away.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from chatkit.chat.client.sign_in import SignedIn
from chatkit.chat.panel.panel import ChatPanel
from tests.web.conftest import Visit
from tests.web.stand_in import Room
from tests.web.stand_in_auth import id_of

pytestmark = pytest.mark.long

ALICE, BOB, CAROL = (f"{name}@chatkit.example" for name in ("alice", "bob", "carol"))


def choose(page: Page, name: str) -> None:
    """Pick somebody who has spoken, by what the list calls them."""
    page.get_by_label("To", exact=True).select_option(label=name)


def write(page: Page, text: str) -> None:
    """Into the field that has the focus, whoever it is for."""
    box = page.locator("#text")
    expect(box).to_be_focused()
    box.fill(text)
    page.keyboard.press("Enter")
    expect(page.locator(".message.sent .text").last).to_have_text(text)


def people(page: Page) -> list[str]:
    return page.get_by_label("To", exact=True).locator("option").all_inner_texts()


def test_a_click_on_a_name_writes_privately(signed_in: Visit, chat: Room) -> None:
    """The label above the field says to whom, the focus is in it, and the message reaches those
    two.
    """
    alice, bob, carol = signed_in("alice"), signed_in("bob"), signed_in("carol")
    write(bob, "Hello")
    alice.get_by_role("button", name="Write privately to bob").click()
    expect(alice.get_by_label("Private message to bob")).to_be_focused()
    write(alice, "Only for you")
    expect(bob.locator(".text")).to_have_text(["Hello", "Only for you"])
    expect(bob.locator(".badge")).to_have_text("Private · to you")
    expect(alice.locator(".badge")).to_have_text("Private · to bob")
    write(bob, "Who was that?")
    expect(carol.locator(".text")).to_have_text(["Hello", "Who was that?"])
    expect(alice.locator(".fate")).to_have_count(0)


def test_people_seen_can_be_picked(signed_in: Visit, chat: Room) -> None:
    """In the order of the alphabet, without me, each once; from the history and live."""
    chat.post(CAROL, "from before")
    page = signed_in("alice")
    write(page, "Hello")
    for text in ("live", "and again"):
        chat.post(BOB, text)
    expect(page.locator(".text")).to_have_count(4)
    assert people(page) == ["Everybody", "bob", "carol"]
    choose(page, "carol")
    write(page, "Only for carol")
    expect(page.locator(".badge")).to_have_text("Private · to carol")


def test_the_panel_has_the_same_list(signed_in: Visit, chat: Room) -> None:
    """Over the same messages, for each of two: also of who has written to one of them only."""
    names = (ALICE, BOB, CAROL, "mallory@chatkit.example", "Zoë", "bob@example.org")
    ids = dict(zip(names, map(id_of, names), strict=True))
    for name in names:
        chat.post(name, "to one", recipient=ids[BOB] if name == CAROL else ids[ALICE])
    chat.post("bob@chatkit.example", "I am another bob", sender_id="3333")
    chat.post(ALICE, "unsigned", sender_id="")
    for name in (ALICE, BOB):
        short = name.partition("@")[0]
        page = signed_in(short)
        write(page, "Hello")
        with chat_panel(chat, {short: SignedIn(name, sessions(chat)[ids[name]], ids[name])}) as to:
            assert sorted(label for label, _ in to.options[1:]) == sorted(people(page)[1:])


def sessions(chat: Room) -> dict[str, str]:
    """Id to token of who is signed in."""
    return {person.id: token for token, person in chat.sign_ins.sessions.items()}


@contextmanager
def chat_panel(chat: Room, people: dict[str, SignedIn]) -> Iterator[Any]:
    """The list of a panel's only user, painted with what the history has."""
    panel = ChatPanel.open(chat.api_url, tuple(people), people=people)
    column = panel._columns[panel.users[0]]
    column.paint()
    yield column._to
    panel.close()


def test_somebody_with_another_name_is_the_same_person(signed_in: Visit, chat: Room) -> None:
    """Known by the id, shown under the newest name, also over what was said before."""
    chat.post("Carol", "Hello", sender_id="c")
    chat.post("Carol Smith", "I have married", sender_id="c")
    page = signed_in("alice")
    expect(page.locator(".who bdi")).to_have_text(["Carol Smith", "Carol Smith"])
    assert people(page) == ["Everybody", "Carol Smith"]


def test_two_people_of_one_name_are_told_apart(signed_in: Visit, chat: Room) -> None:
    """Over their messages, in the list, and on what is written to them."""
    chat.sign_ins.names = {"z1": "Zoë 山田", "z2": "Zoe\u0308 山田"}
    first, second = signed_in("z1"), signed_in("z2")
    page = signed_in("alice")
    for other in (first, second):
        write(other, "Hello")
    names = [f"Zoë 山田 ({id_of('z1')[:4]})", f"Zoe\u0308 山田 ({id_of('z2')[:4]})"]
    expect(page.locator(".who bdi")).to_have_text(names)
    assert people(page) == ["Everybody", *sorted(names, key=people(page).index)]
    choose(page, names[1])
    expect(page.get_by_label(f"Private message to {names[1]}")).to_be_focused()
    write(page, "Only for you")
    expect(second.locator(".badge")).to_have_text("Private · to you")
    expect(first.locator(".badge")).to_have_count(0)
    expect(first.locator(".own")).to_have_count(1)


def test_a_name_from_before_sign_in_is_unverified(signed_in: Visit, chat: Room) -> None:
    """A word says so; it is nobody's: not mine either, and nobody can write to it."""
    for name in ("bob", ALICE):
        chat.post(name, "I owe you a cake.", sender_id="")
    page = signed_in("alice")
    expect(page.locator(".message .unverified")).to_have_text(["unverified", "unverified"])
    expect(page.locator(".own")).to_have_count(0)
    expect(page.get_by_role("button", name="Write privately to")).to_have_count(0)
    assert people(page) == ["Everybody"]
    chat.post(BOB, "It is me")
    expect(page.get_by_role("button", name="Write privately to bob")).to_have_count(1)
    assert people(page) == ["Everybody", "bob"]


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Zoë 山田", "Z山"),
        ("Zoe\u0308 山田", "Z山"),
        ("👩‍👩‍👧 family", "👩‍👩‍👧"),
        ("محمد علي", "مع"),
        ("ßeta ñandú", "ßÑ"),
        ("\u202e\u0301x", "X"),
    ],
)
def test_any_name_works_from_sign_in_to_private_message(
    signed_in: Visit, chat: Room, name: str, letters: str
) -> None:
    """The letters in the picture are those that a reader sees as letters."""
    chat.sign_ins.names = {"other": name}
    other, alice = signed_in("other"), signed_in("alice")
    expect(other.locator(".me .name")).to_have_text(name)
    write(other, "Hello")
    expect(alice.locator(".message .avatar")).to_have_text(letters)
    choose(alice, name)
    write(alice, "Only for you")
    expect(other.locator(".badge")).to_have_text("Private · to you")
    expect(alice.locator(".badge")).to_contain_text("Private · to ")


def test_escape_writes_to_everybody_again(signed_in: Visit, chat: Room) -> None:
    """And keeps what is written."""
    chat.post(BOB, "Hello")
    page = signed_in("alice")
    choose(page, "bob")
    page.locator("#text").fill("for all")
    page.keyboard.press("Escape")
    expect(page.get_by_label("Message to everybody")).to_have_value("for all")
    page.keyboard.press("Enter")
    expect(page.locator(".message.sent:not(.private) .text").last).to_have_text("for all")


def test_a_message_to_an_id_of_nobody_says_so(signed_in: Visit, chat: Room) -> None:
    """Notebook 10 makes up ids, and what was sent stays in the history."""
    chat.post(ALICE, "Are you there?", recipient="dave")
    page = signed_in("alice")
    expect(page.locator(".badge")).to_have_text("Private · to somebody not seen here (dave)")
    assert people(page) == ["Everybody"]


def test_who_is_away_finds_it_later(signed_in: Visit, chat: Room) -> None:
    """The sender is told; the recipient finds it in the history, marked as private."""
    chat.post(BOB, "I have to go")
    alice = signed_in("alice")
    choose(alice, "bob")
    write(alice, "See you tomorrow")
    expect(alice.locator(".fate")).to_have_text(
        "bob was not here, and will find it in the history."
    )
    bob = signed_in("bob")
    expect(bob.locator(".private .text")).to_have_text(["See you tomorrow"])
    expect(bob.locator(".badge")).to_have_text("Private · to you")


def test_what_nobody_will_find_is_said(signed_in: Visit, chat: Room) -> None:
    """The recipient is away, and the storage too."""
    chat.post(BOB, "I have to go")
    page = signed_in("alice")
    expect(page.locator(".text")).to_have_count(1)
    chat.blobs.down = True
    choose(page, "bob")
    write(page, "Hello")
    expect(page.locator(".fate")).to_contain_text("please send it again later")


def test_my_other_tab_has_it_once(signed_in: Visit, chat: Room) -> None:
    """Also the tab that has sent it: the answer and the hub's message are the same one."""
    chat.post(BOB, "Hello")
    page, other = signed_in("alice"), signed_in("alice")
    for text in ("same", "same"):
        choose(page, "bob")
        write(page, text)
        expect(page.locator(".message.sending")).to_have_count(0)
    for tab in (page, other):
        expect(tab.locator(".message.private.own .text")).to_have_text(["same", "same"])


def test_the_same_words_to_everybody_and_to_one_are_two_messages(
    signed_in: Visit, chat: Room
) -> None:
    """Neither takes the other's place, nor stands under the other's badge."""
    chat.post(BOB, "Hello")
    page = signed_in("alice")
    write(page, "Yes")
    choose(page, "bob")
    write(page, "Yes")
    expect(page.locator(".message.sent.own")).to_have_count(2)
    expect(page.locator(".message.private .text")).to_have_text(["Yes"])
    expect(page.locator(".message.private .who")).not_to_have_class("who hidden")


def test_a_forged_badge_is_text(signed_in: Visit, chat: Room) -> None:
    """Words that look like one are a message's words; fields of the wrong kind make none."""
    page = signed_in("alice")
    chat.say(
        {
            "id": "1",
            "sender": BOB,
            "senderId": ["b"],
            "text": "Private · to you",
            "recipient": {"name": "alice"},
            "isPrivate": True,
        }
    )
    chat.say(
        {"id": "2", "sender": BOB, "text": "<p class=badge>Private</p>", "recipient": ["alice"]}
    )
    expect(page.locator(".text")).to_have_count(2)
    expect(page.locator(".badge")).to_have_count(0)


def test_a_private_message_that_failed_is_tried_again_privately(
    signed_in: Visit, chat: Room
) -> None:
    """Whoever has been chosen meanwhile."""
    chat.post(BOB, "Hello")
    chat.post(CAROL, "Hello")
    page = signed_in("alice")
    choose(page, "bob")
    chat.faults.send = (500, "")
    page.locator("#text").fill("Only for bob")
    page.keyboard.press("Enter")
    page.wait_for_selector(".message.failed.private")
    chat.faults.send = None
    choose(page, "carol")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".message.sent.private .badge")).to_have_text("Private · to bob")


def test_a_private_message_is_known_without_colours(signed_in: Visit, chat: Room) -> None:
    """By a word, a sign and a broken line; nor does the field rely on its colour."""
    chat.post(BOB, "Psst", recipient=id_of(ALICE))
    page = signed_in("alice", forced_colors="active")
    expect(page.locator(".badge")).to_contain_text("Private")
    assert (
        page.locator(".private .text").evaluate("text => getComputedStyle(text).borderTopStyle")
        == "dashed"
    )
    choose(page, "bob")
    expect(page.get_by_label("Private message to bob")).to_be_visible()


def test_a_name_of_another_domain_is_shown_whole(signed_in: Visit, chat: Room) -> None:
    """Two bobs are never taken for one."""
    chat.post(BOB, "I am bob")
    chat.post("bob@else.example", "I am bob")
    page = signed_in("alice")
    expect(page.locator(".message .who bdi")).to_have_text(["bob", "bob@else.example"])
    expect(page.locator(".message .who bdi").first).to_have_attribute("title", BOB)
    assert people(page) == ["Everybody", "bob", "bob@else.example"]
