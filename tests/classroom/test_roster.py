"""The roster on the disk, and who has a code."""

from __future__ import annotations

import stat
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from chatkit.classroom import roster as rosters
from chatkit.classroom.codes import new_code
from chatkit.classroom.enrolment import Wanted, enrol
from chatkit.classroom.roster import Roster
from chatkit.core.errors import HomeDamaged, NotStarted
from tests.classroom.test_enrolment import NOW, people


@pytest.fixture
def made() -> Roster:
    """Three people."""
    return enrol(people(3), Wanted("Class of Ångström"), now=NOW)


def test_a_roster_comes_back_as_it_was(tmp_path: Path, made: Roster) -> None:
    """With names of every script."""
    rosters.write(tmp_path, made)
    assert rosters.read(tmp_path) == made


@pytest.mark.skipif(sys.platform == "win32", reason="rights of POSIX")
def test_only_its_owner_reads_the_roster(tmp_path: Path, made: Roster) -> None:
    """File and folder."""
    rosters.write(tmp_path, made)
    where = rosters.path(tmp_path)
    assert stat.S_IMODE(where.stat().st_mode) == 0o600
    assert stat.S_IMODE(where.parent.stat().st_mode) == 0o700


def test_no_repr_has_a_code(made: Roster) -> None:
    """A roster may land in a cell or in a log."""
    assert all(person.code not in repr(made) for person in made.people)
    assert "****-****-****" in repr(made.people[0])


def test_a_code_finds_its_person_until_the_class_ends(made: Roster) -> None:
    """Then nobody's counts."""
    second = made.people[1]
    assert made.find(second.code, NOW) == second
    assert made.find(new_code(), NOW) is None
    assert made.find(second.code, NOW + timedelta(hours=12)) is None


def test_people_of_one_name_are_told_apart_wherever_they_are_shown(made: Roster) -> None:
    """By mail, else by number: each gets the own page, and the board's row."""
    first, second, *others = made.people
    named = replace(second, name=first.name.upper(), mail="")
    known = replace(made, people=(replace(first, mail="a@example.org"), named, *others))
    labels = [known.label(person) for person in known.people]
    assert labels[0] == f"{first.name} (a@example.org)"
    assert labels[1] == f"{first.name.upper()} ({second.number})"
    assert labels[2:] == [person.name for person in others]


def test_fingerprints_have_no_code_in_them(made: Roster) -> None:
    """They are all that the board keeps."""
    known = made.fingerprints()
    assert sorted(known.values()) == [1, 2, 3]
    assert not any(person.code in text for person in made.people for text in known)


def test_without_a_roster_there_is_no_class(tmp_path: Path) -> None:
    """The hint makes one."""
    with pytest.raises(NotStarted, match="class roster"):
        rosters.read(tmp_path)


@pytest.mark.parametrize(
    "content", ["", "{}", "[]", '{"people": 3}', "{", '{"schema": 1, "people": [{"code": 1}]}']
)
def test_a_damaged_roster_is_said(tmp_path: Path, content: str) -> None:
    """It is not taken for no class."""
    where = rosters.path(tmp_path)
    where.parent.mkdir()
    where.write_text(content, encoding="utf-8")
    with pytest.raises(HomeDamaged, match="holds the class"):
        rosters.read(tmp_path)


def test_a_suffix_that_somebody_wrote_into_the_roster_is_refused(
    tmp_path: Path, made: Roster
) -> None:
    """It becomes the name of a group that is deleted."""
    bad = replace(made, people=(replace(made.people[0], suffix="../x"),))
    rosters.write(tmp_path, bad)
    with pytest.raises(HomeDamaged):
        rosters.read(tmp_path)
