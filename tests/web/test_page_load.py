"""The page in a full room: 1,000 people and thousands of messages cost it no more than a few."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.web import crowd
from tests.web.conftest import Visit
from tests.web.stand_in import Room

MOST_NODES = 300
KEPT = 1_000
DESKTOP: dict[str, Any] = {}
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
HIDE = """hidden => {
    Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
}"""


def visit_stage(visit: Visit, chat: Room, **options: Any) -> Page:
    """The page of a guest, who knows everybody by an id."""
    chat.guest = {"id": "guest-1", "name": "alice"}
    page = visit(None, **options)
    page.wait_for_selector(".connected")
    return page


def number(page: Page, which: int) -> Any:
    """The message that says this number."""
    return page.locator(".text").filter(has_text=re.compile(rf"^number {which}(,|$)"))


def distance_from_bottom(page: Page) -> float:
    return float(
        page.locator(".log").evaluate("log => log.scrollHeight - log.scrollTop - log.clientHeight")
    )


def top_of(page: Page, which: int) -> float:
    box = number(page, which).bounding_box()
    assert box
    return float(box["y"])


def scroll_to(page: Page, top: int) -> None:
    """Scroll as somebody who reads back."""
    page.locator(".log").evaluate("(log, top) => { log.scrollTop = top; }", top)


def test_a_full_room_is_a_small_page(visit: Visit, chat: Room) -> None:
    """Whatever is said, and wherever the reader is; messages that arrive move nobody."""
    page = visit_stage(visit, chat, **PHONE)
    chat.say_all(crowd.messages(1_500))
    expect(number(page, 1_499)).to_be_in_viewport()
    assert distance_from_bottom(page) < 2
    assert crowd.nodes(page) <= MOST_NODES
    scroll_to(page, 20_000)
    page.locator(".log[aria-live=off]").wait_for()
    place = page.locator(".text").nth(8)
    said = place.inner_text()
    which = int(said.split(",")[0].removeprefix("number "))
    before = top_of(page, which)
    chat.say_all(crowd.messages(100, begin=1_500))
    page.get_by_role("button", name="100 new messages").wait_for()
    assert abs(top_of(page, which) - before) < 2
    assert crowd.nodes(page) <= MOST_NODES
    page.get_by_role("button", name="100 new messages").click()
    expect(number(page, 1_599)).to_be_in_viewport()


@pytest.mark.long
@pytest.mark.parametrize(
    ("options", "most_ms"),
    [
        pytest.param(DESKTOP, 50, id="desktop"),
        pytest.param(PHONE, 100 / 4, id="a phone with a quarter of this processor"),
    ],
)
def test_no_task_is_long_and_memory_is_flat(
    browser: Browser, visit: Visit, chat: Room, options: dict[str, Any], most_ms: float
) -> None:
    """5,000 messages of 1,000 people as fast as they come, and 5,000 more."""
    page = visit_stage(visit, chat, **options)
    session = page.context.new_cdp_session(page)
    heaps = []
    for begin in (0, 5_000):
        crowd.begin_tasks(browser, page)
        chat.say_all(crowd.messages(5_000, begin=begin), at_once=20)
        expect(number(page, begin + 4_999)).to_be_in_viewport(timeout=60_000)
        longest = crowd.tasks_ms(browser)[0]
        heaps.append(crowd.heap_bytes(session))
        print(f"longest task {longest:.0f} ms, heap {heaps[-1] / 1e6:.1f} MB")
        assert longest <= most_ms
        assert crowd.nodes(page) <= MOST_NODES
    assert heaps[1] <= heaps[0] * 1.05
