"""A pasted message is the problem it belongs to, and no other; what belongs to none is told so."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatkit.lesson.doctor.diagnose import diagnose
from chatkit.lesson.doctor.problems import PROBLEMS
from chatkit.lesson.doctor.problems.problem import plain
from chatkit.steps.session import Session
from tests.lesson.doctor.doctor_symptoms import SYMPTOMS, UNRELATED

CASES = [(number, text) for number, texts in SYMPTOMS.items() for text in texts]
IN_ONE_CASE_ONLY = {11}


def named(text: str) -> list[int]:
    """Numbers of the problems that a text sounds like."""
    return [problem.number for problem in PROBLEMS if problem.sounds_like(plain(text))]


@pytest.mark.parametrize(("number", "text"), CASES)
def test_a_symptom_is_its_problem_and_no_other(number: int, text: str) -> None:
    """As it stands in the console, the log or the portal."""
    assert named(text) == [number]


@pytest.mark.parametrize(("number", "text"), CASES)
def test_case_and_spacing_do_not_matter(number: int, text: str) -> None:
    """A terminal breaks lines, a chat makes other quotation marks, a person shouts."""
    spread = text.replace(" ", " \n\t ").replace("'", "’")
    assert named(f"  {spread}\n") == [number]
    assert named(text.upper()) == [number] or number in IN_ONE_CASE_ONLY


@pytest.mark.parametrize("text", UNRELATED)
def test_an_unrelated_text_is_no_problem(text: str) -> None:
    """Ordinary output and other people's errors."""
    assert named(text) == []


def test_every_problem_has_a_symptom() -> None:
    """All from 1 on, in whichever area, each with cause, fix and a link."""
    numbers = sorted(problem.number for problem in PROBLEMS)
    assert numbers == list(range(1, len(PROBLEMS) + 1)) == list(SYMPTOMS)
    assert all(problem.cause and problem.fix and problem.links for problem in PROBLEMS)


@given(st.text(max_size=300))
def test_any_text_can_be_pasted(text: str) -> None:
    """Nothing that a person pastes breaks the doctor."""
    assert isinstance(named(text), list)


def test_a_long_log_is_read_quickly() -> None:
    """A megabyte of it takes no longer than its beginning: the pasted text is cut."""
    assert named("negotiate " * 100_000) == [] and len(plain("x" * 1_000_000)) == 20_000


def test_an_unknown_symptom_is_told_what_to_try(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a home where nothing was done.

    There is nothing wrong with it, so that the verb ends well.
    """
    monkeypatch.setenv("CHATKIT_HOME", str(tmp_path))
    monkeypatch.setenv("NO_PROXY", "localhost,127.0.0.1")
    found = diagnose(Session(tmp_path), "hello")
    assert repr(found).startswith(
        "No known problem has these words in it.\n  - Paste the whole message"
    )
    assert found.ok and found.as_dict()["problems"] == [] and len(found.as_dict()["advice"]) == 4


def test_a_known_symptom_is_named_with_cause_and_fix(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nothing was done there is nothing to see; the text alone speaks for it."""
    monkeypatch.setenv("CHATKIT_HOME", str(tmp_path))
    found = diagnose(Session(tmp_path), SYMPTOMS[46][0])
    assert repr(found).splitlines()[:2] == [
        "NO  Problem 46: Insufficient privileges to register the app",
        "     seen:  in the pasted text only",
    ]
    assert "Application Developer" in repr(found) and not found.ok
