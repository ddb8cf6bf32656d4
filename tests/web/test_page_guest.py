"""The page on a stage: a name and no account; and after sleep."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.web.conftest import Visit
from tests.web.stand_in import Room

NOBODY = {"id": None, "name": None}
A_MINUTE_MS = 60_000


def test_a_phone_joins_with_a_name_and_comes_back(chat: Room, visit: Visit) -> None:
    """The stage says what the name is in the end; the form says what is wrong with one."""
    chat.guest = dict(NOBODY)
    phone = visit(None)
    expect(phone.locator("#name-hint")).to_contain_text("You need no account.")
    phone.get_by_label("Your name").fill("bob@contoso.example")
    phone.keyboard.press("Enter")
    expect(phone.locator("#name-problem")).to_have_text("No @ in a name.")
    phone.get_by_label("Your name").fill("bob")
    phone.keyboard.press("Enter")
    expect(phone.locator(".me .name")).to_have_text("bob 2")
    phone.reload()
    phone.wait_for_selector(".connected")
    expect(phone.locator(".me .name")).to_have_text("bob 2")


@pytest.mark.long
def test_a_stage_that_does_not_answer_is_told_as_people_in_a_room_understand_it(
    chat: Room, visit: Visit
) -> None:
    """Nobody with a phone has a function app to start."""
    chat.guest = dict(NOBODY)
    phone = visit(None)
    phone.route("**/stage/guest", lambda route: route.abort())
    phone.get_by_label("Your name").fill("bob")
    phone.keyboard.press("Enter")
    expect(phone.locator("#name-problem")).to_contain_text("still in the room's network?")


@pytest.mark.long
def test_a_full_room_is_told_and_let_in_later(chat: Room, visit: Visit) -> None:
    """SignalR Service takes so many connections as its tier allows."""
    chat.guest = {"id": "guest-1", "name": "bob"}
    phone = visit(None)
    phone.route("**/client/negotiate*", lambda route: route.fulfill(status=429))
    phone.reload()
    expect(phone.locator(".banner")).to_contain_text("The room is full.")
    phone.unroute("**/client/negotiate*")
    phone.wait_for_selector(".connected")


def test_a_device_that_wakes_up_is_connected_anew_and_misses_nothing(
    chat: Room, visit: Visit
) -> None:
    """Its connection went without a word, while nothing ran there."""
    phone = visit(None)
    phone.clock.install()
    phone.get_by_label("Your name").fill("alice")
    phone.keyboard.press("Enter")
    phone.wait_for_selector(".connected")
    (old,) = chat.sockets
    chat.sockets.pop(old)  # what is said now does not come there
    chat.post("bob", "You are asleep")
    phone.clock.fast_forward(A_MINUTE_MS)
    expect(phone.locator(".text")).to_have_text(["You are asleep"], timeout=2_000)
    chat.post("bob", "You are awake")
    expect(phone.locator(".text").last).to_have_text("You are awake", timeout=2_000)


@pytest.mark.long
def test_a_page_that_comes_to_the_front_tries_at_once(chat: Room, visit: Visit) -> None:
    """Nobody who looks at it waits for the next try."""
    phone = visit("alice")
    chat.faults.negotiate = 503
    chat.drop()
    expect(phone.locator(".banner")).to_contain_text(re.compile("Trying again in [3-9] s"))
    chat.faults.negotiate = None
    phone.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    phone.wait_for_selector(".connected", timeout=900)


@pytest.mark.long
def test_a_lobby_is_told_and_ends_by_itself(chat: Room, visit: Visit) -> None:
    """The stage's own sentence; the page asks again when it was told to."""
    chat.guest = {"id": "guest-1", "name": "bob"}
    chat.post("carol", "Those who wait can read")
    phone = visit(None)
    why = "The room is full: 20 of 20 are in. You are number 3 in line."
    lobby = {"place": 3, "waiting": 12, "holds": 20, "again_ms": 1_000}
    full = {"error": why, "lobby": lobby}
    phone.route("**/api/negotiate*", lambda route: route.fulfill(status=429, json=full))
    phone.reload()
    expect(phone.locator(".banner")).to_have_text(why)
    expect(phone.locator(".state")).to_have_text("In line")
    expect(phone.locator(".text")).to_have_text("Those who wait can read")
    phone.unroute("**/api/negotiate*")
    phone.wait_for_selector(".connected", timeout=3_000)
    expect(phone.locator(".banner")).to_have_count(0)
