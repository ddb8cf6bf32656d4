"""What an entry point calls a course."""

from __future__ import annotations

from pathlib import Path
from typing import Literal
from unicodedata import normalize

import pytest

from chatkit.core.work import course_choice
from tests.cli.typing_verbs import Chatkit
from tests.lesson.courses.conftest import Install

Form = Literal["NFC", "NFD"]


def called(install: Install, name: str) -> None:
    """Install the small course under another name."""
    info = install().parent / "small-1.0.dist-info" / "entry_points.txt"
    info.write_text(f"[chatkit.courses]\n{name} = small_course:COURSE\n", encoding="utf-8")


@pytest.mark.parametrize("written", ["NFC", "NFD"])
@pytest.mark.parametrize("typed", ["NFC", "NFD"])
def test_an_accent_is_written_in_either_way(
    install: Install, chatkit: Chatkit, tmp_path: Path, written: Form, typed: Form
) -> None:
    """In one character or in two; the folder names the course all the same."""
    called(install, normalize(written, "décompte"))
    wanted = normalize(typed, "décompte")
    done = chatkit("new", str(tmp_path / "try"), "--course", wanted, "--no-lock")
    assert done.code == 0
    assert course_choice.of_folder(tmp_path / "try") == "décompte"
    assert chatkit("new", str(tmp_path / "try"), "--no-lock").code == 0


@pytest.mark.parametrize("name", ["c++", "-x", "a" * 81])
def test_a_name_that_no_folder_can_note_is_refused(
    install: Install, chatkit: Chatkit, tmp_path: Path, name: str
) -> None:
    """The folder would be the tutorial's."""
    called(install, name)
    done = chatkit("new", str(tmp_path / "try"), f"--course={name}", "--no-lock")
    assert done.code == 1 and f"A course cannot be called {name}." in done.err
    assert not (tmp_path / "try").exists()
