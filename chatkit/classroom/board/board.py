"""Opening a class's board, looking at it, and closing it.

The board is what the tutorial teaches: a function app that negotiates and takes results, a hub that
carries them, a storage account that keeps them. It is in a resource group of its own, with the
class's tag.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from azure.mgmt.resource.resources.models import ResourceGroup

from chatkit.classroom import codes, roster
from chatkit.classroom.board import admission, app_package, columns, record, region
from chatkit.classroom.board.record import BoardRecord
from chatkit.classroom.reporting.board_api import BoardApi
from chatkit.classroom.roster import CLASS_TAG, Roster
from chatkit.cloud.provision import app_settings, everything, resource_group, signalr
from chatkit.cloud.provision.resource_group import TAGS
from chatkit.cloud.publish import functions
from chatkit.cloud.stack import Stack
from chatkit.core import ports
from chatkit.core.errors import NotStarted, PortInUse, SetupError
from chatkit.core.results import Result
from chatkit.core.running import room_hosts
from chatkit.core.running.presence import BOARD
from chatkit.core.settings import REGION, Names
from chatkit.steps.servers.server import Program

if TYPE_CHECKING:
    from chatkit.steps.session import Session

HUB = "board"
SIGNALR_SETTING = "AzureSignalRConnectionString"
NEGOTIATE = "/api/negotiate"
PROGRAM = "chatkit.localcloud.board.program"
PAGE = Path(__file__).parents[2] / "localcloud" / "board" / "page"
PAGE_PORT = 8170
UP = "`chatkit class board up` opens it."
NO_BOARD = "This class has no board yet."


@dataclass(frozen=True)
class Wanted:
    """How a board is to be opened.

    Attributes:
        host: The address in the room, of this machine; empty for the one of before, else loopback.
        port: The port there; 0 for the one of before, else the usual one.
        may_be_public: Whether the whole internet may reach it.
        causes: Titles of the course's problems, besides those that the kit knows.
    """

    host: str = ""
    port: int = 0
    may_be_public: bool = False
    causes: tuple[str, ...] = ()


def names_of(known: Roster) -> Names:
    """What the board's resources are called."""
    return Names.of(f"{known.id}board", region=_region(known), hub=HUB)


def up(session: Session, wanted: Wanted) -> Result:
    """Open the board: make what is missing of it, publish its app, tell it who may come in.

    What was reported before is still there.

    Raises:
        NotStarted: There is no class, or the board's process does not start.
        SetupError: The class has ended, or the address is not one for a room.
    """
    known = roster.read(session.home)
    wanted = _placed(session.home, known, wanted)
    _check_host(wanted)
    if known.has_ended():
        raise SetupError("The class has ended.", hint="`chatkit class roster` makes a new one.")
    with session.step("Opening the board") as step:
        step.is_beside_the_chat()
        stack = replace(step.stack, names=names_of(known))
        if stack.cloud.target == "local":
            _check_room(session, wanted)
        stack = replace(stack, names=replace(stack.names, region=region.region_of(stack, known)))
        made = _made(stack, known, _before(session, known), wanted)
        package = app_package.build(wanted.causes)
        _, published = functions.publish(stack, package, known=made.published)
        made = replace(made, published=published)
        admission.upload(stack, known, made)
        record.write(session.home, made)
        functions.wait_until_answers(stack, made.api, NEGOTIATE)
        session.servers.stop(BOARD)
        session.servers.start(Program(BOARD, (sys.executable, "-m", PROGRAM), PAGE), port=PAGE_PORT)
        return step.result("The board is open.", *rows(session, made))


def renew(session: Session) -> bool:
    """Tell an open board of the roster's newcomers, and of when the class ends now.

    Returns:
        Whether one is open. Otherwise `up` tells it.
    """
    known = roster.read(session.home)
    before = record.read(session.home)
    if before is None or before.class_id != known.id or not is_running(session):
        return False
    with session.step("Telling the board") as step:
        step.is_beside_the_chat()
        ends = known.ends_at.timestamp()
        renewed = replace(before, title=known.title, ends=ends, names=_named(known))
        admission.upload(replace(step.stack, names=names_of(known)), known, renewed)
        record.write(session.home, renewed)
    return True


def status(session: Session) -> Result:
    """What the board knows so far, in figures and without names.

    Raises:
        NotStarted: There is no board, or it does not answer.
    """
    known = _opened(session)
    try:
        told = BoardApi(known.api, known.board_token).ask("GET", "results")
    except NotStarted:
        # It is not a participant who asks: nobody here looks for the room's network.
        raise NotStarted("The board's functions do not answer.", hint=UP) from None
    reported = [event for events in told["people"].values() for event in events]
    results = [event for event in reported if event["kind"] != "hand"]
    passed = sum(1 for event in results if event["passed"])
    figures = (
        ("people who reported", f"{len(told['people'])} of {len(known.names)}"),
        ("results", f"{len(results)}, {passed} of them passed"),
        ("hands up", str(_hands(told["people"].values()))),
        ("errors", _errors(results) or "none"),
    )
    if not is_running(session):
        return Result(f"The board's page is closed. {UP}", figures)
    return Result("The board is open.", (*rows(session, known), *figures))


def down(session: Session) -> Result:
    """Close the board: no code counts any more, and page and room are closed.

    What was reported stays until `chatkit class clean`.

    Raises:
        NotStarted: There is no board.
    """
    known = _opened(session)
    with session.step("Closing the board") as step:
        step.is_beside_the_chat()
        session.servers.stop(BOARD)
        people = roster.read(session.home)
        ended = replace(known, ends=min(known.ends, time.time()))
        admission.upload(replace(step.stack, names=names_of(people)), people, ended)
        record.write(session.home, ended)
        return step.result(
            "The board is closed, and its codes do not count.",
            ("results", "kept until `chatkit class clean`"),
            ("again", UP),
        )


def is_running(session: Session) -> bool:
    """Whether page and room are open."""
    return session.servers.running(BOARD) is not None


def links(session: Session) -> dict[str, str]:
    """The addresses of the page: the instructor's with its token, and the projector's.

    Raises:
        NotStarted: The page is closed.
    """
    found = record.reachable(session.home)
    if found is None:
        raise NotStarted("The board's page is closed.", hint=UP)
    page = f"http://127.0.0.1:{found.port}/board"
    return {"instructor": f"{page}#{found.token}", "projector": page}


def rows(session: Session, known: BoardRecord) -> list[tuple[str, str]]:
    """What the instructor needs to know of an open board."""
    found = links(session)
    where = record.address_now(session.home, known)
    lost = f"nothing now: {known.host} is not this machine's address any more"
    return [
        ("people type", f"chatkit class join CODE@{where}" if where else lost),
        ("your page", found["instructor"]),
        ("projector, without names", found["projector"]),
        ("until", time.strftime("%Y-%m-%d %H:%M", time.localtime(known.ends))),
    ]


def _made(stack: Stack, known: Roster, before: dict[str, Any], wanted: Wanted) -> BoardRecord:
    """Make sure that the board's resources exist, and say what they are."""
    _create_group(stack, known)
    instance = signalr.create_signalr(stack)
    facts = everything.create_function_app(stack)
    setting = {SIGNALR_SETTING: signalr.connection_string(stack)}
    app_settings.merge_app_settings(stack, setting)
    is_local = stack.cloud.target == "local"
    return BoardRecord(
        class_id=known.id,
        title=known.title,
        api=facts["api_base_url"],
        hub=signalr.address(stack, instance),
        ends=known.ends_at.timestamp(),
        host=wanted.host if is_local else "",
        port=wanted.port,
        sections=columns.columns(),
        names=_named(known),
        **before,
    )


def _named(known: Roster) -> dict[str, str]:
    """Name by person's id."""
    return {admission.person_id(person.number): known.label(person) for person in known.people}


def _before(session: Session, known: Roster) -> dict[str, Any]:
    """What stays of a board that was opened before."""
    found = record.read(session.home)
    if found is None or found.class_id != known.id:
        return {}
    return {
        "board_token": found.board_token,
        "screen_token": found.screen_token,
        "published": found.published,
    }


def _create_group(stack: Stack, known: Roster) -> None:
    """Make the group with the class's tag, by which `class clean` finds it."""
    resource_group.register_providers(stack)
    resource_group.create_resource_group(stack)
    wanted = ResourceGroup(location=stack.names.region, tags={**TAGS, CLASS_TAG: known.id})
    groups = stack.cloud.resources().resource_groups
    stack.calls.call(groups.create_or_update, stack.names.resource_group, wanted)


def _placed(home: Path, known: Roster, wanted: Wanted) -> Wanted:
    """With the place of before where none is named: people have it on paper."""
    before = record.read(home)
    host, port = codes.HOST, codes.PORT
    if before is not None and before.class_id == known.id and before.host:
        host, port = codes.read_address(record.address_now(home, before) or before.address)
    return replace(wanted, host=wanted.host or host, port=wanted.port or port)


def _check_host(wanted: Wanted) -> None:
    """Make sure that the address is one of this machine, and no public one by mistake."""
    if room_hosts.chosen(wanted.host).is_public and not wanted.may_be_public:
        raise SetupError(
            f"{wanted.host} is a public address: the whole internet may reach the board, not a"
            " room.",
            hint="--yes opens it nevertheless.",
        )


def _check_room(session: Session, wanted: Wanted) -> None:
    """Make sure that nothing else has the place in the room: a neighbour's board, for example."""
    before = record.read(session.home)
    if before is not None and is_running(session):
        ours = (before.address, record.address_now(session.home, before))
        if codes.address_of(wanted.host, wanted.port) in ours:
            return
    try:
        sockets = ports.bind_at(wanted.host, wanted.port, wanted_for="the board")
    except PortInUse as error:
        holder = str(ports.who_holds(wanted.port))
        raise error.with_holder(holder, hint="`--port` takes another one.") from None
    except PermissionError:
        raise ports.not_allowed(wanted.port, wanted_for="the board") from None
    for one in sockets:
        one.close()


def _region(known: Roster) -> str:
    return known.people[0].region if known.people else REGION


def _opened(session: Session) -> BoardRecord:
    found = record.read(session.home)
    if found is None:
        raise NotStarted(NO_BOARD, hint=UP)
    return found


def _hands(people: Iterable[list[dict[str, Any]]]) -> int:
    """How many hands are up: a person's last word counts."""
    last = [[event for event in events if event["kind"] == "hand"][-1:] for events in people]
    return sum(1 for found in last if found and found[0]["text"])


def _errors(results: list[dict[str, Any]]) -> str:
    met = Counter(event["cause"] or event["error"] for event in results if event["error"])
    return ", ".join(f"{count} x {name}" for name, count in met.most_common(5))
