"""`chatkit run`: every notebook in order, without a browser."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chatkit import settings
from chatkit.errors import ChatkitError, SetupError

if TYPE_CHECKING:  # the other verbs start without waiting for it
    from rich.progress import Progress, TaskID

CLEAN_UP = "11"
CELL_TIMEOUT_S = 1800


class NotebookFailed(ChatkitError):
    """A cell raised."""


def run(
    target: Annotated[str | None, typer.Option("--target", help="local or azure; default: the one chosen last.")] = None,
    until: Annotated[
        str | None, typer.Option("--until", help="Last section to run; 11 also cleans up. Default: all before 11.")
    ] = None,
) -> None:
    """Execute the notebooks in order; executed copies are kept, and the chat page's URL is printed at the end."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    if target is not None:
        kept = replace(settings.load(settings.home()), target=settings.checked_target(target))
        settings.save(settings.home(), kept)
        os.environ["CHATKIT_TARGET"] = target  # kernels inherit it, and there it wins over what is remembered
    notebooks = select(settings.checkout() / "notebooks", until)
    console = Console(highlight=False, soft_wrap=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        for notebook in notebooks:
            task = progress.add_task(notebook.stem, total=None)
            seconds = execute(notebook, settings.home() / "executed" / notebook.name, progress, task)
            progress.remove_task(task)
            console.print(f"{notebook.stem}  {seconds:.1f} s")
    console.print(farewell(notebooks))


def farewell(notebooks: list[Path]) -> str:
    """The last line: where the chat page is, or why there is none."""
    url = settings.load(settings.home()).facts.web_url
    if url:
        return f"The chat page: {url}"
    if notebooks[-1].name.startswith(CLEAN_UP):
        return "Everything is cleaned up."
    return "There is no chat page yet; section 08 makes it."


def select(folder: Path, until: str | None) -> list[Path]:
    """Return the notebooks up to a section.

    Raises:
        SetupError: There are no notebooks, or no section of that number.
    """
    numbered = {path.name[:2]: path for path in sorted(folder.glob("[0-9][0-9]-*.ipynb"))}
    if not numbered:
        raise SetupError("The notebooks are not here.", hint="Run this in a checkout of chatkit.")
    if until is not None and until.zfill(2) not in numbered:
        raise SetupError(f"There is no section {until}.", hint=f"Sections are {', '.join(numbered)}.")
    return [path for number, path in numbered.items() if (number <= until.zfill(2) if until else number < CLEAN_UP)]


def execute(notebook: Path, copy: Path, progress: Progress, task: TaskID) -> float:
    """Execute one notebook, keep the executed copy, and return how long it took.

    Raises:
        NotebookFailed: A cell raised; the sentence names notebook, cell and error.
    """
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    content: Any = nbformat.read(notebook, as_version=4)  # type: ignore[no-untyped-call]
    progress.update(task, total=sum(cell.cell_type == "code" for cell in content.cells))
    current: dict[str, str] = {}

    def started(cell: Any, cell_index: int) -> None:
        current["source"] = cell.source

    def executed(cell: Any, cell_index: int, execute_reply: Any) -> None:
        progress.advance(task)

    client = NotebookClient(
        content,
        timeout=CELL_TIMEOUT_S,
        kernel_name="python3",
        resources={"metadata": {"path": str(notebook.parent)}},
        on_cell_start=started,
        on_cell_executed=executed,
    )
    try:
        client.execute(stderr=subprocess.DEVNULL)  # the kernel's own remarks; what cells print is in the notebook
    except CellExecutionError as error:
        raise NotebookFailed(failure(notebook, current.get("source", ""), f"{error.ename}: {plain(error.evalue)}")) from None
    except CellTimeoutError:
        raise NotebookFailed(failure(notebook, current.get("source", ""), "it took longer than 30 minutes.")) from None
    except DeadKernelError:
        raise NotebookFailed(failure(notebook, current.get("source", ""), "the kernel died.")) from None
    finally:
        copy.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(content, copy)  # type: ignore[no-untyped-call]
    return progress.tasks[progress.task_ids.index(task)].elapsed or 0.0


def failure(notebook: Path, source: str, reason: str) -> str:
    """Say which cell of which notebook failed, and why."""
    head = next((line.strip() for line in source.splitlines() if line.strip()), "")
    return f"{notebook.name} stopped in the cell that begins with `{head[:80]}`: {reason}"


def plain(text: str) -> str:
    """Remove terminal colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text)
