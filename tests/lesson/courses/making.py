"""Courses, installed for a test: the one of `tests/data/courses`, and small ones."""

from __future__ import annotations

import importlib
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[3]
BLOBS = ROOT / "tests" / "data" / "courses" / "blobs"


def installed_blobs(folder: Path) -> Path:
    """Build the wheel of the second course and unpack it, as pip does; return the folder."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=BLOBS, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


@contextmanager
def importable(site: Path) -> Iterator[None]:
    """Let this process, and those that it starts, import what a folder has."""
    before = {*sys.modules}
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(site)
        patch.setenv("PYTHONPATH", str(site))
        importlib.invalidate_caches()
        try:
            yield
        finally:
            for name in {*sys.modules} - before:
                if (site / name.partition(".")[0]).exists():
                    del sys.modules[name]


def lay(
    site: Path,
    files: Mapping[str, str],
    *,
    value: str = "small_course:COURSE",
    package: str = "small",
) -> Path:
    """Write a small course with an entry point called `small`; return the package's folder."""
    info = site / f"{package}-1.0.dist-info"
    entry = f"[chatkit.courses]\nsmall = {value}\n"
    metadata = f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n"
    written = {
        info / "METADATA": metadata,
        info / "entry_points.txt": entry,
        **{site / "small_course" / name: text for name, text in files.items()},
    }
    for path, text in written.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return site / "small_course"


def notebook(*cells: str, title: str = "Small") -> str:
    """A notebook of a heading and code cells, as text."""
    heading = nbformat.v4.new_markdown_cell(f"# {title}")  # type: ignore[no-untyped-call]
    code = [nbformat.v4.new_code_cell(cell) for cell in cells]  # type: ignore[no-untyped-call]
    made = nbformat.v4.new_notebook(cells=[heading, *code])  # type: ignore[no-untyped-call]
    return str(nbformat.writes(made))  # type: ignore[no-untyped-call]


HEAD = "from chatkit.authoring import Course, Exercise, Problem, Section\n"
ONE = f'{HEAD}COURSE = Course("Small", sections=(Section("00", "small_course.checks:one"),))\n'
CHECKS = 'def one(session):\n    yield "It is one."\n'
GOOD = {
    "__init__.py": ONE,
    "checks.py": CHECKS,
    "notebooks/00-one.ipynb": notebook('workshop.check("00")'),
}
