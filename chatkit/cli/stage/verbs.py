"""`chatkit stage …`: the chat on the phones of a room."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from chatkit.cli.stage import rehearsing, sheet
from chatkit.core.errors import SetupError
from chatkit.core.running.own_addresses import OwnAddress
from chatkit.core.settings import home
from chatkit.core.system.console import can_write
from chatkit.core.time import durations

if TYPE_CHECKING:  # what a verb needs is imported when it runs, so that the others start without it
    from chatkit.stage.shown import StageShown
    from chatkit.steps.session import Session

LOOK_S = 1.0
NOT_OPEN = "No stage is open. `chatkit stage up` opens one."
app = typer.Typer(help="Show the chat on the phones of a room.", no_args_is_help=True)
app.command()(rehearsing.rehearse)
app.command()(sheet.sheet)


def lasting(text: str) -> float:
    """Read how long: 4h, 90m, 1h30m.

    Raises:
        BadParameter: It is nothing of the kind.
    """
    from chatkit.stage import stage

    try:
        seconds = durations.seconds(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= stage.MOST_S or not durations.has_unit(text):
        raise typer.BadParameter(f"{text!r} is no time like 4h, 90m or 1h30m, up to 24h")
    return seconds


@app.command()
def up(
    *,
    host: Annotated[
        str,
        typer.Option("--host", help="The address of this machine; without it it is asked for."),
    ] = "",
    port: Annotated[
        int, typer.Option("--port", "-p", min=0, max=65535, help="Default: a free one near 8080.")
    ] = 0,
    lasts: Annotated[
        str, typer.Option("--for", help="Ends by itself after this time: 4h, 90m, 1h30m.")
    ] = "4h",
    people: Annotated[
        int, typer.Option("--people", min=0, max=100_000, help="How many you expect.")
    ] = 0,
    where: Annotated[
        str,
        typer.Option("--where", help="local or deployed; default: deployed, if there is one."),
    ] = "",
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Do not ask about a public address.")
    ] = False,
    watch: Annotated[
        bool,
        typer.Option(
            "--watch", help="Stay, and show the new code when the network changes, until Ctrl+C."
        ),
    ] = False,
) -> None:
    """Open page, API and hub of the chat under one address of the local network.

    The same phone comes back as the same guest. Ends by itself, with `chatkit stage down` and with
    `chatkit stop`.
    """
    from chatkit.stage import stage
    from chatkit.workshop import Workshop

    wanted = stage.Wanted(host, port, lasting(lasts), people, where)
    wanted.check()  # before anything starts
    session = Workshop.open().session
    if session.settings.target == "local":
        wanted = replace(wanted, host=_chosen(host, is_agreed=yes))
    elif people:
        _ask_for_room(session, people)
    opened = stage.up(session, wanted)
    _show(opened)
    if watch and session.settings.target == "local":
        _watch(session, opened.url)


@app.command()
def status(
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> None:
    """Show where the stage is, and how many are there."""
    from chatkit.stage import on_azure, stage
    from chatkit.steps.session import Session

    session = Session(home())
    known = stage.state(session)
    if as_json:
        typer.echo(json.dumps(stage.summary(session, known), indent=1))
        return
    if session.settings.target == "azure":
        for line in on_azure.shown(session).lines():
            typer.echo(line)
        return
    if known is None:
        typer.echo(stage.comes_back(session) or NOT_OPEN)
        return
    for line in stage.shown(known).lines():
        typer.echo(line)
    typer.echo(
        f"{known['people']} guests so far, {known['connected']} connections now,"
        f" {known['messages_per_s']} messages a second."
    )


@app.command()
def down(
    *,
    forget: Annotated[
        bool,
        typer.Option(
            "--forget", help="Also delete what guests have written, and their names, for good."
        ),
    ] = False,
) -> None:
    """End the stage. Its guests are nobody any more.

    What they wrote stays in the history; what is hidden then is deleted.
    """
    from chatkit.stage import stage
    from chatkit.steps.session import Session

    typer.echo(repr(stage.down(Session(home()), forget=forget)))


def _chosen(host: str, *, is_agreed: bool) -> str:
    """The address to open at: the one that was named, or one that a person chooses.

    Raises:
        SetupError: Nobody can be asked.
    """
    from chatkit.core.running import room_hosts

    found = room_hosts.offered()
    if not host and len(found) > 1 and sys.stdin.isatty():
        host = _asked(found)
    one = room_hosts.chosen(host)
    if one.is_public and not is_agreed:
        _warn(one)
    return one.host


def _asked(found: list[OwnAddress]) -> str:
    for row, one in enumerate(found, start=1):
        typer.echo(f"{row}  {one}")
    number: int = typer.prompt("Which network are the phones in?", type=int, default=1)
    if not 1 <= number <= len(found):
        raise SetupError(f"There is no address {number} in the list.")
    return found[number - 1].host


def _warn(one: OwnAddress) -> None:
    warning = f"{one.host} is a public address: the whole internet may reach the stage, not a room."
    if not sys.stdin.isatty():
        raise SetupError(warning, hint="--yes opens it nevertheless.")
    typer.confirm(f"{warning} Open it nevertheless?", abort=True)


def _ask_for_room(session: Session, people: int) -> None:
    """On Azure room costs money: a person at a terminal is asked, nobody else is."""
    from chatkit.stage import size
    from chatkit.steps import resources

    if not sys.stdin.isatty():
        return  # what the stage shows says what to type
    room = size.look(session, people)
    if room.is_short and typer.confirm(f"{room.sentence('azure')}. Change it now?"):
        resources.scale(session, tier=room.needed.tier.name, units=room.needed.units)


def _show(opened: StageShown) -> None:
    code = opened.code(in_colour=sys.stdout.isatty())
    if code and can_write(code):
        typer.echo(f"{code}\n", color=True)
    for line in opened.lines():
        typer.echo(line)


def _watch(session: Session, url: str) -> None:
    """Show the stage again whenever it is somewhere else, until it ends or Ctrl+C."""
    from chatkit.stage import stage

    try:
        while True:
            time.sleep(LOOK_S)
            known = stage.state(session)
            if known is None:
                typer.echo("The stage has ended.")
                return
            if known["url"] != url:
                url = known["url"] or ""
                _show(stage.shown(known))
    except KeyboardInterrupt:
        typer.echo("The stage stays open. `chatkit stage down` ends it.")
