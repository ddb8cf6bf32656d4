"""`chatkit new FOLDER`: the course in a folder, for people who have installed the package."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chatkit.core import settings
from chatkit.core.errors import NotOffered, SetupError
from chatkit.core.files import typed
from chatkit.core.system.shells import quoted
from chatkit.setup.version import VERSION

if TYPE_CHECKING:  # what a verb needs is imported when it runs, so that the others start without it
    from chatkit.core.work.course_folder import Kit, LaidOut


def new(
    name: Annotated[
        str, typer.Argument(metavar="FOLDER", help="It is made, or brought up to date.")
    ],
    course: Annotated[
        str,
        typer.Option(
            "--course",
            metavar="NAME",
            help="An installed course; default: the folder's, or CHATKIT_COURSE, or the tutorial.",
        ),
    ] = "",
    lock: Annotated[
        bool | None,
        typer.Option(
            "--lock/--no-lock",
            help="Install the tested versions of all packages into this environment; default: ask.",
        ),
    ] = None,
) -> None:
    """Lay out the course in a folder: notebooks, app and page to read, and a place for your work.

    In a folder of an older version it brings the new notebooks and keeps your work.
    """
    from chatkit.core.work import course_choice, course_folder, notebooks

    if not name.strip():  # a variable of a script that is not set
        raise NotOffered("A course needs a folder.", hint="`chatkit new my-course` makes one.")
    folder = typed(name)
    if folder.exists() and not folder.is_dir():
        raise SetupError(f"{folder} is a file.", hint="Choose another name.")
    if folder == settings.checkout():
        raise SetupError("This is the checkout itself.", hint="`python3 -m chatkit lab` opens it.")
    wanted = course_choice.composed(course) or course_choice.of_folder(folder)
    kit = _kit(wanted)
    laid_out = course_folder.lay_out(folder, kit)
    work, home = folder / "my-chat", folder / ".chatkit"
    source = course_choice.folder(wanted) / notebooks.FOLDER
    brought = notebooks.bring_up_to_date(source, work, home)
    typer.echo("\n".join(_lines(folder, kit, laid_out)))
    if brought.sentence():
        typer.echo(f"chatkit: {brought.sentence()}")
    _offer(course_folder.lock(), lock)


def _kit(wanted: str) -> Kit:
    """What a folder gets of a course.

    Raises:
        SetupError: It is not installed, or something in it is wrong.
    """
    from chatkit.core.work import course_choice
    from chatkit.core.work.course_folder import Kit, kit_files
    from chatkit.lesson import courses

    entry = course_choice.find(wanted)
    title = courses.load(wanted).title
    files = kit_files(course_choice.folder(wanted))
    if entry == course_choice.TUTORIAL:
        return Kit(files, VERSION, title)
    wrong = courses.faults(wanted)
    if wrong:
        raise SetupError("\n".join(wrong), hint=courses.HINT)
    version = entry.dist.version if entry.dist is not None else "1"
    return Kit(files, version, title, wanted)


def _lines(folder: Path, kit: Kit, laid_out: LaidOut) -> list[str]:
    """What was done, and what to type next."""
    said = f"{folder} is ready"
    what = kit.course or "chatkit"
    if laid_out.before and laid_out.before != kit.version:
        said = (
            f"{folder} is brought from {what} {laid_out.before} to {kit.version}; your work is kept"
        )
    elif laid_out.before:
        said = f"{folder} is up to date"
    kept = [f"  {path}: yours, as you had changed it" for path in laid_out.kept]
    return [
        f"chatkit: {said}.",
        *kept,
        f"  notebooks/  the kit's, read-only: {kit.title}",
        "  my-chat/    yours: your app, and the notebooks that JupyterLab opens",
        f"Next: cd {quoted(folder)} && chatkit lab",
    ]


def _offer(lock: Path, wanted: bool | None) -> None:
    """Offer to install by the lock where this environment has other versions."""
    from chatkit.setup import locked
    from chatkit.setup.installers import SetupFailed

    others = locked.others(lock)
    if wanted is False or not others:
        return
    count = "1 package" if len(others) == 1 else f"{len(others)} packages"
    if not locked.can_be_installed():
        typer.echo(f"{count} here have other versions than tested; this environment is read-only.")
        return
    if wanted is None and not sys.stdin.isatty():
        typer.echo(f"{count} here have other versions than tested; --lock installs those.")
        return
    question = f"{count} here have other versions than tested. Install the tested ones?"
    if wanted or typer.confirm(question, default=False):
        try:
            locked.install(lock)
        except SetupFailed as error:
            raise SetupError(f"The tested versions are not installed: {error.elsewhere}") from error
        typer.echo("The packages are those that the lock names.")
