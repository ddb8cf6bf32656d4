"""What a check shows: ticks, times and the progress."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from chatkit.lesson import checks, courses
from chatkit.lesson.checks.core.checked import Checked, Proven

PROVEN = (Proven("alice <b>writes</b>.", 0.031), Proven("bob reads it.", 1.5))


def checked(progress: str = "Sections done: 8 of 12") -> Checked:
    """A check with two sentences."""
    return Checked.of("07", PROVEN, progress, rows=(), seconds=1.6)


def test_plain_text_has_ticks_and_the_progress() -> None:
    """As a terminal shows it."""
    assert repr(checked()).splitlines() == [
        "Section 07 works:",
        "  ✓ alice <b>writes</b>.",
        "  ✓ bob reads it.",
        "Sections done: 8 of 12. It took 1.60 s.",
    ]


def test_html_has_a_time_for_each_sentence() -> None:
    """In spans that a notebook's test leaves out; texts stay texts."""
    html = checked()._repr_mimebundle_()["text/html"]
    assert html.count("✓") == 2 and html.count("chatkit-time") == 3
    assert "&lt;b&gt;" in html and "8 of 12" in html
    assert '<span class="chatkit-time">31 ms</span>' in html


@pytest.mark.parametrize(
    ("section", "completed", "said"),
    [("00", (), "1 of 12."), ("04", ("00", "01", "04"), "3 of 12."), ("12", ("00",), "")],
)
def test_the_progress_counts_this_section_once(
    monkeypatch: pytest.MonkeyPatch, section: str, completed: tuple[str, ...], said: str
) -> None:
    """An appendix counts for none."""

    def proves(_session: object) -> Iterator[str]:
        yield "It is so."

    monkeypatch.setattr(courses, "function", lambda _: proves)
    monkeypatch.setattr(checks, "removed_after", lambda _: Nothing())
    facts = SimpleNamespace(completed=completed)
    session: Any = SimpleNamespace(
        on_cloud=Nothing, restart_rows=tuple, settings=SimpleNamespace(facts=facts)
    )
    last = checks.check(session, section).text.splitlines()[-1]
    assert said in last and ("Sections done" in last) == bool(said)


class Nothing:
    """A block that changes nothing, and left nothing."""

    def __enter__(self) -> tuple[()]:
        return ()

    def __exit__(self, *_: object) -> None:
        pass
