"""Reports: what a check or an exercise tells the class, and nothing else of what it met.

A report never raises, and waits for the network only while one's hand is up: a moment, until the
board has said whether it still is.
"""

from __future__ import annotations

import logging
import re
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from chatkit.classroom.reporting import sending
from chatkit.classroom.reporting.records import ClassRecords, Event, Membership
from chatkit.core.errors import ChatkitError
from chatkit.core.text.controls import visible
from chatkit.knowledge.problem import Problem

KIND = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
UNNAMED = "Exception"
ANSWER_S = 1.0
AFTER_S = 24 * 3600.0
"""A class may be prolonged, which participants are not told."""
_log = logging.getLogger(__name__)


@contextmanager
def reported(
    home: Path, kind: str, section: str, problems: Sequence[Problem] = ()
) -> Iterator[None]:
    """Report how the block ends; without a class it does nothing.

    Args:
        home: The home.
        kind: "check" or "exercise".
        section: Its number.
        problems: Of the course, besides those that the kit knows.
    """
    tell_lowered(home)
    try:
        yield
    except Exception as error:
        result(home, kind, section, error, problems)
        _hear_of_hand(home)
        raise
    result(home, kind, section, None)
    _hear_of_hand(home)


def result(
    home: Path,
    kind: str,
    section: str,
    error: BaseException | None,
    problems: Sequence[Problem] = (),
) -> None:
    """Report a result: passed when there is no error."""
    try:
        joined = ClassRecords(home).membership()
        if joined is None or time.time() > joined.ends + AFTER_S:
            return
        name = kind_of(error)
        cause = cause_of(error, problems)

        def make(membership: Membership) -> tuple[Membership, Event]:
            now = time.time()
            event: Event = {
                "id": new_id(),
                "kind": kind,
                "at": now,
                "section": section,
                "passed": error is None,
                "seconds": _seconds(membership.since, now),
                "error": name,
                "cause": cause,
            }
            has_moved_on = error is None and kind == "check"
            return (replace(membership, since=now) if has_moved_on else membership), event

        _keep(home, ClassRecords(home).add(make))
    except Exception:  # whatever it is, it is no reason for a check to fail
        _log.debug("A result could not be kept for the class.", exc_info=True)


def hand(home: Path, text: str) -> bool:
    """Raise a hand, or lower it with an empty text; says whether it was kept.

    Raises:
        NotWritten: The disk is full, or takes no writes.
    """

    def make(membership: Membership) -> tuple[Membership, Event]:
        event: Event = {"id": new_id(), "kind": "hand", "at": time.time(), "text": text}
        return membership, event

    return _keep(home, ClassRecords(home).add(make))


def tell_lowered(home: Path) -> None:
    """Print, once, that the instructor has lowered one's hand, when that is known here."""
    with suppress(ChatkitError, OSError):
        lowered = ClassRecords(home).take_lowered()
        if lowered:
            print(f"The instructor has lowered your hand: {visible(lowered)}")


def _hear_of_hand(home: Path) -> None:
    """The board's answer to a result says whether one's hand is still up: wait for it a moment."""
    with suppress(ChatkitError, OSError):
        membership = ClassRecords(home).membership()
        if membership is not None and membership.hand:
            sending.has_arrived(home, ANSWER_S)
    tell_lowered(home)


def resume(home: Path) -> None:
    """Send what an earlier process could not."""
    with suppress(OSError):
        if ClassRecords(home).has_waiting():
            sending.wake(home)


def new_id() -> str:
    """An id of an event: what is sent again counts once."""
    return uuid.uuid4().hex


def kind_of(error: BaseException | None) -> str:
    """The type of an error, by its name alone; empty for none."""
    if error is None:
        return ""
    name = type(error).__name__
    return name if KIND.fullmatch(name) else UNNAMED


def cause_of(error: BaseException | None, problems: Sequence[Problem] = ()) -> str:
    """The title of the known problem that an error is; empty when it is none.

    The error's text is read here and goes nowhere. Problems of the course come first.
    """
    if error is None:
        return ""
    from chatkit.knowledge.problems import recognition

    code = getattr(error, "code", "")
    text = f"{error} {error.__cause__ or ''}"
    found = recognition.of_code(code if isinstance(code, str) else "")
    found = found or recognition.certain(text, problems)
    return found.title if found else ""


def _seconds(since: float, now: float) -> float:
    """How long one was in a section; 0 where the clock was set in between, and nobody knows."""
    seconds = now - since
    return round(seconds, 1) if 0 <= seconds <= sending.MOST_S else 0.0


def _keep(home: Path, is_kept: bool) -> bool:
    if is_kept:
        sending.wake(home)
    return is_kept
