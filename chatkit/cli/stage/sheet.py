"""`chatkit stage sheet`: a run sheet to print."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chatkit.core.errors import NotOffered
from chatkit.core.files import write_public
from chatkit.core.settings import home

NAME = "run-sheet.html"
PAGE = (".html", ".htm")
MARKDOWN = (".md", ".markdown")


def sheet(
    *,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="The file: .html to print, or .md. Default: in the home."),
    ] = None,
    only: Annotated[str, typer.Option("--sections", help="Only these sections: 04,05,06.")] = "",
) -> None:
    """Write a run sheet: each cell with the seconds it took here, what to say, and what helps.

    The times are those of the last `chatkit run`.
    """
    from chatkit.lesson.notebooks import run_sheet

    path = out or home() / NAME
    if path.suffix.lower() not in PAGE + MARKDOWN:
        raise NotOffered(
            f"A run sheet cannot be {path.name!r}: it is .html or .md.",
            hint="The browser prints the .html, also as PDF.",
        )
    wanted = [number for number in only.replace(",", " ").split() if number]
    made = run_sheet.read(home() / "executed", wanted)
    is_markdown = path.suffix.lower() in MARKDOWN
    write_public(path, run_sheet.markdown(made) if is_markdown else run_sheet.html(made))
    for part in made.parts:
        typer.echo(f"{part.number}  {run_sheet.clock(part.seconds):>6}  {part.title}")
    typer.echo(f"{made.measured} {run_sheet.clock(made.seconds)} minutes of waiting together.")
    typer.echo(f"The run sheet: {path}")
