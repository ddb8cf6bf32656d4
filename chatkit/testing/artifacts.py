"""pytest plugin: what a run leaves behind for people to look at, in the folder of
`--chatkit-artifacts`.

- `junit.xml`, of all processes together, where no `--junitxml` names another file;
- `notebooks/`: each notebook under nbval with the outputs of this run, and the same as a page that
  loads nothing; a cell that did not run has none;
- `logs/`: what the local cloud and the functions of the run's home have written, secrets masked as
  they are there.

Each is written as soon as it is known: a run that is ended leaves what it had.
"""

from __future__ import annotations

import copy
import os
import shutil
from collections.abc import Generator
from contextlib import suppress
from html import escape
from pathlib import Path
from typing import Any

import pytest

from chatkit.core.files import write_public

OPTION = "--chatkit-artifacts"
HOME = "CHATKIT_HOME"
JUNIT = "junit.xml"
NOTEBOOKS = "notebooks"
LOGS = "logs"
FOLDER = pytest.StashKey[Path]()
"""Where everything goes, when that was asked for."""
STYLE = """<style>
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: auto; padding: 1rem }
  pre { background: #f4f4f4; padding: .5rem; overflow-x: auto; white-space: pre-wrap }
  .input_prompt, .output_prompt, .prompt { color: #666; font-size: .8rem }
  td, th { padding: .1rem .5rem; text-align: left }
</style>"""
# What a page of nbconvert would load from the network for formulas, diagrams and widgets.
LOADED = ("mathjax_url", "mermaid_js_url", "require_js_url", "jquery_url", "widget_renderer_url")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option for the folder."""
    parser.getgroup("chatkit", "chatkit's notebooks, with nbval").addoption(
        OPTION,
        metavar="DIR",
        help="Keep there: junit.xml, the notebooks as they ran (ipynb and html), logs.",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Name the file of JUnit before pytest's own plugin looks for it."""
    chosen = config.getoption(OPTION)
    if not chosen:
        return
    folder = config.stash[FOLDER] = Path(chosen).resolve()
    # Not the root folder: without an ini file pytest takes this option's folder for one.
    if config.invocation_params.dir.resolve().is_relative_to(folder):
        raise pytest.UsageError(
            f"{OPTION}: {folder} has the tests in it; name a folder of its own."
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise pytest.UsageError(f"{OPTION}: {error}") from None
    if config.option.xmlpath is None:
        config.option.xmlpath = str(folder / JUNIT)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Run nothing of what an earlier run has left there."""
    is_kept = collection_path == config.stash.get(FOLDER, None)
    return True if is_kept else None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(
    item: pytest.Item, nextitem: pytest.Item | None
) -> Generator[None, object, object]:
    """Write a notebook after the last of its cells that this process runs."""
    done = yield
    folder = item.config.stash.get(FOLDER, None)
    is_last = nextitem is None or nextitem.parent is not item.parent
    if folder is not None and is_last and _is_notebook(item.parent):
        _keep(item, folder / NOTEBOOKS)
    return done


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note what a cell has put out."""
    cell: Any = item
    if call.when == "call" and _is_notebook(item.parent) and cell.test_outputs is not None:
        _ran(item.parent)[cell.cell_num] = cell.test_outputs
    return (yield)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Keep the logs of the run's home, before it is deleted."""
    folder = session.config.stash.get(FOLDER, None)
    home = os.environ.get(HOME)
    if folder is not None and home:
        worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
        _keep_logs(Path(home), folder / LOGS / worker)


def _is_notebook(collector: object) -> bool:
    """Whether nbval collects the cells of a notebook with it."""
    return hasattr(collector, "sanitize_patterns") and hasattr(collector, "nb")


def _ran(notebook: Any) -> dict[int, list[Any]]:
    """The outputs of the cells that ran, by the number of the code cell."""
    if not hasattr(notebook, "chatkit_ran"):
        notebook.chatkit_ran = {}
    ran: dict[int, list[Any]] = notebook.chatkit_ran
    return ran


def _keep(item: pytest.Item, folder: Path) -> None:
    """Write a notebook as it ran, and its page."""
    import nbformat

    notebook: Any = item.parent
    ran = _ran(notebook)
    content = copy.deepcopy(notebook.nb)
    # The plugin for chatkit's notebooks names another kernel in them, which no other program knows.
    whole: Any = nbformat.read(item.path, as_version=4)  # type: ignore[no-untyped-call]
    content.metadata = whole.metadata
    code = [cell for cell in content.cells if cell.cell_type == "code"]
    for number, cell in enumerate(code):
        cell.outputs = [_as_output(output, number) for output in ran.get(number, [])]
        cell.execution_count = number + 1 if number in ran else None
    place = folder / _place(item)
    text: str = nbformat.writes(content)  # type: ignore[no-untyped-call]
    write_public(place, f"{text.rstrip()}\n")
    write_public(place.with_suffix(".html"), _page(content, place.stem))


def _as_output(output: Any, number: int) -> Any:
    """An output as a notebook holds it; nbval keeps some without the fields that it ignores."""
    kept = copy.deepcopy(output)
    if kept.output_type == "execute_result":
        kept.execution_count = number + 1
    return kept


def _place(item: pytest.Item) -> Path:
    """Where a notebook goes: as it lies below the folder that pytest runs in."""
    for folder in (item.config.invocation_params.dir, item.config.rootpath):
        if item.path.is_relative_to(folder):
            place = item.path.relative_to(folder)
            # The kit's own folder of notebooks is not named twice.
            return place.relative_to(NOTEBOOKS) if place.parts[0] == NOTEBOOKS else place
    return Path(item.path.name)


def _page(content: Any, title: str) -> str:
    from nbconvert import HTMLExporter

    nothing = dict.fromkeys(LOADED, "")
    exporter = HTMLExporter(template_name="basic", **nothing)  # type: ignore[no-untyped-call]
    body: str = exporter.from_notebook_node(content)[0]
    return (
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        f"<title>{escape(title)}</title>\n{STYLE}\n{body}\n</html>\n"
    )


def _keep_logs(home: Path, folder: Path) -> None:
    for log in sorted(home.rglob("*.log*")):
        if log.is_symlink() or not log.is_file():
            continue
        place = folder / log.relative_to(home)
        # A log that goes away meanwhile, as one that is rotated, is no failure of a test.
        with suppress(FileNotFoundError):
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(log, place)
