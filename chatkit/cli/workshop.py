"""The verbs of a workshop: status, doctor, check, catch-up, clean and reset.

Each does what the method of that name does in a cell.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from chatkit.core.settings import home
from chatkit.core.work import course_choice

if TYPE_CHECKING:  # what a verb needs is imported when it runs, so that the others start without it
    from chatkit.steps.status import Receipt
    from chatkit.workshop import Workshop

AsJson = Annotated[bool, typer.Option("--json", help="Print it as JSON.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def status(as_json: AsJson = False) -> None:
    """Show what the workshop has made so far, and where it is."""
    from chatkit.lesson import courses
    from chatkit.steps.session import Session

    known = Session(home()).status(courses.current().done)
    if as_json and known.absence:
        typer.echo(known.absence, err=True)
    typer.echo(json.dumps(known.as_dict(), indent=1) if as_json else repr(known))


def doctor(
    symptom: Annotated[
        str, typer.Option("--symptom", help="What went wrong: the message, pasted as it is.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Check that everything is ready, name what is wrong, and say what to do. Changes nothing."""
    from chatkit.lesson.doctor.diagnose import diagnose
    from chatkit.steps.session import Session

    found = diagnose(Session(home()), symptom)
    typer.echo(json.dumps(found.as_dict(), indent=1) if as_json else "\n".join(found.lines()))
    # What could not be looked at is no good news either.
    raise typer.Exit(0 if found.ok is True else 1)


def check(
    section: Annotated[str, typer.Argument(help="Its number: 05, or 5.")],
) -> None:
    """Check the real behaviour of what a section built, and remember that it passed."""
    from chatkit.lesson import courses
    from chatkit.workshop import Workshop

    number = courses.current().find(section).number  # before anything is started for it
    typer.echo(repr(Workshop.open().check(number)))


def catch_up(
    section: Annotated[
        str | None,
        typer.Argument(help="Its number; default: the one after the last completed section."),
    ] = None,
) -> None:
    """Go to the start of a section by running the notebooks that were missed.

    Also goes on after a pause.
    """
    from chatkit.lesson import courses
    from chatkit.workshop import Workshop

    if section is not None:  # before anything is started for it
        courses.current().with_notebook(section, courses.notebooks())
    typer.echo(repr(Workshop.open().catch_up(section)))


def logs(
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on with every new line, until Ctrl+C.")
    ] = False,
    lines: Annotated[
        int, typer.Option("--lines", "-n", min=1, help="How many of the last lines.")
    ] = 50,
    where: Annotated[
        str,
        typer.Option(
            "--where", help="local or deployed; default: those on this machine while they run."
        ),
    ] = "",
) -> None:
    """Show what your functions said, the newest last."""
    from chatkit.lesson import app_log
    from chatkit.steps.session import Session

    session = Session(home())
    if follow:
        app_log.print_followed(session, where, lines, typer.echo)
        return
    typer.echo(repr(app_log.said(session, where, lines=lines)))


def clean(yes: Yes = False) -> None:
    """Delete everything the workshop made, and print a receipt."""
    workshop = _open_to_delete(is_agreed=yes)
    _show(workshop.clean_up())


def reset(yes: Yes = False) -> None:
    """Clean up and begin anew: your app is put aside, notebooks are renewed, edited ones kept."""
    workshop = _open_to_delete(is_agreed=yes, begins=True)
    _show(workshop.reset())


def _open_to_delete(*, is_agreed: bool, begins: bool = False) -> Workshop:
    """Open the workshop, and ask before anything in it is deleted.

    Args:
        is_agreed: Do not ask.
        begins: Nothing of the work stays, so another course may have been begun there.
    """
    from chatkit.steps.session import Session
    from chatkit.workshop import Workshop

    if begins and course_choice.other_begun():
        workshop = Workshop(Session(home()))
    else:
        workshop = Workshop.open()
    if not is_agreed:
        where = "your Azure subscription"
        if workshop.settings.target == "local":
            where = "the local cloud"
        group = workshop.settings.names.resource_group
        typer.confirm(f"Delete resource group {group} and all in it from {where}?", abort=True)
    return workshop


def _show(receipt: Receipt) -> None:
    typer.echo(repr(receipt))
    raise typer.Exit(0 if receipt.complete else 1)
