"""Of which course a notebook is that pytest collects."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from chatkit.core.settings import kit
from chatkit.testing import plugin
from tests.lesson.courses.conftest import Install
from tests.lesson.courses.making import notebook

TUTORIALS = "00-start-here.ipynb"


def laid_out(folder: Path, name: str, course: str = "") -> Path:
    """A notebook in a folder that names a course."""
    path = folder / "notebooks" / name
    path.parent.mkdir(parents=True)
    path.write_text(notebook("from chatkit import Workshop"), encoding="utf-8")
    if course:
        record = json.dumps({"version": "1", "course": course, "files": {}})
        (path.parent / "kit.json").write_text(record, encoding="utf-8")
    return path


def test_a_folder_says_it(tmp_path: Path, install: Install) -> None:
    """Whatever the notebook is called."""
    install()
    assert plugin._course_of(laid_out(tmp_path / "a", TUTORIALS, "small")) == "small"


def test_a_folder_says_it_whatever_the_variable_names(
    tmp_path: Path, install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which an image sets for everybody."""
    install()
    monkeypatch.setenv(plugin.VARIABLE, "tutorial")
    assert plugin._course_of(laid_out(tmp_path / "a", TUTORIALS, "small")) == "small"
    assert plugin._course_of(laid_out(tmp_path / "b", "00-one.ipynb")) == "tutorial"


def test_the_authors_own_folder_comes_before_a_name(install: Install) -> None:
    """Two courses may have a notebook of one name."""
    text = notebook('workshop.check("00")')
    package = install({f"notebooks/{TUTORIALS}": text})
    assert plugin._course_of(package / "notebooks" / TUTORIALS) == "small"
    assert plugin._course_of(kit() / "notebooks" / TUTORIALS) == "tutorial"


def test_elsewhere_the_name_says_it(tmp_path: Path, install: Install) -> None:
    """In a copy; and a notebook of no course is none's."""
    install()
    assert plugin._course_of(laid_out(tmp_path / "a", "00-one.ipynb")) == "small"
    assert plugin._course_of(laid_out(tmp_path / "b", "my-own.ipynb")) == ""


@pytest.mark.parametrize("value", ["gone_course:COURSE", ":COURSE"])
def test_a_damaged_course_takes_no_notebook(tmp_path: Path, install: Install, value: str) -> None:
    """Others' tests go on."""
    install(value=value)
    assert plugin._course_of(laid_out(tmp_path / "a", "00-one.ipynb")) == ""


def test_two_courses_are_two_runs(tmp_path: Path, install: Install) -> None:
    """One home is for one course."""
    package = install({"notebooks/00-one.ipynb": notebook("from chatkit import Workshop")})
    paths = [package / "notebooks" / "00-one.ipynb", kit() / "notebooks" / TUTORIALS]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--nbval", *map(str, paths)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "One course a run, and these are of small and tutorial." in done.stderr
