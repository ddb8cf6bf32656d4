"""The page on a stage obeys its presenter: what is hidden, and who may write."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.web.conftest import Visit
from tests.web.stand_in import Room

pytestmark = pytest.mark.long
TIMES = [f"2026-11-29T10:0{minute}:00.000Z" for minute in range(6)]
BOB, MALLORY = "guest-b", "guest-m"


def said(number: int, who: str = BOB) -> dict[str, Any]:
    """A message as the hub sends it."""
    sender = {BOB: "bob", MALLORY: "mallory"}.get(who, who)
    known = {"senderId": who} if who in (BOB, MALLORY) else {}
    text = f"number {number}"
    return {"id": f"i{number}", "sender": sender, **known, "text": text, "sentAt": TIMES[number]}


@pytest.fixture
def page(visit: Visit, chat: Room) -> Page:
    """A guest's page, on which three people have spoken."""
    chat.guest = {"id": "guest-1", "name": "alice"}
    page = visit(None)
    page.wait_for_selector(".connected")
    for message in (said(0), said(1, MALLORY), said(2, "carol")):
        chat.say(message)
    expect(page.locator(".text")).to_have_count(3)
    return page


@pytest.mark.parametrize(
    ("hidden", "left"),
    [
        ({"ids": ["i0"]}, [1, 2]),
        ({"guests": [MALLORY]}, [0, 2]),
        ({"names": ["carol", "bob"]}, [0, 1]),
        ({"before": TIMES[2]}, [2]),
    ],
)
def test_what_is_hidden_goes_and_comes_back(
    page: Page, chat: Room, hidden: dict[str, Any], left: list[int]
) -> None:
    """At once, and whole; a name hides only who has no id."""
    chat.decide(1, **hidden)
    expect(page.locator(".text")).to_have_text([f"number {number}" for number in left])
    chat.decide(2)
    expect(page.locator(".text")).to_have_text(["number 0", "number 1", "number 2"])


def test_what_was_on_its_way_from_a_muted_guest_is_not_shown(page: Page, chat: Room) -> None:
    """Nor counted, nor is the guest among those whom one can write to."""
    chat.decide(1, guests=[MALLORY])
    expect(page.locator(".text")).to_have_count(2)
    chat.say(said(3, MALLORY))
    chat.say(said(4))
    expect(page.locator(".text")).to_have_text(["number 0", "number 2", "number 4"])
    expect(page.locator("#recipient option")).to_have_text(["Everybody", "bob"])


def test_an_older_document_and_a_wrong_one_change_nothing(page: Page, chat: Room) -> None:
    """Two may overtake each other on their way."""
    chat.decide(5, ids=["i0"])
    for version in (5, 4, "6", None):
        chat.decide(version)
    chat.decide(6, ids=["i0"], guests="all", names={"bob": 1}, before={}, slowSeconds="9")
    chat.say(said(3))
    expect(page.locator(".text")).to_have_text(["number 1", "number 2", "number 3"])


def test_who_comes_later_knows_the_rules(page: Page, chat: Room) -> None:
    """A new stage may begin its numbers anew: what it answers counts."""
    chat.decide(9, ids=["i0"])
    chat.decide(1, ids=["i3"], to_all=False)
    chat.drop()
    page.wait_for_selector(".waiting")
    page.wait_for_selector(".connected")
    chat.say(said(3))
    chat.say(said(4))
    expect(page.locator(".text")).to_have_text(["number 0", "number 1", "number 2", "number 4"])


def test_a_pause_and_slow_mode_are_told(page: Page, chat: Room) -> None:
    """Where one writes; what is refused stays with the stage's sentence."""
    chat.decide(1, paused=True)
    expect(page.locator(".composer")).to_contain_text("The presenter has paused the chat.")
    chat.decide(2, slowSeconds=5)
    expect(page.locator(".composer")).to_contain_text("Slow mode: one message every 5 seconds.")
    chat.faults.send = (429, '{"error": "One message every 5 seconds.", "reason": "slow"}')
    page.get_by_label("Message to everybody").fill("Hello")
    page.keyboard.press("Enter")
    expect(page.locator(".fate")).to_contain_text("Not sent. One message every 5 seconds.")
    chat.decide(3)
    expect(page.locator(".composer")).not_to_contain_text("Slow mode")


def test_an_answer_that_was_overtaken_hides_no_less(page: Page, chat: Room) -> None:
    """On a slow network what the hub tells comes before the answer that is older than it."""
    held: list[Route] = []
    chat.decide(1)
    page.route("**/stage/rules", lambda route: held.append(route))
    chat.drop()
    page.wait_for_selector(".waiting")
    page.wait_for_selector(".connected")
    until(page, lambda: held)
    chat.decide(2, ids=["i0"])
    expect(page.locator(".text")).to_have_text(["number 1", "number 2"])
    for route in held:
        route.fulfill(json={"version": 1, "hidden": {}})
    chat.say(said(3))
    expect(page.locator(".text")).to_have_text(["number 1", "number 2", "number 3"])


def test_rules_that_did_not_come_are_asked_for_again(page: Page, chat: Room) -> None:
    """What was hidden while a phone was away does not stay there because an answer was lost."""
    lost: list[Route] = []

    def lose(route: Route) -> None:
        lost.append(route)
        route.abort() if len(lost) == 1 else route.continue_()

    page.route("**/stage/rules", lose)
    chat.decide(2, ids=["i0"], to_all=False)
    chat.drop()
    page.wait_for_selector(".waiting")
    expect(page.locator(".text")).to_have_text(["number 1", "number 2"], timeout=15_000)


def until(page: Page, is_so: Callable[[], object]) -> None:
    """Wait for what the page has asked for."""
    for _ in range(100):
        if is_so():
            return
        page.wait_for_timeout(50)
    raise AssertionError("the page has not asked")
