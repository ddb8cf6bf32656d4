"""Catching up: the workshop as it is at the start of a section, by running the notebooks that were missed.

Strategy: what was done is not done again. Sections are looked at in order, each through its own check; from the first whose work
is not there, the notebooks run one after the other, in one kernel, each up to its check. What comes after a check is an exercise.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

from chatkit.core import settings as store
from chatkit.core.errors import ChatkitError, SetupError
from chatkit.lesson import checks, notebooks
from chatkit.steps import local_run

if TYPE_CHECKING:
    from chatkit.cloud.calls import Calls
    from chatkit.steps.session import Session

LAST = "11"
LOCAL_RUN = (
    "04",
    "05",
    "06",
)  # their checks ask the servers of this machine, which nobody needs after section 08
PAGE_MOVES = "08"
TICK_S = 0.5


@dataclass(frozen=True)
class Missed:
    """What catching up did.

    Attributes:
        section: The one that can begin now.
        held: Sections whose work was there.
        ran: Sections whose notebooks were run.
    """

    section: str
    held: tuple[str, ...]
    ran: tuple[str, ...]


def catch_up(session: Session, section: str | None, calls: Calls) -> Missed:
    """Bring a workshop to the start of a section.

    Args:
        session: Keeps what it has; files of my-chat that differ from the kit's are kept beside.
        section: Its number; None for the one after the last that was completed.
        calls: Told what runs.

    Raises:
        SetupError: There is no such section.
        NotebookFailed: A cell of a missed notebook raised.
    """
    folder = store.checkout() / "notebooks"
    goal = (
        _after(session.settings.facts.completed)
        if section is None
        else notebooks.section(folder, section)
    )
    before = [number for number in notebooks.sections(folder) if number < goal]
    _wake(session, goal)
    held = _held(session, before, calls)
    missed = before[len(held) :]
    if missed:
        _run(
            [notebooks.sections(folder)[number] for number in missed],
            session.settings.target,
            calls,
        )
        session.begin_at(goal)
    return Missed(goal, tuple(held), tuple(missed))


def _after(completed: Sequence[str]) -> str:
    done = [number for number in completed if number < LAST]
    return f"{int(max(done)) + 1:02}" if done else "00"


def _wake(session: Session, goal: str) -> None:
    """Start what a pause has ended: the servers on this machine, while the lessons still need them."""
    done = session.settings.facts.completed
    if goal > PAGE_MOVES or PAGE_MOVES in done:
        return
    with suppress(ChatkitError):  # then the section's check fails, and its notebook runs
        if "04" in done and goal > "04":
            local_run.write_local_settings(
                session
            )  # after a restart the instance may be at another port
            local_run.start_functions(session)
        if "06" in done and goal > "06":
            local_run.start_page(session)


def _held(session: Session, before: Sequence[str], calls: Calls) -> list[str]:
    """The sections, from the first one on, whose work is there."""
    held: list[str] = []
    for number in before:
        if not _over(session, number, before[-1]):
            try:
                with calls.doing(f"looking at section {number}"):
                    checks.check(session, number)
            except (
                Exception
            ):  # whatever it was: that section's notebook makes it good, or says what is wrong
                break
            calls.tick()
        session.complete(number)
        held.append(number)
    return held


def _over(session: Session, number: str, last: str) -> bool:
    """Whether a section was completed, and what it left running is no longer needed."""
    done = session.settings.facts.completed
    return number in done and number in LOCAL_RUN and (last >= PAGE_MOVES or PAGE_MOVES in done)


def _run(paths: Sequence[Path], target: str, calls: Calls) -> None:
    """Run notebooks in one kernel. It is told the target, which a variable of this process could contradict."""
    import nbformat

    content: Any = nbformat.v4.new_notebook(cells=[*_cells(paths)])  # type: ignore[no-untyped-call]
    interrupted = Event()

    def done(_cell: Any) -> None:
        if interrupted.is_set():
            raise SetupError(
                "Catching up was interrupted.", hint="workshop.catch_up() goes on from there."
            )

    environment = {**os.environ, "CHATKIT_TARGET": target, "CHATKIT_PROGRESS": "0"}
    with ThreadPoolExecutor(1) as pool:  # its own thread: a kernel's loop runs in this one already
        running = pool.submit(
            notebooks.execute,
            content,
            paths[0].name,
            paths[0].parent,
            done=done,
            environment=environment,
        )
        try:
            with calls.doing(f"running sections {paths[0].name[:2]} to {paths[-1].name[:2]}"):
                while not wait([running], TICK_S).done:
                    calls.tick()
        except KeyboardInterrupt:
            interrupted.set()
            raise
        running.result()


def _cells(paths: Sequence[Path]) -> Iterator[Any]:
    """The code cells of each notebook, up to its check."""
    import nbformat

    for path in paths:
        notebook: Any = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
        for cell in notebook.cells:
            if cell.cell_type == "code":
                yield nbformat.v4.new_code_cell(cell.source, metadata={"notebook": path.name})  # type: ignore[no-untyped-call]
            if cell.cell_type == "code" and "workshop.check(" in cell.source:
                break
