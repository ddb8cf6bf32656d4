"""`chatkit class roster`: from a list of names to what each person gets."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chatkit.cli.classroom import making
from chatkit.core.errors import ChatkitError, NotOffered
from chatkit.core.settings import checked_target, home
from chatkit.core.text.controls import visible

if TYPE_CHECKING:  # what a verb needs is imported when it runs, so that the others start without it
    from chatkit.classroom.enrolment import Wanted
    from chatkit.classroom.roster import Roster

NAME_COLUMN = 24
NAMES = "`chatkit class roster names.csv`; its first line names the columns: name, mail, region."


def roster(
    names: Annotated[
        Path | None,
        typer.Argument(help="A CSV file with the columns name, and perhaps mail and region."),
    ] = None,
    *,
    title: Annotated[str, typer.Option("--title", help="What the class is called.")] = "",
    target: Annotated[
        str, typer.Option("--target", help="Where people build their chats: local or azure.")
    ] = "",
    hours: Annotated[
        float,
        typer.Option("--hours", min=0.25, max=24 * 31, help="How long join codes count, from now."),
    ] = 12.0,
    regions: Annotated[
        str, typer.Option("--regions", help="Azure regions to spread people over: a,b,c.")
    ] = "",
    shared: Annotated[
        bool,
        typer.Option("--shared", help="One Standard SignalR instance for all, with a hub each."),
    ] = False,
    tier: Annotated[
        str,
        typer.Option("--tier", help="Of each person's instance: free (as usual) or standard."),
    ] = "",
    make: Annotated[
        bool, typer.Option("--make", help="On Azure: make the groups, and give the rights.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="With --make: do not ask.")] = False,
) -> None:
    """Give everybody of a list a suffix, a hub, a name to sign in with, and a join code.

    Who is in the roster already keeps theirs; newcomers are added.
    """
    from chatkit.classroom import roster as rosters
    from chatkit.classroom.enrolment import Wanted

    if names is None and not make:
        raise NotOffered("A roster needs a list of names.", hint=NAMES)
    with rosters.changing(home()):
        known = rosters.find(home()) if names is not None else rosters.read(home())
        wanted = Wanted(
            title=" ".join(title.split()) or (known.title if known else _usual_title()),
            target=checked_target(target or (known.target if known else "local")),
            hours=hours,
            regions=tuple(regions.replace(",", " ").lower().split()),
            is_shared=shared or (known is not None and known.is_shared),
            tier=_tier(tier) if tier else "",
        )
        if names is not None:
            known = _enrolled(names, wanted, known)
        if make and known is not None:
            making.make(known, is_agreed=yes)
    _tell_the_board()
    typer.echo("`chatkit class handout` writes the pages to hand out, with the join codes.")


def _enrolled(names: Path, wanted: Wanted, known: Roster | None) -> Roster:
    from chatkit.classroom import names_file
    from chatkit.classroom import roster as rosters
    from chatkit.classroom.enrolment import enrol, missing

    entries = names_file.read(names)
    made = enrol(entries, wanted, known)
    rosters.write(home(), made)
    typer.echo("\n".join(lines(made)))
    if names_file.is_guessed(names):
        typer.echo(f"{names.name} is not in UTF-8, and was read as Windows' code page 1252.")
        typer.echo("Where names look wrong: `chatkit class clean`, and save the list as CSV UTF-8.")
    for name in missing(made, entries):
        typer.echo(f"{visible(name)} is not in {names.name} and stays in the class.")
    return made


def _tell_the_board() -> None:
    """Let newcomers in at a board that is open; the roster stands whatever becomes of it."""
    from chatkit.classroom.board import board
    from chatkit.steps.session import Session

    try:
        is_told = board.renew(Session(home()))
    except ChatkitError as error:
        typer.echo(f"The board does not know this roster yet: {error.message}")
        typer.echo("`chatkit class board up`, with the --host of before, tells it.")
        return
    if is_told:
        typer.echo("The open board knows this roster, too.")


def lines(made: Roster) -> list[str]:
    """The roster without its codes: it may be on a projector."""
    from rich.cells import set_cell_size

    from chatkit.classroom.handout import moment

    shared = f", one shared instance of {made.units} units" if made.is_shared else ""
    count = len(made.people)
    people = "1 person" if count == 1 else f"{count} people"
    head = f"{visible(made.title)} ({made.id}): {people}, target {made.target}{shared}."
    state = "The class is over since" if made.has_ended() else "Join codes count until"
    rows = [head, f"{state} {moment(made.ends_at)}.", ""]
    for person in made.people:
        # Letters of some scripts take two columns.
        name = set_cell_size(visible(made.label(person)), NAME_COLUMN)
        rows.append(
            f"{person.number:4}  {name}  {person.suffix}"
            f"  {person.region:18} {person.hub:12} {visible(person.sign_in_name)}".rstrip()
        )
    return [*rows, ""]


def _usual_title() -> str:
    return f"Class of {datetime.now(UTC).astimezone():%Y-%m-%d}"


def _tier(text: str) -> str:
    from chatkit.cloud.provision import tiers

    return tiers.chosen(text, None).tier.name
