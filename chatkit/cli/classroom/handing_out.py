"""`chatkit class show` and `chatkit class handout`: what each person gets, and the pages of it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chatkit.cli.classroom.enrolling import lines
from chatkit.core.errors import NotOffered, SetupError
from chatkit.core.files import write_private
from chatkit.core.settings import home

if TYPE_CHECKING:  # what a verb needs is imported when it runs, so that the others start without it
    from chatkit.classroom.roster import Roster

PAGE = (".html", ".htm")
Board = Annotated[
    str,
    typer.Option(
        "--board", help="HOST:PORT of the board, as people reach it. Default: of the one opened."
    ),
]
ONE_PERSON = "One person's page, by number, name or mail."


def show(
    person: Annotated[str, typer.Option("--person", help=f"{ONE_PERSON} It has the code.")] = "",
    board: Board = "",
) -> None:
    """Show the roster, without codes; or one person's page, with the code, in the terminal."""
    from chatkit.classroom import handout as pages
    from chatkit.classroom import roster as rosters

    known = rosters.read(home())
    if not person:
        typer.echo("\n".join(lines(known)))
        return
    one = pages.wanted(known, person)
    is_terminal = sys.stdout.isatty()
    address = _address(board, known)
    typer.echo(pages.page(known, one, address, in_colour=is_terminal))


def handout(
    *,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", help="The file: .html to print, or .txt. Default: in the home."
        ),
    ] = None,
    person: Annotated[str, typer.Option("--person", help=ONE_PERSON)] = "",
    board: Board = "",
) -> None:
    """Write the pages to hand out: one a person, with join code and QR code, for your eyes alone.

    The file has everybody's code: only you can read it, and `chatkit class clean` deletes it.
    """
    from chatkit.classroom import forgetting
    from chatkit.classroom import handout as pages
    from chatkit.classroom import roster as rosters

    path = (out or home() / rosters.FOLDER / forgetting.HANDOUT).absolute()
    if path.suffix.lower() not in (*PAGE, ".txt"):
        raise NotOffered(
            f"A hand-out cannot be {path.name!r}: it is .html or .txt.",
            hint="The browser prints the .html, also as PDF.",
        )
    with rosters.changing(home()):
        known = rosters.read(home())
        address = _address(board, known)
        people = (pages.wanted(known, person),) if person else known.people
        _check_replaceable(path)
        # First: a file with codes that nobody knows of would outlive the class.
        rosters.note_handout(home(), path)
        write = pages.html if path.suffix.lower() in PAGE else pages.text
        write_private(path, write(known, people, address))
    count = "1 page" if len(people) == 1 else f"{len(people)} pages"
    typer.echo(f"{count}: {path}")
    if not address:
        typer.echo("`--board HOST:PORT` puts the board's address on them.")


def _address(typed: str, known: Roster) -> str:
    """HOST:PORT of the board that was named, else of the one that was opened; else empty."""
    from chatkit.classroom import handout as pages
    from chatkit.classroom.board import record

    opened = None if typed.strip() else record.read(home())
    if opened is not None and opened.class_id == known.id:
        return record.address_now(home(), opened)
    return pages.checked_board(typed)


def _check_replaceable(path: Path) -> None:
    """A file that is no hand-out is not written over: cleaning up deletes hand-outs."""
    from chatkit.classroom import handout as pages

    if not path.exists():
        return
    beginning = b""
    if path.is_file():
        with path.open("rb") as file:
            beginning = file.read(300)
    if not pages.is_handout(beginning.decode(errors="replace")):
        raise SetupError(f"{path} is no hand-out, and stays.", hint="Name another file.")
