"""A pasted message is the problem it belongs to, and no other; what belongs to none is told so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatkit.knowledge.problem import LONGEST, plain
from chatkit.knowledge.problems import PROBLEMS
from chatkit.knowledge.problems.recognition import recognise
from chatkit.lesson.doctor.diagnose import diagnose
from chatkit.steps.session import Session
from tests.lesson.doctor.doctor_symptoms import SYMPTOMS, UNRELATED
from tests.tiers import one_in

DATA = Path(__file__).parents[2] / "data" / "symptoms"
CASES = [(key, text) for key, texts in SYMPTOMS.items() for text in texts]
IN_ONE_CASE_ONLY = {"wrong-shape"}


def named(text: str) -> list[str]:
    """Keys of the problems that a text is taken for, the likeliest first."""
    return [one.key for one in recognise(text)]


@pytest.mark.parametrize(("key", "text"), CASES)
def test_a_symptom_is_its_problem_and_no_other(key: str, text: str) -> None:
    """As it stands in the console, the log or the portal."""
    assert named(text) == [key]


@pytest.mark.parametrize(("key", "text"), CASES)
def test_case_and_spacing_do_not_matter(key: str, text: str) -> None:
    """A terminal breaks lines, a chat makes other quotation marks, a person shouts."""
    spread = text.replace(" ", " \n\t ").replace("'", "’")
    assert named(f"  {spread}\n") == [key]
    assert named(text.upper()) == [key] or key in IN_ONE_CASE_ONLY


@pytest.mark.parametrize("text", UNRELATED)
def test_an_unrelated_text_is_no_problem(text: str) -> None:
    """Ordinary output and other people's errors."""
    assert named(text) == []


def rows(name: str) -> list[list[str]]:
    """The lines of a table: key, message, and where it is from."""
    lines = (DATA / name).read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines if not line.startswith("#")]


MESSAGES = [row for name in ("messages", "given", "fresh") for row in rows(f"{name}.tsv")]


@pytest.mark.parametrize("row", MESSAGES, ids=lambda row: row[1])
def test_a_message_is_its_problem_first(row: list[str]) -> None:
    """In the words of those who print it, with the right cause first."""
    assert named(row[1])[:1] == [row[0]]


@pytest.mark.parametrize(
    "row",
    one_in(6, json.loads((DATA / "clients.json").read_text("utf-8"))),
    ids=lambda row: f"{row['client']}, {row['way']}",
)
def test_what_a_client_prints_is_its_problem_first(row: dict[str, str]) -> None:
    """Recorded from seven versions of Microsoft's client, and from two for Python."""
    assert named(row["text"])[:1] == [row["key"]]


@pytest.mark.parametrize("text", json.loads((DATA / "ordinary.json").read_text("utf-8")))
def test_ordinary_output_names_no_cause(text: str) -> None:
    """Somebody pastes what is no error at all."""
    assert named(text) == []


def test_every_problem_has_a_symptom() -> None:
    """Each with cause, fix and a link, and no number that anybody would have to look up."""
    assert {one.key for one in PROBLEMS} == {*SYMPTOMS, *(row[0] for row in rows("messages.tsv"))}
    assert len({one.title for one in PROBLEMS}) == len(PROBLEMS)
    assert all(one.cause and one.fix and one.links and one.patterns for one in PROBLEMS)


@given(st.text(max_size=300))
def test_any_text_can_be_pasted(text: str) -> None:
    """Nothing that a person pastes breaks the doctor."""
    assert isinstance(named(text), list)


def test_a_long_log_is_read_quickly() -> None:
    """A megabyte of it takes no longer than its beginning: the pasted text is cut."""
    assert named("negotiate " * 100_000) == [] and len(plain("x" * 1_000_000)) == LONGEST


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
    found = diagnose(Session(tmp_path), SYMPTOMS["may-not-register"][0])
    assert repr(found).splitlines()[:2] == [
        "NO  Insufficient privileges to register the app",
        "     seen:  in the pasted text only",
    ]
    assert "Application Developer" in repr(found) and not found.ok
