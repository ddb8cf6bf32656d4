"""A home in which another course was begun."""

from __future__ import annotations

from pathlib import Path

import pytest

from chatkit.cli import lab
from chatkit.core import settings
from chatkit.core.work import course_choice
from tests.lesson.courses.conftest import Install

SAID = "was begun with another course"


@pytest.mark.parametrize("done", [True, False])
def test_who_opens_it_with_another_course_hears_of_it_once(
    install: Install,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    done: bool,
) -> None:
    """What was done there counts; nothing is said where nothing was done."""
    install()
    lab.bring_notebooks()
    if done:
        settings.save(home, settings.load(home).with_section("00"))
    monkeypatch.setenv(course_choice.VARIABLE, "small")
    lab.bring_notebooks()
    assert (SAID in capsys.readouterr().out) == done
    lab.bring_notebooks()
    assert SAID not in capsys.readouterr().out
