"""The blank of each section: open, wrong in many ways, solved; and nothing of it in the chat."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from azure.storage.blob import BlobServiceClient

from chatkit.cloud import local_cloud
from chatkit.core.errors import NoSuchChoice
from chatkit.lesson.course import Exercise
from chatkit.lesson.exercises import attempts, grading
from chatkit.lesson.exercises.bench import Bench
from chatkit.lesson.sections import EXERCISES, TUTORIAL
from chatkit.steps import app_files, running
from chatkit.steps.local_settings import storage_for
from chatkit.steps.session import Session
from tests.lesson.exercises import in_process
from tests.lesson.exercises.attempts_of_learners import EDITED, RIGHT, WRONG

STORES = "06"  # the one whose app reads a blob
NUMBERS = [exercise.number for exercise in EXERCISES]
IN_PROCESS = [(f, says) for number, f, says in WRONG if number == "09" and says != "KeyError"]
pytestmark = pytest.mark.slow


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    """A workshop that nothing was done in; no local cloud runs."""
    home = tmp_path / "home"
    monkeypatch.setenv("CHATKIT_HOME", str(home))
    home.mkdir()
    yield Session(home)
    local_cloud.stop(home / "local")


def is_clean(session: Session, number: str) -> bool:
    """Whether a grading has left nothing: no folder, and nothing in the cloud that people use."""
    left = [*running.graded_in(session.home).iterdir()]
    if number != STORES:
        # It needs no cloud, so that nobody there can have seen anything of it.
        return not left and not (session.home / "local").exists()
    text = storage_for(session.connect_storage())
    with BlobServiceClient.from_connection_string(text) as blobs:
        return not left and not [*blobs.list_containers()]


def write(session: Session, number: str, text: str) -> str:
    """Do what the notebook's cell does."""
    name = TUTORIAL.exercise(number).file
    return app_files.write(name, text, folder=session.folder, home=session.home)


def template(number: str) -> str:
    """The app with its hole."""
    return app_files.template(TUTORIAL.exercise(number).file)


@pytest.mark.parametrize("number", NUMBERS)
def test_a_hole_that_is_left_is_open_at_once(session: Session, number: str) -> None:
    """Nothing is started: an open exercise costs a notebook nothing."""
    assert "there is no exercises/" in repr(grading.grade(session, number))
    write(session, number, template(number))
    grade = grading.grade(session, number)
    assert grade.state == "open" and "still is `...`" in repr(grade)
    assert len(repr(grade).splitlines()) <= 3
    assert not running.graded_in(session.home).exists()


@pytest.mark.parametrize("exercise", EXERCISES, ids=NUMBERS)
def test_the_solution_fills_the_hole_and_nothing_else(exercise: Exercise) -> None:
    """There is one hole, and one text of the app: that of the notebook."""
    text = template(exercise.number)
    assert text.count("...") == 1
    before, after = text.split("...")
    solution, line = attempts.solution(exercise)
    assert solution.startswith(before) and solution.endswith(after)
    assert "..." in text.splitlines()[line - 1]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("def f(:\n", "function_app.py, line 1: def f(: → SyntaxError"),
        ("x = 'a\n", "SyntaxError"),
        ("x = 1\x00\n", "null bytes"),
        ("if True:\nx = 1\n", "IndentationError"),
        ("(" * 500, "The file cannot be read as Python"),
    ],
)
def test_what_is_no_python_is_named_with_its_line(session: Session, text: str, says: str) -> None:
    """Without a run, and without a traceback."""
    write(session, "05", text)
    grade = grading.grade(session, "05")
    assert grade.state == "wrong" and says in repr(grade)


@pytest.mark.parametrize("section", ["03", "11", "12", "", "4.5", "none"])
def test_a_section_without_an_exercise_says_which_have_one(session: Session, section: str) -> None:
    """As with sections: the nearest is named."""
    with pytest.raises(NoSuchChoice, match="Exercises are 04, 05, 06, 07, 08, 09, 10"):
        grading.grade(session, section)


@pytest.mark.long
@pytest.mark.parametrize(("number", "fill", "says"), WRONG)
def test_a_wrong_attempt_is_told_what_is_wrong(
    session: Session, number: str, fill: str, says: str
) -> None:
    """What was asked for, what came, what to do: three lines, and nothing is left running."""
    write(session, number, template(number).replace("...", fill))
    grade = grading.grade(session, number)
    assert grade.state == "wrong" and says in repr(grade)
    assert 2 <= len(repr(grade).splitlines()) <= 3
    assert is_clean(session, number)


@pytest.mark.long
@pytest.mark.parametrize(("number", "old", "new", "says"), EDITED)
def test_what_is_spoilt_around_the_hole_is_named(
    session: Session, number: str, old: str, new: str, says: str
) -> None:
    """Somebody may change anything in the cell."""
    text, _ = attempts.solution(TUTORIAL.exercise(number))
    write(session, number, text.replace(old, new))
    grade = grading.grade(session, number)
    assert grade.state == "wrong" and says in repr(grade)


@pytest.mark.long
@pytest.mark.parametrize(("number", "fill"), RIGHT)
def test_another_way_to_write_it_is_right_too(session: Session, number: str, fill: str) -> None:
    """What the app does counts."""
    write(session, number, template(number).replace("...", fill))
    assert grading.grade(session, number).state == "solved"


@pytest.mark.parametrize(("fill", "says"), IN_PROCESS)
def test_a_wrong_answer_is_told_in_process(
    session: Session, monkeypatch: pytest.MonkeyPatch, fill: str, says: str
) -> None:
    """The short form, without a function host."""
    monkeypatch.setattr(Bench, "running", in_process.running)
    write(session, "09", template("09").replace("...", fill))
    grade = grading.grade(session, "09")
    assert grade.state == "wrong" and says in repr(grade)


def test_the_solution_is_right_in_process(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The attempt is kept, and nothing else."""
    monkeypatch.setattr(Bench, "running", in_process.running)
    write(session, "09", template("09").replace("...", "'mine'"))
    grade = grading.solve(session, "09")
    assert grade.state == "solved" and "kept as my-chat/exercises/09/" in repr(grade)
    assert is_clean(session, "09")


@pytest.mark.long
@pytest.mark.parametrize("number", NUMBERS)
def test_the_solution_solves_it_and_an_attempt_is_kept(session: Session, number: str) -> None:
    """Whoever gives up loses nothing; the notebook's cell can be run again afterwards."""
    attempt = template(number).replace("...", "'mine'")
    write(session, number, attempt)
    grade = grading.solve(session, number)
    path = session.folder / TUTORIAL.exercise(number).file
    assert grade.state == "solved"
    assert f"kept as my-chat/exercises/{number}/function_app.py.before-1" in repr(grade)
    assert is_clean(session, number)
    assert path.with_name("function_app.py.before-1").read_text(encoding="utf-8") == attempt
    assert "kept" not in write(session, number, template(number))


def test_attempts_in_the_cell_leave_no_copies(session: Session) -> None:
    """A learner tries ten times; what the kit writes over it is kept beside."""
    for attempt in ("1", "2", "3"):
        assert "kept" not in write(session, "07", template("07").replace("...", attempt))
    assert "kept as function_app.py.before-1" in write(session, "07", template("07"))
    edited = session.folder / TUTORIAL.exercise("07").file
    edited.write_text("x = 1\n", encoding="utf-8")
    assert "kept as function_app.py.before-2" in write(session, "07", "x = 2\n")


def test_stopping_what_runs_ends_a_grading_that_was_left_over(session: Session) -> None:
    """Its programs end with their folder."""
    left = running.graded_in(session.home) / "0123abcd"
    left.mkdir(parents=True)
    running.stop(session.home)
    assert not left.exists()
