"""What people do on the page: come in, read, write, see each other."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime, timedelta

from playwright.sync_api import Page, expect

import chat_history
from chatkit.wire.check_marks import check_text
from tests.web.conftest import Visit, join
from tests.web.stand_in import Room


def texts(page: Page) -> list[str]:
    return page.locator(".text").all_inner_texts()


def write(page: Page, text: str) -> None:
    page.get_by_label("Message to everybody").fill(text)
    page.keyboard.press("Enter")


def stored(room: Room, number: int, when: datetime | None = None) -> list[str]:
    """Put messages into the history; returns their texts, oldest first."""
    for n in range(number):
        at = (when or datetime.now(UTC)) + timedelta(milliseconds=n)
        sent_at = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        message = {
            "id": f"{sent_at[:10]}-{n:04}",
            "sender": "carol" if n % 3 else "bob",
            "text": f"number {n}",
        }
        chat_history.append(message | {"sentAt": sent_at})
    return [f"number {n}" for n in range(number)]


def distance_from_bottom(page: Page) -> float:
    return float(
        page.locator(".log").evaluate("log => log.scrollHeight - log.scrollTop - log.clientHeight")
    )


def test_two_people_see_each_others_messages(visit: Visit) -> None:
    """Each in a browser of their own, both ways, in the same order."""
    alice, bob = visit("alice"), visit("bob")
    write(alice, "Hello, bob")
    expect(bob.locator(".text")).to_have_text(["Hello, bob"])
    write(bob, "Hello, alice")
    expect(alice.locator(".text")).to_have_text(["Hello, bob", "Hello, alice"])
    expect(bob.locator(".message.own .text")).to_have_text(["Hello, alice"])


def test_history_is_there_when_somebody_comes_in(visit: Visit, chat: Room) -> None:
    """Oldest on top, the newest in sight."""
    everything = stored(chat, 30)
    page = visit()
    expect(page.locator(".text")).to_have_text(everything)
    assert distance_from_bottom(page) < 2


def test_messages_that_a_check_takes_out_again_go(visit: Visit, chat: Room) -> None:
    """Theirs, and no others; one that arrives late is not shown either."""
    page = visit()
    chat.post("bob", "Hello")
    gone = chat.post("chatkit", "A check's own")["id"]
    expect(page.locator(".text")).to_have_text(["Hello", "A check's own"])
    chat.forget(gone, "late", None)
    expect(page.locator(".text")).to_have_text(["Hello"])
    chat.say({"id": "late", "sender": "chatkit", "text": "too late"})
    chat.post("bob", "Bye")
    expect(page.locator(".text")).to_have_text(["Hello", "Bye"])


def test_what_a_check_says_is_never_seen(visit: Visit, chat: Room) -> None:
    """While it runs, and when it was killed and took nothing out; nor is it counted as news.

    Who writes the same words, or repeats them later, is a person.
    """
    message = check_text("is anybody there?", "0a1b2c3d")
    chat.post("chatkit", message)
    page = visit()
    expect(page.locator(".empty")).to_be_visible()
    chat.post("chatkit", message)
    mark = re.findall(r"\(\w+\)", message)[0]
    people = [message.replace(mark, said) for said in ("(or not)", "(0a1b2c)", f"({'7' * 32})")]
    for text in people:
        chat.post("bob", text)
    expect(page.locator(".text")).to_have_text(people)
    expect(page).not_to_have_title(re.compile("4"))


def test_nothing_stands_there_twice(visit: Visit) -> None:
    """A message of mine comes back in the answer and from the hub, and after a reload from the
    history.
    """
    page = visit()
    for text in ("one", "two", "one"):
        write(page, text)
    expect(page.locator(".message.sent .text")).to_have_text(["one", "two", "one"])
    page.reload()
    expect(page.locator(".text")).to_have_text(["one", "two", "one"])


def test_my_message_shows_at_once(visit: Visit, chat: Room) -> None:
    """Before the function app has answered."""
    page = visit()
    chat.faults.hold = asyncio.Event()
    write(page, "Hello")
    expect(page.locator(".message.sending .text")).to_have_text(["Hello"])
    expect(page.locator(".fate")).to_have_text("Sending…")
    chat.let_go()
    expect(page.locator(".message.sent .text")).to_have_text(["Hello"])


def test_the_name_stays_in_this_tab_only(visit: Visit, chat: Room) -> None:
    """A reload remembers it; a second tab can be somebody else."""
    page = visit("alice")
    page.reload()
    expect(page.locator(".me .name")).to_have_text("alice")
    other = page.context.new_page()
    other.goto(chat.page_url)
    join(other, "bob")
    expect(page.locator(".me .name")).to_have_text("alice")


def test_a_name_can_be_changed(visit: Visit) -> None:
    """Back to the form, with the old name still in the field."""
    page = visit("alice")
    page.get_by_role("button", name="Change name").click()
    expect(page.get_by_label("Your name")).to_have_value("alice")
    join(page, "carol")
    write(page, "Hello")
    expect(page.locator(".message .who bdi")).to_have_text(["carol"])


def test_nobody_comes_in_without_a_name(visit: Visit) -> None:
    """The form says what is missing, and takes the focus back."""
    page = visit(None)
    page.get_by_label("Your name").fill("   ")
    page.get_by_role("button", name="Join the chat").click()
    expect(page.get_by_role("alert")).to_have_text("Please write a name first.")
    expect(page.get_by_label("Your name")).to_be_focused()


def test_enter_sends_and_shift_enter_breaks_the_line(visit: Visit) -> None:
    """An Enter that ends a composed letter does neither."""
    page = visit()
    box = page.get_by_label("Message to everybody")
    expect(box).to_be_focused()
    page.keyboard.type("two")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("lines")
    box.dispatch_event("keydown", {"key": "Enter", "isComposing": True})
    expect(box).to_have_value("two\nlines")
    page.keyboard.press("Enter")
    expect(box).to_have_value("")
    expect(page.locator(".text")).to_have_text(["two\nlines"])


def test_an_empty_message_is_not_sent(visit: Visit, chat: Room) -> None:
    """Nor one of spaces."""
    page = visit()
    write(page, " \n ")
    write(page, "Hello")
    expect(page.locator(".message.sent")).to_have_count(1)
    assert sum(request.startswith("POST /api/messages") for request in chat.requests) == 1


def test_new_messages_do_not_take_a_reader_away(visit: Visit, chat: Room) -> None:
    """A button says how many there are below, and goes there."""
    stored(chat, 40)
    page = visit()
    expect(page.get_by_text("number 39", exact=True)).to_be_in_viewport()
    log = page.locator(".log")
    log.hover()
    page.mouse.wheel(0, -10_000)
    expect(log).to_have_js_property("scrollTop", 0)
    expect(page.get_by_text("number 0", exact=True)).to_be_in_viewport()
    chat.post("bob", "first")
    chat.post("bob", "second")
    page.get_by_role("button", name="2 new messages").wait_for()
    assert log.evaluate("log => log.scrollTop") == 0
    page.get_by_role("button", name="2 new messages").click()
    assert distance_from_bottom(page) < 2
    expect(page.locator(".unseen")).to_have_count(0)


def test_who_is_at_the_bottom_stays_there(visit: Visit, chat: Room) -> None:
    """While messages come in, and while the window gets smaller."""
    stored(chat, 40)
    page = visit()
    chat.post("bob", "the last one")
    expect(page.locator(".text").last).to_be_in_viewport()
    page.set_viewport_size({"width": 390, "height": 420})
    expect(page.locator(".text").last).to_be_in_viewport()


def test_earlier_messages_come_above_what_is_being_read(visit: Visit, chat: Room) -> None:
    """Page by page, by the button or by going on upwards, until there are no more."""
    stored(chat, 300)
    page = visit()
    oldest = page.get_by_text("number 250", exact=True)
    button = page.get_by_role("button", name="Show earlier messages")
    button.scroll_into_view_if_needed()
    place = oldest.bounding_box()
    button.click()
    expect(page.get_by_text("number 249", exact=True)).to_be_attached()
    moved = oldest.bounding_box()
    assert place and moved and abs(moved["y"] - place["y"]) < 2
    log = page.locator(".log")
    log.press("Home")
    expect(page.get_by_text("number 50", exact=True)).to_be_in_viewport()
    log.press("Home")
    expect(page.get_by_text("number 49", exact=True)).to_be_attached()
    log.press("Home")
    expect(page.get_by_text("number 0", exact=True)).to_be_in_viewport()
    expect(button).to_have_count(0)


def test_days_and_speakers_part_the_messages(visit: Visit, chat: Room) -> None:
    """A heading for a day, a name for the first of several messages by the same person."""
    stored(chat, 3, datetime.now(UTC) - timedelta(days=1))
    page = visit("bob")
    write(page, "one")
    write(page, "two")
    expect(page.locator(".day")).to_have_text(["Yesterday", "Today"])
    expect(page.locator(".message.follows .text")).to_have_text(["number 2", "two"])
    expect(page.locator(".message .who:not(.hidden) bdi")).to_have_text(["bob", "carol", "bob"])


def test_an_empty_room_says_so(visit: Visit) -> None:
    """Until the first message."""
    page = visit()
    expect(page.locator(".empty")).to_contain_text("No messages yet.")
    write(page, "Hello")
    expect(page.locator(".empty")).to_have_count(0)
