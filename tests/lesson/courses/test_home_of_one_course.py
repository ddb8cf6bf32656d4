"""A home in which one course was begun, and another one is asked for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from chatkit.cli import lab
from chatkit.cloud.provision.receipt import Item
from chatkit.core import settings
from chatkit.core.errors import SetupError
from chatkit.core.results import Result
from chatkit.core.work import course_choice
from chatkit.core.work.course_choice import TUTORIAL, VARIABLE
from chatkit.lesson import courses
from chatkit.steps import app_files, clean_up
from chatkit.steps.session import Session
from chatkit.steps.status import Receipt
from tests.cli.typing_verbs import Chatkit
from tests.lesson.courses.conftest import Install

GONE = Item("app", "GET answers 404", gone=True)
OTHER = f"{VARIABLE} is small"


def begin(home: Path, how: str) -> None:
    """Begin the course that is chosen, in one of the ways there are."""
    known = course_choice.claimed(settings.load(home))
    if how == "section":
        known = known.with_section("00")
    elif how == "resource":
        known = known.learned(resource_group="chatkit-a1")
    settings.save(home, known)
    if how == "file":
        app_files.write("functions/a.py", "1", folder=settings.chat_folder(), home=home)


@pytest.mark.parametrize("how", ["section", "resource", "file"])
def test_another_course_does_not_begin_there(
    install: Install, home: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """Nothing of the work that is there is touched, and the sentence says how to go on."""
    install()
    begin(home, how)
    before = {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}
    monkeypatch.setenv(VARIABLE, "small")
    ways = (lab.bring_notebooks, courses.current, lambda: app_files.chatfile("content/a.py", "2"))
    for way in ways:
        with pytest.raises(SetupError, match=OTHER) as caught:
            way()
        assert "CHATKIT_COURSE=tutorial goes on here" in caught.value.hint
    assert {path: path.read_bytes() for path in home.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("verb", [("lab",), ("run",), ("check", "00"), ("clean", "-y")])
def test_no_verb_begins_it(
    install: Install,
    home: Path,
    chatkit: Chatkit,
    monkeypatch: pytest.MonkeyPatch,
    verb: tuple[str, ...],
) -> None:
    """Not even one that deletes."""
    install()
    begin(home, "section")
    monkeypatch.setenv(VARIABLE, "small")
    done = chatkit(*verb)
    assert done.code == 1 and OTHER in done.err


def test_where_nothing_was_begun_any_course_may(
    install: Install, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looking at a notebook is no beginning."""
    install()
    settings.save(home, course_choice.claimed(settings.load(home)))
    lab.bring_notebooks()
    monkeypatch.setenv(VARIABLE, "small")
    lab.bring_notebooks()
    assert courses.current().title == "Small"


def test_who_begins_first_has_the_home(
    install: Install, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two notebooks are open, each of a course, and nothing was done yet."""
    install()
    settings.save(home, course_choice.claimed(settings.load(home)))
    monkeypatch.setenv(VARIABLE, "small")
    settings.save(home, course_choice.claimed(settings.load(home)))
    monkeypatch.delenv(VARIABLE)
    Session(home).learn(resource_group="chatkit-a1")
    assert courses.current().title != "Small"
    monkeypatch.setenv(VARIABLE, "small")
    with pytest.raises(SetupError, match=OTHER):
        courses.current()


def test_what_was_begun_goes_on_without_the_variable(
    install: Install, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another terminal does not have it, and what it does not have begins no tutorial."""
    install()
    monkeypatch.setenv(VARIABLE, "small")
    begin(home, "section")
    monkeypatch.delenv(VARIABLE)
    assert courses.current().title == "Small"
    monkeypatch.setenv(VARIABLE, TUTORIAL.name)
    with pytest.raises(SetupError, match="has the course small, and"):
        courses.current()


@pytest.mark.parametrize("course", ["small", "tutorial"])
def test_a_folder_for_another_course_is_not_laid_out_around_it(
    install: Install, chatkit: Chatkit, tmp_path: Path, course: str
) -> None:
    """In `~/chatkit` may be a home of who installed the package and typed `chatkit lab`."""
    install()
    folder = tmp_path / "folder"
    folder.mkdir()
    settings.save(folder / ".chatkit", settings.Settings(suffix="a1").with_section("00"))
    done = chatkit("new", str(folder), "--course", course, "--no-lock")
    is_other = course == "small"
    assert (done.code == 1) is is_other and (folder / "notebooks").exists() is not is_other
    assert ("The course tutorial was begun in" in done.err) is is_other


def test_a_reset_begins_another_one(
    install: Install, home: Path, chatkit: Chatkit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when the one that was begun is not installed any more; the work is put aside."""
    install()
    begin(home, "section")
    begin(home, "file")
    settings.save(home, replace(settings.load(home), course="gone"))
    monkeypatch.setenv(VARIABLE, "small")
    monkeypatch.setattr(clean_up, "clean_up", lambda _: Receipt.of([GONE], Result("")))
    assert chatkit("reset", "-y").code == 0
    assert courses.current().title == "Small"
    (kept,) = home.rglob("a.py")
    assert kept.parent != settings.chat_folder() / "functions"


def test_a_reset_to_a_course_that_is_not_there_deletes_nothing(
    install: Install, home: Path, chatkit: Chatkit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says so first."""
    install()
    begin(home, "section")
    monkeypatch.setenv(VARIABLE, "gone")
    monkeypatch.setattr(clean_up, "clean_up", lambda _: pytest.fail("it deletes"))
    done = chatkit("reset", "-y")
    assert done.code == 2 and "There is no course gone" in done.err
