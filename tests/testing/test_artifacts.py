"""What a run of tests leaves behind for people to look at: JUnit, notebooks as they ran, logs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

code_cell: Any = new_code_cell
LOADS = re.compile(r"""<(?:script|link|iframe)\b|\bsrc=["']?(?!data:)|@import|\burl\(""")
LOG = "functions said hello\n"


def write_notebook(path: Path) -> None:
    """Four cells: right, wrong, raising, skipped."""
    stored = new_output("stream", name="stdout", text="1\n")  # type: ignore[no-untyped-call]
    cells = [
        new_markdown_cell("# A title & more"),  # type: ignore[no-untyped-call]
        *(
            code_cell(source, outputs=[stored], execution_count=number)
            for number, source in enumerate(
                ["print(1)", "print('<b>2</b>')\n6 * 7", "{}['key']", "# NBVAL_SKIP\nprint(1)"], 1
            )
        ),
    ]
    path.parent.mkdir(exist_ok=True)
    nbformat.write(new_notebook(cells=cells), path)  # type: ignore[no-untyped-call]


def run(
    folder: Path, artifacts: Path, *arguments: str, has_root: bool = True
) -> subprocess.CompletedProcess[str]:
    """Run pytest in somebody's folder, in a home with a log."""
    log = folder / "home" / "local" / "functions.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text(LOG, encoding="utf-8")
    command = [
        *(
            sys.executable,
            "-m",
            "pytest",
            "-p",
            "chatkit.testing.artifacts",
            "-p",
            "no:cacheprovider",
        ),
        *("--nbval", "--nbval-current-env"),
        *(("--rootdir", str(folder)) if has_root else ()),
        *("--chatkit-artifacts", str(artifacts), *arguments),
    ]
    env = {**os.environ, "CHATKIT_HOME": str(folder / "home")}
    env.pop("PYTEST_XDIST_WORKER", None)
    return subprocess.run(
        command, cwd=folder, env=env, capture_output=True, text=True, encoding="utf-8"
    )


def code_cells(path: Path) -> list[Any]:
    """The code cells of a notebook, which must be a valid one."""
    content = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    nbformat.validate(content)
    return [cell for cell in content.cells if cell.cell_type == "code"]


def test_junit_notebooks_pages_and_logs(tmp_path: Path) -> None:
    """A cell that failed has its error; one that did not run has nothing; the source stays."""
    path = tmp_path / "notebooks" / "a.ipynb"
    write_notebook(path)
    before = path.read_bytes()
    kept = tmp_path / "deep" / "kept"
    done = run(tmp_path, kept)
    assert done.returncode == 1, done.stdout + done.stderr
    suite = next(ET.parse(kept / "junit.xml").iter("testsuite"))
    assert {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "4",
        "failures": "2",
        "errors": "0",
        "skipped": "1",
    }
    right, wrong, raising, skipped = code_cells(kept / "notebooks" / "a.ipynb")
    assert right.outputs[0].text == "1\n"
    assert wrong.outputs[1].data["text/plain"] == "42"
    assert raising.outputs[0].ename == "KeyError"
    assert (skipped.outputs, skipped.execution_count) == ([], None)
    page = (kept / "notebooks" / "a.html").read_text(encoding="utf-8")
    assert "KeyError" in page and "&lt;b&gt;2" in page
    assert LOADS.search(page) is None
    assert (kept / "logs" / "main" / "local" / "functions.log").read_text(encoding="utf-8") == LOG
    assert path.read_bytes() == before


@pytest.mark.parametrize("kernel", [{}, {"kernelspec": {"name": "a", "display_name": "A"}}])
def test_a_notebook_of_chatkit_is_kept_with_its_own_kernel(
    tmp_path: Path, kernel: dict[str, Any]
) -> None:
    """It runs in the environment's, by a name that only nbval knows."""
    cells = [code_cell("from chatkit import __version__")]
    content: Any = new_notebook(cells=cells, metadata=kernel)  # type: ignore[no-untyped-call]
    nbformat.write(content, tmp_path / "a.ipynb")  # type: ignore[no-untyped-call]
    done = run(tmp_path, tmp_path / "kept", "-p", "chatkit.testing.plugin")
    assert done.returncode == 0, done.stdout + done.stderr
    place = tmp_path / "kept" / "notebooks" / "a.ipynb"
    assert "__version__" in place.with_suffix(".html").read_text(encoding="utf-8")
    kept: Any = nbformat.read(place, as_version=4)  # type: ignore[no-untyped-call]
    assert kept.metadata == kernel


def test_several_processes_fill_one_folder(tmp_path: Path) -> None:
    """One JUnit file of all, each notebook whole; notebooks of one name lie apart."""
    for name in ("one", "two"):
        write_notebook(tmp_path / name / "same.ipynb")
    kept = tmp_path / "kept"
    run(tmp_path, kept, "-n", "2", "--dist", "loadfile")
    assert next(ET.parse(kept / "junit.xml").iter("testsuite")).get("tests") == "8"
    for name in ("one", "two"):
        assert code_cells(kept / "notebooks" / name / "same.ipynb")[1].execution_count == 2


def test_collecting_alone_keeps_no_notebook(tmp_path: Path) -> None:
    """And a JUnit file of one's own stays where one has said."""
    write_notebook(tmp_path / "a.ipynb")
    kept = tmp_path / "kept"
    run(tmp_path, kept, "--junitxml", str(tmp_path / "mine.xml"), "--collect-only")
    assert not (kept / "junit.xml").exists()
    assert not (kept / "notebooks").exists()


@pytest.mark.parametrize("name", ["file", "file/below"])
def test_a_folder_that_cannot_be_is_a_usage_error(tmp_path: Path, name: str) -> None:
    """Said before anything runs."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    done = run(tmp_path, tmp_path / name)
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "--chatkit-artifacts" in done.stderr and "Traceback" not in done.stderr


def test_what_an_earlier_run_has_left_is_not_run(tmp_path: Path) -> None:
    """The folder is often in the repository."""
    write_notebook(tmp_path / "docs" / "a.ipynb")
    kept = tmp_path / "kept"
    run(tmp_path, kept)
    done = run(tmp_path, kept)
    assert [path.relative_to(kept).as_posix() for path in kept.rglob("*.ipynb")] == [
        "notebooks/docs/a.ipynb"
    ], done.stdout


def test_a_folder_elsewhere_that_is_there_already_is_no_root(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A runner's: without an ini file pytest takes it for the tests' root."""
    write_notebook(tmp_path / "docs" / "a.ipynb")
    kept = tmp_path_factory.mktemp("runner")
    done = run(tmp_path, kept, "-n", "1", has_root=False)
    assert done.returncode == 1, done.stdout + done.stderr
    assert (kept / "notebooks" / "docs" / "a.html").is_file()


def test_the_folder_of_the_tests_is_no_place(tmp_path: Path) -> None:
    """Notebooks would be written over."""
    path = tmp_path / "notebooks" / "a.ipynb"
    write_notebook(path)
    before = path.read_bytes()
    done = run(tmp_path, tmp_path)
    assert (done.returncode, path.read_bytes()) == (4, before)
    assert "name a folder of its own" in done.stderr
