"""`chatkit class clean`: everything of a class is deleted, with a receipt a person."""

from __future__ import annotations

import sys
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Annotated

import typer

from chatkit.core.errors import HomeDamaged, SetupError
from chatkit.core.running.presence import BOARD
from chatkit.core.settings import Target, checked_target, home
from chatkit.core.text.controls import visible

if TYPE_CHECKING:  # what a verb needs is imported when it runs, so that the others start without it
    from chatkit.classroom.resources.cleaning import Found, Group
    from chatkit.classroom.resources.groups import Line, Place
    from chatkit.classroom.roster import Roster

YES = "`--yes` deletes without a question."
WHOSE = 28


def clean(
    *,
    target: Annotated[
        str, typer.Option("--target", help="local or azure; default: the class's own.")
    ] = "",
    class_id: Annotated[
        str, typer.Option("--class", help="Without a roster: the class's id, as its tag has it.")
    ] = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """End the class: delete its resource groups, the board, and names and codes on this machine.

    Shows first what it has found. What is not the class's stays, and is named. May be repeated.
    """
    from chatkit.classroom import roster as rosters

    wanted = checked_target(target) if target else None
    with rosters.changing(home()):
        known = rosters.find(home())
        if known is None:
            is_whole = _clean_lost(wanted, class_id, is_agreed=yes)
        elif class_id not in ("", known.id):
            raise SetupError(
                "The roster in this home is of another class.", hint=f"Its id is {known.id}."
            )
        else:
            is_whole = _clean(known, wanted, is_agreed=yes)
    raise typer.Exit(0 if is_whole else 1)


def _clean(known: Roster, wanted: Target | None, *, is_agreed: bool) -> bool:
    """End a class whose roster is here; say whether nothing of it is left."""
    from chatkit.classroom import forgetting
    from chatkit.steps.local_servers import LocalServers

    parts = _parts(known)
    if wanted is not None and wanted not in (known.target, *parts):
        raise SetupError(
            f"This class has nothing on the target {wanted}; nothing was changed.",
            hint=f"Its target is {known.target}.",
        )
    chosen = [target for target in parts if wanted in (None, target)]
    looks = [_look(target, known, parts[target]) for target in chosen]
    _ask([found for found, _ in looks], known, is_agreed=is_agreed)
    known = forgetting.end(home(), known)
    LocalServers(home()).stop(BOARD)
    is_whole = all([_delete(place, found) for found, place in looks])
    if is_whole and len(chosen) == len(parts):
        return _forget(known)
    typer.echo("Names stay on this machine until everything is gone; codes have ended.")
    return is_whole


def _clean_lost(wanted: Target | None, class_id: str, *, is_agreed: bool) -> bool:
    """End a class by its tag alone."""
    from chatkit.classroom.resources import cleaning
    from chatkit.cli.classroom.connecting import place_of

    if wanted is None:
        left = _forget(None)
        typer.echo("There is no class in this home.")
        return left
    place = place_of(wanted, None)
    if not class_id:
        listed = cleaning.classes(place)
        text = ", ".join(f"{visible(one)} ({count} groups)" for one, count in listed.items())
        hint = f"`--class ID` names one. There are: {text}." if text else "No group has such a tag."
        raise SetupError("There is no roster in this home that says which class.", hint=hint)
    found = cleaning.find(place, class_id, None)
    _show(found)
    _ask([found], None, is_agreed=is_agreed)
    return _delete(place, found)


def _parts(known: Roster) -> dict[Target, list[Group]]:
    """The groups of a class, by where they are: people's on its target, the board where it is."""
    from chatkit.classroom.board import board
    from chatkit.classroom.resources import cleaning

    found: dict[Target, list[Group]] = {}
    if known.target == "azure":
        found["azure"] = cleaning.of_people(known)
    where = _board_target()
    if where is not None:
        group = cleaning.Group(board.names_of(known).resource_group, "the board")
        found.setdefault(where, []).append(group)
    return found


def _board_target() -> Target | None:
    """Where the board is: None when none was opened."""
    from chatkit.classroom.board import record

    try:
        opened = record.read(home())
    except HomeDamaged:
        return "local"
    if opened is None:
        return None
    return "local" if opened.host else "azure"


def _look(target: Target, known: Roster, expected: list[Group]) -> tuple[Found, Place]:
    """What there is on a target, shown."""
    from chatkit.classroom.resources import cleaning, registrations
    from chatkit.cli.classroom.connecting import place_of

    place = place_of(target, known)
    found = cleaning.find(place, known.id, expected)
    if target == known.target:
        found = replace(found, apps=registrations.find(place, known))
    _show(found)
    return found, place


def _show(found: Found) -> None:
    for group in found.groups:
        typer.echo(f"found      {group.name:24}  {group.whose}")
    for gone in found.gone:
        typer.echo(f"not there  {gone.name:24}  {gone.whose}")
    for refused in found.refused:
        typer.echo(f"stays      {visible(refused.name):24}  {refused.whose}: {refused.why}")
    for app in found.apps.found:
        typer.echo(f"found      {app.name:24}  {app.whose}: app registration")
    if found.apps.unseen:
        typer.echo(f"not seen   {'app registrations':24}  {found.apps.unseen}")


def _ask(found: list[Found], known: Roster | None, *, is_agreed: bool) -> None:
    if is_agreed:
        return
    count = sum(len(one.groups) for one in found)
    groups = "resource group" if count == 1 else "resource groups"
    what = [f"{count} {groups} and all in them"] if count else []
    apps = sum(len(one.apps.found) for one in found)
    if apps:
        what.append(f"{apps} app registration{'s' if apps > 1 else ''}")
    if known is not None:
        what.append("names and codes on this machine")
    if not what:
        return
    if not sys.stdin.isatty():
        raise SetupError(f"This deletes {', and '.join(what)}.", hint=YES)
    typer.confirm(f"Delete {', and '.join(what)}?", abort=True)


def _delete(place: Place, found: Found) -> bool:
    """Delete what was found, each line as soon as it is known; say whether all of it is gone."""
    from chatkit.classroom.resources import cleaning, registrations

    lines: list[Line] = []
    deleted = (cleaning.delete(place, found), registrations.delete(place, found.apps.found))
    for line in chain(*deleted):
        lines.append(line)
        mark = "gone" if line.gone else "STILL THERE"
        whose = line.whose[:WHOSE]
        typer.echo(f"{mark:11}  {whose:{WHOSE}}  {line.what}: {line.proof} ({line.seconds:.0f} s)")
    for refused in found.refused:
        typer.echo(f"{'kept':11}  {refused.whose[:WHOSE]:{WHOSE}}  {refused.name}: {refused.why}")
    of_people = [refused for refused in found.refused if refused.whose != "nobody"]
    return all(line.gone for line in lines) and not (of_people or found.apps.unseen)


def _forget(known: Roster | None) -> bool:
    from chatkit.classroom import forgetting

    done = forgetting.forget(home(), known)
    for one in done:
        typer.echo(f"{'STILL THERE' if one.why else 'gone':11}  {one.path} {one.why}".rstrip())
    return not any(one.why for one in done)
