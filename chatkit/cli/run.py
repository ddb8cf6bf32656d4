"""`chatkit run`: every notebook in order, without a browser."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chatkit.cloud import local_cloud
from chatkit.cloud.targets import connect
from chatkit.core import settings
from chatkit.core.errors import ChatkitError
from chatkit.core.files import write_public
from chatkit.core.home.check import check_home
from chatkit.core.public_urls import public_url
from chatkit.core.results import capitalised
from chatkit.lesson import courses
from chatkit.lesson.notebooks import execution, run_sheet
from chatkit.lesson.plan import PEOPLE, plan_of
from chatkit.setup.environment import was_made_now

CHOSEN_LATER = "<suffix>"

if TYPE_CHECKING:  # the other verbs start without waiting for it
    from rich.progress import Progress, TaskID


Target = Annotated[
    str | None, typer.Option("--target", help="local or azure; default: the one chosen last.")
]
Until = Annotated[
    str | None,
    typer.Option(
        "--until",
        help="Last section to run; the clean-up (11 of the tutorial) also cleans up, appendices"
        " stand after it. Default: all before the clean-up.",
    ),
]
DryRun = Annotated[
    bool,
    typer.Option(
        "--dry-run",
        help="Say what would run, and on which target; for azure each call, who may send it,"
        " quota, cost and time. Run nothing.",
    ),
]
ReadOnly = Annotated[
    bool,
    typer.Option(
        "--read-only",
        help="With --dry-run: ask what may be asked without a change (names, region, quota).",
    ),
]
People = Annotated[
    int | None,
    typer.Option(
        "--people",
        min=1,
        help=f"With --dry-run: size of your class, for the cost; {PEOPLE} without it.",
    ),
]


def run(
    target: Target = None,
    until: Until = None,
    dry_run: DryRun = False,
    read_only: ReadOnly = False,
    people: People = None,
) -> None:
    """Execute the notebooks in order.

    Executed copies are kept, and the chat page's URL is printed at the end.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    check_home(settings.home())
    chosen = select(courses.notebooks(), until)
    if read_only and not dry_run:
        raise typer.BadParameter("goes with --dry-run.", param_hint="--read-only")
    if people is not None and not dry_run:
        raise typer.BadParameter("goes with --dry-run.", param_hint="--people")
    if dry_run:
        typer.echo("\n".join(plan(chosen, target)))
        tell_plan(chosen, target, read_only=read_only, people=people or PEOPLE)
        return
    if target is not None:
        choose(target)
    console = Console(highlight=False, soft_wrap=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as progress:
        for notebook in chosen:
            task = progress.add_task(notebook.stem, total=None)
            seconds = execute(
                notebook, settings.home() / "executed" / notebook.name, progress, task
            )
            progress.remove_task(task)
            console.print(f"{notebook.stem}  {seconds:.1f} s")
    console.print(last_line(chosen))


def plan(chosen: list[Path], target: str | None) -> list[str]:
    """What a run would do, in lines. Nothing is written, started or asked for by it.

    Raises:
        SetupError: There is no such target.
    """
    known = settings.load(settings.home())
    wanted = known.wanted(target=target, suffix=None, region=None)
    where = "the local cloud on this machine (target local)"
    if wanted.target == "azure":
        where = "your Azure subscription (target azure)"
    group = "a resource group of a new name"
    if is_named(known, wanted):
        group = f"resource group {wanted.names.resource_group}"
    changed = "Nothing was changed."
    if was_made_now():
        changed = "Nothing was changed, but the environment in .venv was made."
    count = "1 notebook" if len(chosen) == 1 else f"{len(chosen)} notebooks"
    return [
        f"Would run {count} on {where}, in {group}:",
        *(f"  {notebook.stem}" for notebook in chosen),
        f"Executed copies would be kept in {settings.home() / 'executed'}. {changed}",
    ]


def is_named(known: settings.Settings, wanted: settings.Settings) -> bool:
    """Whether the names of the resources are chosen: the first run does so."""
    return (settings.home() / settings.FILE).exists() or wanted.suffix != known.suffix


def tell_plan(chosen: list[Path], target: str | None, *, read_only: bool, people: int) -> None:
    """Print what a run on Azure sends; on the local cloud only what was asked there.

    Args:
        chosen: The notebooks.
        target: Which target was named.
        read_only: Ask it what may be asked.
        people: How many are in the class.

    Raises:
        SetupError: Nobody is signed in, or the local cloud does not run.
    """
    known = settings.load(settings.home())
    wanted = known.wanted(target=target, suffix=None, region=None)
    if wanted.target == "local" and not read_only:
        return
    if not courses.current().has_plan:
        typer.echo("\nWhat this course sends on Azure is not recorded.")
        return
    if not is_named(known, wanted):
        wanted = replace(wanted, suffix=CHOSEN_LATER)
    told = plan_of(wanted, chosen, people=people)
    if read_only:
        from chatkit.cloud.plan.asking import Asking

        facts = wanted.facts
        made = (facts.signalr, facts.storage_account, facts.function_app)
        asking = Asking(connect(wanted, settings.home()), wanted.names, made)
        found = tuple(asking.answers())
        told = replace(told, found=found)
    typer.echo(f"\n{told}")


def choose(target: str) -> None:
    """Go to a target, which is remembered, and let it win in the kernels that this process starts.

    Raises:
        SetupError: There is no such target.
        azure.core.exceptions.AzureError: Nobody is signed in there; the target stays as it was.
    """
    from chatkit.steps.session import Session

    Session.open(target=settings.checked_target(target))
    os.environ["CHATKIT_TARGET"] = target


def last_line(executed: list[Path]) -> str:
    """The last line: where the chat page is, or why there is none."""
    course = courses.current()
    last = course.find(executed[-1].name[:2])
    if last.cleans_up or last.is_appendix:
        return "Everything is cleaned up."
    url = settings.load(settings.home()).facts.web_url
    # The address that an earlier run has left may lead nowhere any more.
    if course.page is None:
        return f"Done up to section {last.number}."
    if url and last.number >= course.page.number:
        return f"{capitalised(course.page_title)}: {public_url(url)}"
    makes = f"section {course.page.number} makes {course.page_title}"
    return f"Done up to section {last.number}; {makes}."


def select(folder: Path, until: str | None) -> list[Path]:
    """Return the notebooks up to a section; without one, all but the clean-up.

    Raises:
        SetupError: There are no notebooks, or no section of that number.
    """
    course = courses.current()
    known = course.notebooks(folder)
    if until is None:
        return [path for section, path in known.items() if section in course.building]
    last = course.with_notebook(until, folder)
    return [path for section, path in known.items() if section.number <= last.number]


def how_it_ran() -> dict[str, str]:
    """What a run sheet says of the times of a run: on which target, and whether Azure's waiting."""
    target = settings.load(settings.home()).target
    if target != "local":
        return {"target": target}
    with suppress(ChatkitError):
        pace = local_cloud.ask("GET", "/time", where=settings.home() / "local")
        mode = "instant" if pace["mode"] == "fast" else pace["mode"]
        scale = "" if pace["scale"] == 1 or mode == "instant" else f" times {pace['scale']:g}"
        return {"target": target, "time": f"{mode}{scale}"}
    return {"target": target}


def _text(notebook: Any) -> str:
    import nbformat

    text: str = nbformat.writes(notebook)  # type: ignore[no-untyped-call]
    return f"{text.rstrip()}\n"


def execute(notebook: Path, copy: Path, progress: Progress, task: TaskID) -> float:
    """Execute one notebook, keep the executed copy, and return how long it took.

    Raises:
        NotebookFailed: A cell raised; the sentence names notebook, cell and error.
    """
    import nbformat

    content: Any = nbformat.read(notebook, as_version=4)  # type: ignore[no-untyped-call]
    progress.update(task, total=sum(cell.cell_type == "code" for cell in content.cells))
    try:
        execution.execute(
            content,
            notebook.name,
            settings.cells_folder(),
            done=lambda _cell: progress.advance(task),
        )
    finally:
        content.metadata[run_sheet.NOTE] = how_it_ran()
        write_public(copy, _text(content))
    return progress.tasks[progress.task_ids.index(task)].elapsed or 0.0
