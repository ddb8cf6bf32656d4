"""`chatkit class board …`: the instructor's board."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from chatkit.classroom.codes import PORT
from chatkit.core.settings import home

if TYPE_CHECKING:  # what a verb needs is imported when it runs, so that the others start without it
    from chatkit.core.results import Result

app = typer.Typer(
    help="The board of a class: people and sections, live.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command()
def up(
    host: Annotated[
        str, typer.Option("--host", help="The address of this machine in the room's network.")
    ] = "",
    port: Annotated[
        int | None,
        typer.Option("--port", "-p", min=1, max=65535, help=f"The port there, as usual {PORT}."),
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Open it at a public address, too.")
    ] = False,
) -> None:
    """Open the board: where people join, and the page that shows how they come on.

    Without --host it is where it was before, at first for this machine alone. On Azure people reach
    Azure's own address.
    """
    from chatkit.classroom.board import board
    from chatkit.lesson import courses
    from chatkit.workshop import Workshop

    causes = tuple(problem.title for problem in courses.current().problems)
    wanted = board.Wanted(host, port or 0, may_be_public=yes, causes=causes)
    show(board.up(Workshop.open().session, wanted))


@app.command()
def status(
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> None:
    """Show where the board is, and its figures, without names."""
    from chatkit.classroom.board import board
    from chatkit.steps.session import Session

    found = board.status(Session(home()))
    if as_json:
        typer.echo(json.dumps(dict(found.rows), indent=1))
        return
    show(found)


@app.command()
def down() -> None:
    """Close the board: no join code counts any more. What was reported stays until `class clean`.

    `chatkit class board up` opens it again, with the same codes.
    """
    from chatkit.classroom.board import board
    from chatkit.workshop import Workshop

    show(board.down(Workshop.open().session))


def show(found: Result) -> None:
    """Write a result and its rows."""
    typer.echo(found.text)
    width = max((len(name) for name, _ in found.rows), default=0)
    for name, value in found.rows:
        typer.echo(f"  {name:{width}}  {value}")
