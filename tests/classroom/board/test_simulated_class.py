"""A class of people who are none: what they did is what the board has, and its page shows it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Page, expect

from chatkit.classroom.board import board as boards
from chatkit.classroom.reporting.records import ClassRecords
from chatkit.core.processes import wait_until
from chatkit.core.running.presence import BOARD
from tests.chromium import launched
from tests.classroom.board.board_testing import OpenBoard, open_board
from tests.classroom.board.simulated import SECTIONS, SimulatedPerson, run_class

LIMIT_MS = 30_000
P95_LIMIT_S = 3.0
# Beside the other tests, on two cores, and with people who work a thousand times as fast.
BUSY_LIMIT_S = 15.0
# Notes when each result's square was drawn.
DRAWN = """
  window.drawn = {};
  const look = () => {
    const cells = document.querySelectorAll("td[data-id]");
    for (const cell of cells) drawn[cell.dataset.id] ??= Date.now();
  };
  new MutationObserver(look).observe(document, {childList: true, subtree: true});
"""


@pytest.fixture(scope="module")
def window(chromium: str) -> Iterator[Page]:
    """A browser window for this file."""
    with launched(path=chromium) as browser:
        page = browser.new_page(viewport={"width": 1800, "height": 1400})
        page.set_default_timeout(LIMIT_MS)
        page.add_init_script(DRAWN)
        yield page


def watched(board: OpenBoard, window: Page) -> Page:
    """The instructor's page, live."""
    window.goto(f"{board.page}#{board.token}")
    expect(window.locator("#state")).to_have_text("live", timeout=LIMIT_MS)
    return window


def check_whole(board: OpenBoard, people: list[SimulatedPerson]) -> None:
    """Everything that was reported is there, once and in order; of who has left is nothing."""
    told = board.instructor.ask("GET", "results")["people"]
    for person in people:
        known = [event["id"] for event in told.get(f"p{person.number:02}", [])]
        assert known == person.told, person.number


def check_squares(page: Page, people: list[SimulatedPerson]) -> None:
    """The page shows which sections passed."""
    for person in people:
        row = page.locator(f"tr[data-person=p{person.number:02}]")
        expect(row).to_have_count(0 if person.has_left else 1)
        if not person.has_left:
            expect(row.locator("td.passed")).to_have_count(len(set(person.passed)))


def seconds_to_square(page: Page, times: dict[str, float]) -> list[float]:
    """From the end of a check to the square on the screen, sorted."""
    drawn: dict[str, float] = page.evaluate("drawn")
    return sorted(drawn[one] / 1000 - at for one, at in times.items() if one in drawn)


def test_twelve_people(
    board: OpenBoard, window: Page, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With mistakes, questions, lost answers and gaps in the network."""
    page = watched(board, window)
    people, times = run_class(board, tmp_path, range(110, 122), minute_s=0.02)
    check_whole(board, people)
    check_squares(page, people)
    _report(seconds_to_square(page, times), capsys, limit_s=BUSY_LIMIT_S)


@pytest.mark.long
def test_sixty_people_while_the_board_is_killed(
    window: Page, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The board's process ends in the middle, and is opened again: nothing is lost."""
    with open_board(tmp_path / "home", 80) as board:
        page = watched(board, window)
        people, times = run_class(board, tmp_path, range(1, 61), minute_s=0.5)
        check_whole(board, people)
        check_squares(page, people)
        _report(seconds_to_square(page, times), capsys, limit_s=P95_LIMIT_S)
        with ThreadPoolExecutor(1) as pool:
            opened = pool.submit(_kill_and_open, board, tmp_path / "p61")
            more, _ = run_class(board, tmp_path, range(61, 81), minute_s=0.3)
            opened.result()
        check_whole(board, [*people, *more])
        check_squares(watched(board, window), [*people, *more])


def _kill_and_open(board: OpenBoard, somebody: Path) -> None:
    """Kill the board's process when the class is at work."""
    began = ClassRecords(somebody)
    until = time.monotonic() + LIMIT_MS / 1000
    assert wait_until(lambda: began.membership(), until=until, unless=lambda: False)
    server = board.workshop.session.servers.running(BOARD)
    assert server is not None
    psutil.Process(server.pid).kill()
    boards.up(board.workshop.session, boards.Wanted(port=board.known.port))


def _report(found: list[float], capsys: pytest.CaptureFixture[str], *, limit_s: float) -> None:
    """Say how long results took to their squares, and compare with what a room would notice."""
    assert len(found) >= len(SECTIONS)
    middle = found[len(found) // 2]
    p95 = found[int(len(found) * 0.95)]
    with capsys.disabled():
        print(f"\nresult to its square: {len(found)}, median {middle:.2f} s, p95 {p95:.2f} s")
    assert p95 < limit_s
