"""docs/authoring.md has the second course, whole, as it lies in tests/data."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import nbformat
import pytest

from tests.lesson.courses.making import BLOBS, ROOT

PAGE = (ROOT / "docs" / "authoring.md").read_text(encoding="utf-8")
BLOCKS = {
    name: text for name, text in re.findall(r"^```\w+ (\S+)\n(.*?)^```$", PAGE, re.DOTALL | re.M)
}
NOTEBOOKS = {name: text for name, text in BLOCKS.items() if name.endswith(".ipynb")}
FILES = {name: text for name, text in BLOCKS.items() if name not in NOTEBOOKS}


def cells(script: str) -> list[tuple[str, str]]:
    """The kind and text of each cell of a notebook that is written as a script."""
    found = []
    for part in re.split(r"^# %%", script, flags=re.M)[1:]:
        head, _, body = part.partition("\n")
        body = body.rstrip("\n")
        if "[markdown]" in head:
            lines = [line.removeprefix("#").removeprefix(" ") for line in body.splitlines()]
            found.append(("markdown", "\n".join(lines)))
        else:
            found.append(("code", body))
    return found


@pytest.mark.parametrize("name", FILES)
def test_the_page_has_each_file_as_it_is(name: str) -> None:
    """Who copies it has the course that is tested."""
    assert FILES[name] == (BLOBS / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_the_page_has_each_notebook_cell_by_cell(name: str) -> None:
    """Its outputs are what running it has left."""
    path = BLOBS / "blob_course" / name
    stored = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    assert [(cell.cell_type, cell.source) for cell in stored.cells] == cells(NOTEBOOKS[name])
    assert all(cell.execution_count for cell in stored.cells if cell.cell_type == "code")


def test_the_page_has_all_of_the_course() -> None:
    """No file is left for the reader to guess."""
    there = {
        path.relative_to(BLOBS).as_posix()
        for path in BLOBS.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    told = {*FILES, *(f"blob_course/{name}" for name in NOTEBOOKS)}
    assert there == told


def test_the_entry_point_is_the_one_that_the_page_names() -> None:
    """People type this name."""
    project = tomllib.loads(Path(BLOBS, "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["entry-points"]["chatkit.courses"] == {"blobs": "blob_course:COURSE"}
    assert "chatkit new try --course blobs" in PAGE
