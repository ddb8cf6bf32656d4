"""One check per section, of what the section's work really does.

The same checks run on both targets.

A check is a function that yields one sentence for each thing it has proven and raises `CheckFailed`
at the first that is not so.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from chatkit.cloud.hints import refine_hint
from chatkit.core.errors import CheckFailed
from chatkit.core.results import Result
from chatkit.journeys.checking import checking
from chatkit.lesson import app_log, courses
from chatkit.lesson.checks.core.checked import Checked, Proven
from chatkit.lesson.checks.core.traces import removed_after
from chatkit.lesson.course import Course, Section

if TYPE_CHECKING:
    from chatkit.steps.session import Session

Check = Callable[["Session"], Iterator[str]]


def check(session: Session, section: str | int) -> Result:
    """Check a section.

    Args:
        section: Its number: "04", "4", or 4.

    Returns:
        What was proven, a line each.

    Raises:
        CheckFailed: Something is not as it should be; the hint says what to do.
        SetupError: There is no such section.
    """
    course = courses.current()
    found = course.find(section)
    run: Check = courses.function(found.check)
    begun = time.monotonic()
    since = datetime.now(UTC)
    try:
        with session.on_cloud(), checking(), removed_after(session) as left:
            proven = [*_timed(run(session))]
    except CheckFailed as error:
        if found.where:
            app_log.blame(session, found.where)(error, since)
        _explain(session, course, found, error)
        raise
    except Exception as error:
        refine_hint(error, found.number)
        courses.note_place(error)
        raise
    rows = (*session.restart_rows(), *left)
    return Checked.of(
        found.number,
        tuple(proven),
        _progress(session, course, found),
        rows=rows,
        seconds=time.monotonic() - begun,
    )


def _timed(sentences: Iterator[str]) -> Iterator[Proven]:
    """Each sentence with how long it took to prove."""
    begun = time.monotonic()
    for sentence in sentences:
        now = time.monotonic()
        yield Proven(sentence, now - begun)
        begun = now


def _progress(session: Session, course: Course, section: Section) -> str:
    """How many sections are done with this one; empty for an appendix, which counts for none."""
    if section.is_appendix:
        return ""
    numbers = [one.number for one in course.main]
    done = {*session.settings.facts.completed, section.number}.intersection(numbers)
    return f"Sections done: {len(done)} of {len(numbers)}"


def _explain(session: Session, course: Course, section: Section, error: CheckFailed) -> None:
    """Let the error name the sections that are not done yet."""
    if error.why or not _is_missing(error):
        return
    done = course.done(session.settings.facts)
    earlier = [one.number for one in course.before(section) if one.number not in done]
    app = session.functions_folder / "function_app.py"
    is_gone = bool(section.where) and not app.exists()
    if earlier or is_gone:
        error.explain(
            f"Section {section.number} is not done yet.",
            why=f"{error.what}: expected {error.expected}, got {error.got}.",
            hint=f'workshop.catch_up("{section.number}") does what comes before it;'
            f" then run the cells of notebook {section.number}.",
        )


def _is_missing(error: CheckFailed) -> bool:
    """Whether what was looked at is not there at all."""
    return error.got in ("none", "nothing") or getattr(error.__cause__, "status_code", 0) == 404
