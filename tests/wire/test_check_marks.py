"""Which messages are a check's: by a mark that nobody types, at the time when it was made."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime

import pytest

from chatkit.chat.client.messages import ChatMessage
from chatkit.wire.check_marks import SENT_WITHIN_S, check_text, new_run, run_of

RUN = "0a1b2c3d"
LATER = SENT_WITHIN_S + 5
SHORT = "(0a1b2c)"


def after(seconds: float) -> str:
    return datetime.fromtimestamp(time.time() + seconds, UTC).isoformat()


@pytest.mark.parametrize("seconds", [None, 0, 5, -5, 60])
def test_a_checks_message_is_known_by_its_run(seconds: float | None) -> None:
    """With the clock of another machine, too; an app may tell no time."""
    text = check_text("is anybody there?", RUN)
    sent_at = "" if seconds is None else after(seconds)
    assert run_of(text, sent_at) == RUN
    assert ChatMessage("1", "chatkit", text, sent_at).is_of_check


@pytest.mark.parametrize(
    ("mark", "around"),
    [
        (SHORT, "{}"),
        (f"({'a' * 32})", "{}"),
        (f"({'7' * 31})", "{}"),
        ("(is it?)", "{}"),
        (None, "{} Really?"),
        (None, "> {}"),
    ],
)
def test_what_people_write_is_no_checks(mark: str | None, around: str) -> None:
    """The same words, and words around them, are a person's."""
    text = check_text("is anybody there?", RUN)
    if mark is not None:
        text = re.sub(r"\(\w+\)", mark, text)
    assert run_of(around.format(text), "") == ""
    assert not ChatMessage("1", "alice", around.format(text)).is_of_check


@pytest.mark.parametrize("seconds", [LATER, -LATER])
def test_who_repeats_it_at_another_time_is_a_person(seconds: float) -> None:
    """Word for word, with the mark."""
    text = check_text("is anybody there?", RUN)
    assert run_of(text, after(seconds)) == "" == run_of(text, "yesterday")


def test_no_two_marks_are_the_same() -> None:
    """Of two messages of a run, and of two runs."""
    assert check_text("what?", RUN) != check_text("what?", RUN) and new_run() != new_run()
