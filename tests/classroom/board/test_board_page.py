"""The board's page in a browser: live, with names for the instructor, and without for a room."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from chatkit.classroom.board import record
from tests.chromium import launched
from tests.classroom.board.board_testing import SCRIPT, OpenBoard, a_hand, a_result, raw

LIMIT_MS = 20_000


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """A Chromium for this file."""
    with launched(path=chromium) as browser:
        yield browser


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A new window."""
    context = browser.new_context(viewport={"width": 1400, "height": 900}, locale="en-GB")
    page = context.new_page()
    page.set_default_timeout(LIMIT_MS)
    yield page
    context.close()


def shown(page: Page, url: str) -> Page:
    """Open the board, and wait until it is live."""
    page.goto(url)
    expect(page.locator("#state")).to_have_text("live", timeout=LIMIT_MS)
    return page


def report(board: OpenBoard, number: int, *events: dict[str, object]) -> None:
    """Report as a person."""
    board.by(number).ask("POST", "results", {"events": [*events]})


def test_a_result_gets_to_its_square(board: OpenBoard, number: int, page: Page) -> None:
    """Live, in the row with the person's name, and script in a name stays text."""
    shown(page, f"{board.page}#{board.token}")
    assert board.token not in page.url
    report(board, number, a_result(section="03", passed=True, error="", seconds=420))
    row = page.locator(f"tr[data-person=p{number:02}]")
    expect(row.locator("th")).to_have_text(f"Person {number} {SCRIPT}")
    expect(row.locator("td").nth(3)).to_have_text("7")
    expect(row.locator("td").nth(3)).to_have_class("passed")
    expect(page.locator("#figures")).to_contain_text(f"join: CODE@{board.room}")
    assert page.title() == "Monday: board"
    assert page.locator("tbody img").count() == 0


def test_the_class_is_shown_as_it_is_now(board: OpenBoard, number: int, page: Page) -> None:
    """A newcomer's name, and the end of a class that was made longer, need no new page."""
    home = board.workshop.home
    people = {who: name for who, name in board.known.names.items() if who != f"p{number:02}"}
    record.write(home, replace(board.known, names=people))
    try:
        shown(page, f"{board.page}#{board.token}")
        until = re.compile("until (.* )?[0-9]{2}:[0-9]{2}$")
        expect(page.locator("#figures")).to_have_text(until)
        record.write(home, replace(board.known, ends=time.time() - 60))
        report(board, number, a_result())
        row = page.locator(f"tr[data-person=p{number:02}]")
        expect(row.locator("th")).to_have_text(f"Person {number} {SCRIPT}")
        expect(page.locator("#figures")).to_contain_text("over since")
    finally:
        record.write(home, board.known)


def test_people_with_the_same_error_are_named_together(board: OpenBoard, page: Page) -> None:
    """By kind, in which section."""
    shown(page, f"{board.page}#{board.token}")
    for number in (101, 102, 103):
        for _ in range(2):
            report(board, number, a_result(section="09", error="KeyError"))
    sentence = "3 people have the same error in section 09: KeyError"
    expect(page.locator("#errors li", has_text="KeyError")).to_have_text(sentence)
    cell = page.locator("tr[data-person=p101] td.stuck")
    expect(cell).to_have_text(re.compile(r"^[0-9]+ min$"))


def test_a_page_opened_late_knows_all_tries(board: OpenBoard, number: int, page: Page) -> None:
    """Also those that are not kept any more."""
    for _ in range(13):
        report(board, number, *(a_result(section="03") for _ in range(50)))
    report(board, number, a_result(section="04", passed=True, error=""))
    shown(page, f"{board.page}#{board.token}")
    square = page.locator(f"tr[data-person=p{number:02}] td").nth(3)
    expect(square).to_have_text("650×")
    report(board, number, a_result(section="03"), a_result(section="04", passed=True, error=""))
    expect(square).to_have_text("651×")


def test_who_begins_anew_is_as_stuck_as_before(board: OpenBoard, number: int, page: Page) -> None:
    """Old checks pass again on the way; what is new, or what had failed, ends it."""
    passed = {"passed": True, "error": "", "seconds": 60}
    failed = a_result(section="01", ago=600), a_result(section="01", ago=300)
    report(board, number, a_result(section="00", ago=700, **passed), *failed)
    report(board, number, a_result(section="00", **passed))
    shown(page, f"{board.page}#{board.token}")
    row = page.locator(f"tr[data-person=p{number:02}]")
    expect(row.locator("td").nth(1)).to_have_class("stuck")
    report(board, number, a_result(section="01", **passed))
    expect(row.locator("td").nth(1)).to_have_class("passed")
    expect(row.locator("td.why")).to_have_text("")


def test_a_hand_is_read_and_lowered(board: OpenBoard, number: int, page: Page) -> None:
    """By the instructor, with the question."""
    shown(page, f"{board.page}#{board.token}")
    report(board, number, a_hand(f"Why? {SCRIPT}"))
    name = f"Person {number} {SCRIPT}"
    item = page.locator("#hands li", has_text=f"{name}: Why? {SCRIPT}")
    item.get_by_role("button").click()
    expect(item).to_have_count(0)
    assert board.events(number)[-1]["text"] == ""


def test_who_leaves_is_gone(board: OpenBoard, number: int, page: Page) -> None:
    """At once."""
    shown(page, f"{board.page}#{board.token}")
    report(board, number, a_result())
    row = page.locator(f"tr[data-person=p{number:02}]")
    expect(row).to_have_count(1)
    board.by(number).ask("DELETE", "results")
    expect(row).to_have_count(0)


def test_a_projector_shows_no_name_and_no_question(
    board: OpenBoard, number: int, page: Page
) -> None:
    """Nothing of them reaches its window."""
    bodies: list[str] = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda x: bodies.append(str(x))))
    page.on("response", lambda answer: bodies.append(answer.url))
    report(board, number, a_result())
    shown(page, board.page)
    report(board, number, a_hand("Secret question"))
    expect(page.locator("#figures")).to_contain_text("up")
    expect(page.locator("tr.hand")).not_to_have_count(0)
    everything = page.content() + "".join(bodies)
    assert "Person 1" not in everything
    assert "Secret question" not in everything
    assert f'"p{number:02}"' not in everything
    expect(page.locator("#hands")).to_be_hidden()


def test_names_need_the_proof(board: OpenBoard) -> None:
    """Neither nothing, nor a guest's code, nor the token itself is one."""
    address = board.page.removeprefix("http://").removesuffix("/board")
    assert "Person" not in raw(address, "GET", "/board/known")[1]
    for wrong in (board.people[0].code, board.token, board.known.screen_token):
        headers = {"x-chatkit-token": wrong}
        status, text = raw(address, "GET", "/board/known", headers=headers)
        assert (status, "Person" in text) == (403, False)
        assert raw(address, "POST", "/board/hands", headers=headers)[0] == 403


def test_a_board_that_was_killed_is_not_live(board: OpenBoard, page: Page) -> None:
    """The hub goes on without it, but nobody can report."""
    shown(page, board.page)
    page.route("**/board/known", lambda route: route.abort())
    expect(page.locator("#problem")).to_have_text("The board does not answer.", timeout=LIMIT_MS)
    page.unroute("**/board/known")
    expect(page.locator("#problem")).to_be_hidden(timeout=LIMIT_MS)


def test_another_address_is_said(board: OpenBoard, page: Page) -> None:
    """In the figures what to type, and above the table what has changed."""

    def moved(route: Route) -> None:
        known = route.fetch().json()
        place = {"address": "192.0.2.7:8070", "notice": "The network has changed."}
        route.fulfill(json={**known, **place})

    shown(page, board.page)
    expect(page.locator("#notice")).to_be_hidden()
    page.route("**/board/known", moved)
    expect(page.locator("#notice")).to_have_text("The network has changed.", timeout=LIMIT_MS)
    expect(page.locator("#figures")).to_contain_text("join: CODE@192.0.2.7:8070")


def test_a_page_with_an_old_link_says_what_helps(board: OpenBoard, page: Page) -> None:
    """After the board was opened again."""
    page.goto(f"{board.page}#old")
    expect(page.locator("#problem")).to_contain_text("chatkit class board status")


def of_thirty(people: dict[str, object], board: OpenBoard, page: Page) -> None:
    """Answer the page with thirty people who are in all sections, with long names and causes."""
    names = {person: f"Person {person} with a {'rather ' * 5}long name" for person in people}

    def known(route: Route) -> None:
        told = route.fetch().json()
        route.fulfill(json={**told, **({"names": names} if told["instructor"] else {})})

    page.route("**/board/known", known)
    page.route("**/board/results", lambda route: route.fulfill(json={"people": people}))


def a_row(stuck: bool) -> list[dict[str, object]]:
    """What somebody has reported who came far, and is stuck there."""
    at = time.time() - 900
    done = [
        {**a_result(section=f"{number:02}", passed=True, error="", seconds=960), "at": at}
        for number in range(12)
    ]
    cause = "The connection is used before it is there, or after it has gone"
    last = {**a_result(section="12", error="HttpResponseError", cause=cause), "at": at}
    return [*done, *([last] * stuck)]


@pytest.mark.parametrize("size", [(1280, 720), (1440, 900), (1920, 1080)], ids=str)
@pytest.mark.parametrize("whose", ["instructor", "projector"])
def test_thirty_people_fit(whose: str, size: tuple[int, int], board: OpenBoard, page: Page) -> None:
    """Nothing is cut off at the side; on a projector, where nobody scrolls, nothing below."""
    page.set_viewport_size({"width": size[0], "height": size[1]})
    of_thirty({f"p{number:02}": a_row(number % 2 == 0) for number in range(1, 31)}, board, page)
    shown(page, f"{board.page}#{board.token}" if whose == "instructor" else board.page)
    expect(page.locator("tbody tr")).to_have_count(30)
    expect(page.locator("footer")).to_be_in_viewport(ratio=1)
    assert page.locator("#frame").evaluate("it => it.scrollWidth <= it.clientWidth")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    if whose == "projector":
        expect(page.locator("tbody tr").last).to_be_in_viewport(ratio=1)
    page.locator("tbody tr").last.scroll_into_view_if_needed()
    expect(page.locator("thead th").first).to_be_in_viewport()


def test_a_section_that_states_no_minutes_counts_for_no_pace(board: OpenBoard, page: Page) -> None:
    """Of a course whose notebook says none; its title stays text."""
    title = f"\u96f2 {SCRIPT}"
    sections = [
        {"number": "00", "title": title, "minutes": 0},
        {"number": "01", "title": "Two", "minutes": 8},
    ]
    at = time.time() - 60
    done = [
        {**a_result(section=number, passed=True, error="", seconds=480), "at": at}
        for number in ("00", "01")
    ]
    page.route(
        "**/board/known",
        lambda route: route.fulfill(json={**route.fetch().json(), "sections": sections}),
    )
    page.route("**/board/results", lambda route: route.fulfill(json={"people": {"p01": done}}))
    shown(page, board.page)
    head = page.locator("thead th", has_text="00")
    expect(head.locator("small")).to_have_text("8/?")
    expect(head).to_have_attribute("title", f"{title}: 8 of ? minutes")
    expect(page.locator("tbody tr").first.locator("td").nth(2)).to_have_text("8 of 8")
