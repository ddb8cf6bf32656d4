"""`chatkit class join` and `chatkit class leave`: a participant's side of a class."""

from __future__ import annotations

from typing import Annotated

import typer

from chatkit.core.settings import home


def join(
    code: Annotated[
        str,
        typer.Argument(help="What you were given: CODE@HOST:PORT. @HOST:PORT: its new address."),
    ],
) -> None:
    """Join a class: its instructor sees from now on how your checks and exercises go.

    What is sent is said before anything is. `chatkit class leave` takes it all back.
    """
    from chatkit.classroom.reporting import join as joining

    joined = joining.join(home(), code)
    typer.echo(joined.text)
    for name, value in joined.rows[len(joining.SENT) :]:  # those are in the text
        typer.echo(f"  {name}: {value}")


def leave(
    *,
    without_board: Annotated[
        bool,
        typer.Option("--without-board", help="Leave here when the board does not answer, too."),
    ] = False,
) -> None:
    """Leave the class: what it has of you is deleted, and nothing more is sent."""
    from chatkit.classroom.reporting import join as joining

    typer.echo(joining.leave(home(), without_board=without_board).text)
