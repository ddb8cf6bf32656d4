"""The course of docs/authoring.md, installed, laid out, and run through everything."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from chatkit.classroom.board.columns import columns
from chatkit.cloud.how import memory
from chatkit.core import ports
from chatkit.core.results import Result
from chatkit.core.work import course_choice
from chatkit.lesson import courses
from tests.homes import workshop_in
from tests.lesson.courses.making import BLOBS, importable, installed_blobs

SECTIONS = [("00", "Files in the cloud", 5), ("01", "A website", 8)]
TITLE = b"<title>Files in the cloud</title>"
SOLVE = "from chatkit import Workshop; w = Workshop.open(); print(w.exercise('01'), w.solve(1))"

HOW = "from chatkit import Workshop; print(Workshop.open().how())"


@dataclass(frozen=True)
class Learner:
    """A folder that `chatkit new` has laid out, and who types there."""

    folder: Path
    site: Path

    def types(self, *words: str, code: int = 0) -> str:
        """What a program of this environment prints there, both streams."""
        taken = ("CHATKIT_HOME", course_choice.VARIABLE, "PYTEST_ADDOPTS")
        variables = {name: one for name, one in os.environ.items() if name not in taken}
        done = subprocess.run(
            [sys.executable, *words],
            cwd=self.folder,
            env={**variables, "PYTHONPATH": str(self.site)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def chatkit(self, *words: str, code: int = 0) -> str:
        """Type `chatkit …` there."""
        return self.types("-m", "chatkit", *words, code=code)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the course is installed, from its wheel."""
    return installed_blobs(tmp_path_factory.mktemp("installed"))


@pytest.fixture(scope="module")
def learner(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Learner]:
    """Somebody who has typed `chatkit new`; nothing runs at the end."""
    folder = tmp_path_factory.mktemp("learner")
    made = Learner(folder / "my course", site)
    said = Learner(folder, site).chatkit("new", "my course", "--course", "blobs", "--no-lock")
    assert "Files in the cloud, and a website" in said
    yield made
    made.chatkit("stop")


def test_its_description_has_no_faults(site: Path) -> None:
    """As `chatkit new` looks for them."""
    with importable(site):
        assert courses.faults("blobs") == []
        assert courses.load("blobs").title == "Files in the cloud, and a website"


def test_what_it_makes_is_called_so(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not a chat: `workshop.how()` has the words of the description."""
    monkeypatch.setenv(course_choice.VARIABLE, "blobs")
    monkeypatch.setattr(memory, "tell", lambda *told: Result(told[-1]))
    with importable(site), workshop_in(tmp_path) as workshop:
        assert workshop.how().text == "the website"


def test_the_boards_columns_are_its_sections(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the minutes that its notebooks name."""
    monkeypatch.setenv(course_choice.VARIABLE, "blobs")
    with importable(site):
        found = [(one["number"], one["title"], one["minutes"]) for one in columns()]
    assert found == SECTIONS


def test_lab_opens_copies_of_its_notebooks(learner: Learner) -> None:
    """The tutorial's are not among them, and `chatkit new .` changes nothing."""
    wanted = sorted(path.name for path in (BLOBS / "blob_course" / "notebooks").glob("*.ipynb"))
    copies = learner.folder / "my-chat" / "notebooks"
    assert sorted(path.name for path in copies.glob("*.ipynb")) == wanted
    (copies / wanted[0]).unlink()
    bring = "from chatkit.cli.lab import bring_notebooks; bring_notebooks()"
    learner.types("-c", bring)
    assert sorted(path.name for path in copies.glob("*.ipynb")) == wanted
    assert "is up to date" in learner.chatkit("new", ".", "--no-lock")


def test_a_dry_run_names_its_notebooks(learner: Learner) -> None:
    """For Azure it says that the calls are not recorded, and names no other course's."""
    said = learner.chatkit("run", "--dry-run", "--target", "azure")
    assert "Would run 2 notebooks" in said and "01-a-website" in said
    assert "not recorded" in said and "negotiate" not in said


def test_what_was_never_made_is_named_by_its_verb(learner: Learner) -> None:
    """The numbers of the tutorial's sections mean nothing here."""
    code = "from chatkit import Workshop; Workshop.open().create_storage_account()"
    said = learner.types("-c", code, code=1)
    assert "workshop.create_resource_group() makes it" in said


@pytest.mark.long
def test_it_goes_through_everything(learner: Learner) -> None:
    """From the first run to the receipt."""
    assert "The page: http://127.0.0.1:" in learner.chatkit("run")
    known = json.loads(learner.chatkit("status", "--json"))
    assert known["completed"] == ["00", "01"]
    assert "Sections done: 2 of 2" in learner.chatkit("check", "1")
    assert "Nothing was missed" in learner.chatkit("catch-up", "1")
    said = learner.types("-c", SOLVE)
    assert "Exercise 01 is open" in said and "Exercise 01 is solved" in said
    assert "The website in " in learner.types("-c", HOW)
    _goes_to_the_board(learner)
    _is_looked_at(learner)
    receipt = learner.chatkit("clean", "-y")
    assert "gone  storage account" in receipt and "gone  resource group" in receipt
    assert json.loads(learner.chatkit("status", "--json"))["completed"] == []
    assert "Ran what was missed: 00." in learner.chatkit("catch-up", "1")
    learner.chatkit("reset", "-y")


def _goes_to_the_board(learner: Learner) -> None:
    """A class has its sections as columns, and hears of a check that failed and why."""
    (learner.folder / "names.csv").write_text("name\nAlice\n", encoding="utf-8")
    learner.chatkit("class", "roster", "names.csv")
    learner.chatkit("class", "board", "up", "--port", str(ports.any_free()))
    board = json.loads((learner.folder / ".chatkit" / "class" / "board.json").read_bytes())
    assert [tuple(one.values()) for one in board["sections"]] == SECTIONS
    learner.chatkit("class", "board", "down")


def _is_looked_at(learner: Learner) -> None:
    """The doctor sees the course's problem, and knows the sentence of its check."""
    assert json.loads(learner.chatkit("doctor", "--json"))["problems"] == []
    page = learner.folder / "my-chat" / "content" / "index.html"
    content = page.read_bytes()
    page.write_bytes(content.replace(TITLE, b""))
    found = json.loads(learner.chatkit("doctor", "--json", code=1))["problems"]
    assert [one["title"] for one in found] == ["The page has no title"]
    said = learner.chatkit("doctor", "--symptom", "CheckFailed: The page has no title", code=1)
    assert "Write one into my-chat/content/index.html" in said
    page.unlink()
    found = json.loads(learner.chatkit("doctor", "--json", code=1))["problems"]
    assert "my-chat" in found[0]["title"] or "gone" in found[0]["seen"]
    page.write_bytes(content)


@pytest.mark.long
def test_its_notebooks_pass_under_nbval(learner: Learner) -> None:
    """Strictly; a notebook that runs alone begins where the one before it ends."""
    command = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "--nbval")
    assert "15 passed" in learner.types(*command, "notebooks")
    assert "8 passed" in learner.types(*command, "notebooks/01-a-website.ipynb")
