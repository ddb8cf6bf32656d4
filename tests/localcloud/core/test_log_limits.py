"""One line a second of each kind."""

from __future__ import annotations

import logging

import pytest

from chatkit.localcloud.core.log_limits import MAX_KINDS, OneASecond


class Log:
    """What a logger with the filter has written, at a time that the test sets."""

    def __init__(self) -> None:
        self.now = 0.0
        self.lines: list[str] = []
        self.filter = OneASecond(clock=lambda: self.now)
        handler = logging.Handler()
        handler.addFilter(self.filter)
        handler.emit = self._emit  # type: ignore[method-assign]
        self.logger = logging.Logger("a service")
        self.logger.addHandler(handler)

    def _emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


@pytest.fixture
def log() -> Log:
    return Log()


def test_lines_of_a_kind_are_counted(log: Log) -> None:
    """The next one that is written says how many were left out."""
    for number in range(1000):
        log.logger.warning("%s failed", number)
    log.now = 1.5
    log.logger.warning("%s failed", "the last")
    assert log.lines == ["0 failed", "the last failed (and 999 more like it before)"]


def test_another_kind_is_written(log: Log) -> None:
    """Another message, another exception, the same exception from another line."""

    def first() -> None:
        raise ValueError("a")

    def second() -> None:
        raise ValueError("a")

    log.logger.warning("one")
    log.logger.warning("two")
    for call in (first, first, second):
        try:
            call()
        except ValueError:
            log.logger.exception("failed")
    assert log.lines == ["one", "two", "failed", "failed"]


def test_what_came_no_more_is_counted_too(log: Log) -> None:
    """Once, when its second is over."""
    for number in range(3):
        log.logger.warning("%s failed", number)
    assert [*log.filter.overdue()] == []
    log.now = 2
    assert [record.getMessage() for record in log.filter.overdue()] == [
        "2 more lines like: 0 failed"
    ]
    assert [*log.filter.overdue()] == []


def test_a_line_is_shown_as_it_was_written(log: Log) -> None:
    """With its values, in one line, and cut between two words."""
    for path in ("/a", "/b"):
        log.logger.warning("%s %s failed\n%s", "GET", path, "trace")
    for _ in range(3):
        log.logger.warning("%s %s", "x" * 150, "y" * 100)
    log.now = 2
    assert [record.getMessage() for record in log.filter.overdue()] == [
        "1 more line like: GET /a failed",
        f"2 more lines like: {'x' * 150} ...",
    ]


def test_many_kinds_take_no_memory(log: Log) -> None:
    """A message that is different each time is its own kind."""
    for number in range(3 * MAX_KINDS):
        log.logger.warning(f"{number} failed")
    assert len(log.filter._seen) <= MAX_KINDS
