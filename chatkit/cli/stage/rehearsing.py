"""`chatkit stage rehearse`: simulated phones, a whole room of them, at the stage's real address."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Annotated

import typer

from chatkit.core.errors import SetupError
from chatkit.core.settings import home

LINE = 78
TELL_EACH = 10  # of what is told, where it cannot be written over
PAY = "`--yes` rehearses nevertheless."


def rehearse(
    *,
    people: Annotated[int, typer.Option("--people", help="How many phones (1 to 5000).")] = 150,
    messages: Annotated[
        int, typer.Option("--messages", help="How many they write together (1 to 10000).")
    ] = 600,
    per_second: Annotated[
        float, typer.Option("--per-second", help="How many messages a second, on average.")
    ] = 10.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="On Azure: do not ask about what it uses.")
    ] = False,
) -> None:
    """Play the room: phones join, write, sleep and wake; print what arrived, and what breaks first.

    Nothing of it is left in the room. Exit code 1 when something was lost, or somebody could not
    come in.
    """
    from chatkit.stage.rehearsal import rehearsal
    from chatkit.steps.session import Session

    told = _teller()
    told("Beginning the rehearsal.")
    session = Session(home())
    wanted = rehearsal.Wanted(people, messages, per_second)
    if session.settings.target == "azure":
        _agree(rehearsal.cost(wanted), is_agreed=yes)
    try:
        result = rehearsal.rehearse(session, wanted, told)
    finally:
        told("")
    lines = [json.dumps(result.data, indent=1)] if as_json else result.lines()
    typer.echo("\n".join(lines))
    if not result.is_whole:
        raise typer.Exit(1)


def _teller() -> Callable[[str], None]:
    """What writes how far it is: over the line before, or now and then a line."""
    count = 0

    def told(sentence: str) -> None:
        nonlocal count
        if sys.stderr.isatty():
            typer.echo(
                f"\r{sentence:{LINE}}" if sentence else f"\r{'':{LINE}}\r", err=True, nl=False
            )
        elif sentence and count % TELL_EACH in (0, 1):
            typer.echo(sentence, err=True)
        count += 1

    return told


def _agree(cost: str, *, is_agreed: bool) -> None:
    typer.echo(cost, err=True)
    if is_agreed:
        return
    if not sys.stdin.isatty():
        raise SetupError("A rehearsal on Azure uses up what you pay for.", hint=PAY)
    typer.confirm("Rehearse?", abort=True, err=True)
