"""Catching up: the workshop as it is at the start of a section, by running the notebooks that were
missed.

Strategy: what was done is not done again. Sections are looked at in order, each through its own
check. From the first one whose work is not there, the notebooks run one after the other, in one
kernel, each up to its check. What comes after a check is an exercise.
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
from chatkit.lesson import checks, courses
from chatkit.lesson.course import Section
from chatkit.lesson.notebooks import execution
from chatkit.steps import app_files, local_run, local_settings

if TYPE_CHECKING:
    from chatkit.cloud.calls import Calls
    from chatkit.core.results import Result
    from chatkit.steps.session import Session

TICK_S = 0.5


@dataclass(frozen=True)
class CaughtUp:
    """What catching up did, in numbers of sections.

    Attributes:
        section: The one that can begin now.
        kept: Those whose work was there.
        ran: Those whose notebooks were run.
        app: What became of the learner's functions; empty when nothing did.
    """

    section: str
    kept: tuple[str, ...]
    ran: tuple[str, ...]
    app: str = ""


def caught_up(session: Session, number: str | int | None) -> Result:
    """Bring a workshop to the start of a section, as a step of it.

    Args:
        session: The home and the target.
        number: Of the section; None for the one after the last that was completed.
    """
    with session.step("Catching up") as step:
        found = catch_up(session, number, step.stack.calls)
        ran = "Nothing was missed."
        if found.ran:
            ran = f"Ran what was missed: {', '.join(found.ran)}."
        held = ", ".join(found.kept) or "nothing"
        text = " ".join(filter(None, (f"Section {found.section} can begin. {ran}", found.app)))
        return step.result(text, ("there already", held))


def catch_up(session: Session, number: str | int | None, calls: Calls) -> CaughtUp:
    """Bring a workshop to the start of a section.

    Args:
        session: Keeps what it has; files of my-chat that differ from the kit's are kept beside.
        number: Of the section; None for the one after the last that was completed.
        calls: Told what runs.

    Raises:
        SetupError: There is no such section.
        NotebookFailed: A cell of a missed notebook raised.
    """
    course = courses.current()
    folder = courses.notebooks()
    if number is None:
        goal = course.after(session.settings.facts.completed)
    else:
        goal = course.with_notebook(number, folder)
    paths = course.notebooks(folder)
    before = [section for section in course.before(goal) if section in paths]
    app = _brought_forward(session, goal)
    _renew_local_settings(session)
    _start_servers_again(session, goal)
    kept = _sections_with_work(session, before, calls)
    missed = before[len(kept) :]
    if missed:
        _run([paths[section] for section in missed], session.settings.target, calls)
        session.begin_at(goal.number)
    return CaughtUp(goal.number, _numbers(kept), _numbers(missed), app)


def _brought_forward(session: Session, goal: Section) -> str:
    """Bring functions of an earlier section to the goal's start, where they have been before.

    Those of a later section stay: somebody's finished app is not taken back.
    """
    number = goal.number
    brought = app_files.bring_forward(number, folder=session.folder, home=session.home)
    is_of = app_files.section_of(session.folder)
    if brought or is_of <= number:
        return brought
    return (
        f"my-chat/functions stays that of section {is_of}; a cell of an earlier section that writes"
        " an older file brings it back, and keeps it beside."
    )


def _numbers(some: Sequence[Section]) -> tuple[str, ...]:
    return tuple(section.number for section in some)


def _needs_local_servers(session: Session, goal: Section) -> bool:
    """Whether a section before the goal, or the goal, still uses the servers on this machine."""
    course = courses.current()
    done = course.done(session.settings.facts)
    over = [section for section in course.sections if section.ends_local_run]
    return not any(section.number in done or section.number < goal.number for section in over)


def _renew_local_settings(session: Session) -> None:
    """Write the settings on this machine again, where there are some.

    After a restart of the machine the SignalR instance may be at another port, and it may take no
    keys any more.
    """
    from azure.core.exceptions import AzureError

    if not (session.settings.facts.signalr and local_settings.values(session.functions_folder)):
        return
    with suppress(ChatkitError, AzureError):
        local_run.write_local_settings(session)


def _start_servers_again(session: Session, goal: Section) -> None:
    """Start the servers that a pause has ended, while the sections still need them."""
    from azure.core.exceptions import AzureError

    if not _needs_local_servers(session, goal):
        return
    course = courses.current()
    done = course.done(session.settings.facts)
    started = [section.starts for section in course.before(goal) if section.number in done]
    # What fails here fails in the section's check, too, and then its notebook runs.
    with suppress(ChatkitError, AzureError):
        if "functions" in started:
            local_run.start_functions(session)
        if "page" in started:
            local_run.start_page(session)


def _sections_with_work(session: Session, before: Sequence[Section], calls: Calls) -> list[Section]:
    """The sections, from the first one on, whose work is there."""
    kept: list[Section] = []
    for section in before:
        if not _is_over(session, section, before[-1]) and not _is_done(session, section, calls):
            break
        session.complete(section.number)
        kept.append(section)
    return kept


def _is_done(session: Session, section: Section, calls: Calls) -> bool:
    """Whether a section's check finds its work."""
    try:
        with calls.doing(f"looking at section {section.number}"):
            checks.check(session, section.number)
    except Exception:  # whatever it was, the section's notebook repairs it or says what is wrong
        return False
    calls.tick()
    return True


def _is_over(session: Session, section: Section, last: Section) -> bool:
    """Whether a section was completed, and nothing needs what it left running."""
    done = courses.current().done(session.settings.facts)
    if not section.uses_local_servers or section.number not in done:
        return False
    return last.ends_local_run or not _needs_local_servers(session, last)


def _run(paths: Sequence[Path], target: str, calls: Calls) -> None:
    """Run notebooks in one kernel.

    It is told the target, which a variable of this process could contradict.
    """
    import nbformat

    content: Any = nbformat.v4.new_notebook(cells=[*_cells(paths)])  # type: ignore[no-untyped-call]
    interrupted = Event()

    def done(_cell: Any) -> None:
        if interrupted.is_set():
            raise SetupError(
                "Catching up was interrupted.", hint="workshop.catch_up() goes on from there."
            )

    environment = {**os.environ, "CHATKIT_TARGET": target, "CHATKIT_PROGRESS": "0"}
    first = paths[0]
    with ThreadPoolExecutor(1) as pool:  # its own thread: a kernel's loop runs in this one already
        running = pool.submit(
            execution.execute,
            content,
            first.name,
            store.cells_folder(),
            done=done,
            environment=environment,
        )
        try:
            with calls.doing(f"running sections {first.name[:2]} to {paths[-1].name[:2]}"):
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
            if cell.cell_type != "code":
                continue
            about = {"notebook": path.name, "tags": cell.metadata.get("tags", [])}
            made = nbformat.v4.new_code_cell
            yield made(cell.source, metadata=about)  # type: ignore[no-untyped-call]
            if "workshop.check(" in cell.source:
                break
