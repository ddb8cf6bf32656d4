"""The table of sections agrees with notebooks and checks, and gives each verb what it needs."""

from __future__ import annotations

from inspect import isgeneratorfunction
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import pytest

from chatkit.core.errors import SetupError
from chatkit.core.settings import Known
from chatkit.lesson import sections
from chatkit.lesson.course import Course, Section, WrongDescription
from chatkit.lesson.sections import SECTIONS, TUTORIAL

LAST = sections.CLEAN_UP.number
AFTER_LAST = len(SECTIONS)
NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"


def test_every_notebook_has_a_section_and_every_section_a_notebook() -> None:
    """In the same order."""
    assert [*TUTORIAL.notebooks(NOTEBOOKS).values()] == sorted(NOTEBOOKS.glob("*.ipynb"))
    assert [*TUTORIAL.notebooks(NOTEBOOKS)] == [*SECTIONS]


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.number)
def test_every_section_has_a_check_that_its_notebook_calls(section: Section) -> None:
    """By the section's own number."""
    assert isgeneratorfunction(resolve_name(section.check))
    notebook = section.notebook(NOTEBOOKS)
    assert notebook is not None
    assert f'workshop.check(\\"{section.number}\\")' in notebook.read_text(encoding="utf-8")


def test_every_check_belongs_to_one_section() -> None:
    """No two share one."""
    assert len({section.check for section in SECTIONS}) == len(SECTIONS)


@pytest.mark.parametrize(
    ("completed", "next_one"), [((), "00"), (("00", "01"), "02"), (("00", "01", "10", LAST), LAST)]
)
def test_without_a_number_the_next_section_is_meant(
    completed: tuple[str, ...], next_one: str
) -> None:
    """The one after the last; the clean-up is the last there is."""
    assert TUTORIAL.after(completed).number == next_one


@pytest.mark.parametrize(
    ("facts", "done"),
    [
        (Known("chatkit-x", completed=("00", "01", "02", LAST)), ("00", "01", "02")),
        (Known(completed=("00", "01", "02", "07", LAST)), ("00", "01", LAST)),
        (Known(completed=("00", "02", "99")), ("00",)),
    ],
)
def test_what_is_done_is_what_is_there(facts: Known, done: tuple[str, ...]) -> None:
    """After the clean-up its sections are not done, and begun again it is not cleaned up."""
    assert TUTORIAL.done(facts) == done


@pytest.mark.parametrize("number", ["7", "07", " 7 ", 7])
def test_a_number_may_be_short(number: str | int) -> None:
    """People type 7 and mean 07."""
    assert TUTORIAL.find(number) == SECTIONS[7]


def test_the_sections_before_one_come_in_order() -> None:
    """Catching up runs them so."""
    assert [section.number for section in TUTORIAL.before(SECTIONS[2])] == ["00", "01"]


@pytest.mark.parametrize("number", [f"{AFTER_LAST}", "", "one", "-1", AFTER_LAST, -1, 7.5])
def test_another_number_is_refused_with_those_there_are(number: Any) -> None:
    """In a sentence."""
    with pytest.raises(SetupError, match="There is no section .*Sections are 00, 01"):
        TUTORIAL.find(number)


def test_a_section_without_its_notebook_is_refused(tmp_path: Path) -> None:
    """A folder without any notebook, too."""
    with pytest.raises(SetupError, match="notebooks are not here"):
        TUTORIAL.with_notebook("00", tmp_path)
    (tmp_path / "00-x.ipynb").touch()
    assert TUTORIAL.with_notebook("0", tmp_path) == SECTIONS[0]
    with pytest.raises(SetupError, match="no section 07.*Sections are 00;"):
        TUTORIAL.with_notebook("07", tmp_path)


@pytest.mark.parametrize(
    "described",
    [
        (Section("00", "a:b", cleans_up=True), Section("01", "a:b")),
        (Section("00", "a:b"), Section("01", "a:b", is_appendix=True), Section("02", "a:b")),
    ],
)
def test_what_ends_a_course_stands_at_its_end(described: tuple[Section, ...]) -> None:
    """`chatkit run` stops before the clean-up, and appendices follow it."""
    with pytest.raises(WrongDescription, match="then the clean-up, then appendices"):
        Course("Small", described)
