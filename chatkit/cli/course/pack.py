"""`chatkit pack FOLDER`: all that the course needs, for a place without internet."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from chatkit.core.errors import NotOffered
from chatkit.core.files import typed
from chatkit.setup.packs import here, this_python

MB = 1_000_000


def pack(
    name: Annotated[
        str, typer.Argument(metavar="FOLDER", help="It is made; a pack that is there is renewed.")
    ],
    platform: Annotated[
        list[str] | None,
        typer.Option(
            help="linux-x86_64, linux-aarch64, macos-arm64, macos-x86_64 or windows-amd64; may be"
            " repeated. Default: this machine's."
        ),
    ] = None,
    python: Annotated[
        list[str] | None,
        typer.Option(help="A version as 3.12; may be repeated. Default: this Python's."),
    ] = None,
) -> None:
    """Make a folder from which the course starts without internet: packages, kit, start scripts.

    It needs the internet itself. Copy the folder, on a stick for example, and type `sh start.sh`
    there, or `start.cmd` on Windows.
    """
    from rich.progress import Progress

    from chatkit.core.work.course_choice import chosen as chosen_course
    from chatkit.core.work.course_choice import is_tutorial
    from chatkit.pack import packing
    from chatkit.pack.platforms import targets

    if not name.strip():  # a variable of a script that is not set
        raise NotOffered("A pack needs a folder.", hint="`chatkit pack my-pack` makes one.")
    if not is_tutorial():
        raise NotOffered(
            f"A pack has the tutorial, and this is the course {chosen_course()}.",
            hint="Pack it in another folder, and put the course's wheel beside the pack.",
        )
    chosen = targets(_split(platform) or [here()], _split(python) or [this_python()])
    place = typed(name)
    packing.check_place(place)
    typer.echo(f"chatkit: packing for {', '.join(map(str, chosen))}.", err=True)
    with Progress(disable=not sys.stdout.isatty(), transient=True) as progress:
        bars = {str(one): progress.add_task(f"{one}", total=None) for one in chosen}

        def step(machine: str, there: int, wanted: int) -> None:
            progress.update(bars[machine], completed=there, total=wanted)

        packed = packing.pack(place, chosen, step)
    typer.echo(f"{packed.folder} is ready: {packed.wheels} wheels, {packed.size_bytes // MB} MB.")
    typer.echo("Copy it whole. There, `sh start.sh` starts the course, on Windows start.cmd;")
    typer.echo("README.txt in it says what is needed.")


def _split(given: list[str] | None) -> list[str]:
    """What was given, also as one list with commas."""
    return [one.strip() for text in given or () for one in text.split(",") if one.strip()]
