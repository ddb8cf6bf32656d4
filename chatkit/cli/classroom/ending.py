"""`chatkit class clean`: everything of a class is deleted, with a receipt a person."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chatkit.core.errors import NotStarted, SetupError
from chatkit.core.settings import checked_target, home
from chatkit.core.text.controls import visible

if TYPE_CHECKING:  # what a verb needs is imported when it runs, so that the others start without it
    from chatkit.classroom.resources.cleaning import Found, Line
    from chatkit.classroom.resources.groups import Place
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
    """End the class: delete its resource groups on Azure, and names and codes on this machine.

    Shows first what it has found. What is not the class's stays, and is named. May be repeated.
    """
    from chatkit.classroom import forgetting
    from chatkit.classroom import roster as rosters

    with rosters.changing(home()):
        known = _known()
        wanted = checked_target(target or (known.target if known else "local"))
        if known is None and wanted == "local":
            left = forgetting.forget(home(), None)
            typer.echo("There is no class in this home." if not left else "Its rest is deleted.")
            return
        found, place = _look(known, class_id) if wanted == "azure" else (None, None)
        _ask(known, found, is_agreed=yes)
        if known is not None:
            known = forgetting.end(home(), known)
        is_whole = place is None or found is None or _delete(place, found)
        if is_whole and (known is None or wanted == known.target):
            is_whole = _forget(home(), known)
        elif known is not None:
            typer.echo("Names stay on this machine until everything is gone; codes have ended.")
    raise typer.Exit(0 if is_whole else 1)


def _known() -> Roster | None:
    from chatkit.classroom import roster as rosters

    try:
        return rosters.read(home())
    except NotStarted:
        return None


def _look(known: Roster | None, class_id: str) -> tuple[Found, Place]:
    """What there is on Azure, shown."""
    from chatkit.classroom.resources import cleaning
    from chatkit.cli.classroom.connecting import place_on_azure

    place = place_on_azure(known)
    wanted = class_id or (known.id if known is not None else "")
    if not wanted:
        listed = cleaning.classes(place)
        text = ", ".join(f"{visible(one)} ({count} groups)" for one, count in listed.items())
        hint = (
            f"`--class ID` names one. There are: {text}." if text else "No group has a tag of one."
        )
        raise SetupError("There is no roster in this home that says which class.", hint=hint)
    is_own = known is not None and known.id == wanted
    found = cleaning.find(place, wanted, known if is_own else None)
    for group in found.groups:
        typer.echo(f"found      {group.name:24}  {group.whose}")
    for gone in found.gone:
        typer.echo(f"not there  {gone.name:24}  {gone.whose}")
    for refused in found.refused:
        typer.echo(f"stays      {visible(refused.name):24}  {refused.whose}: {refused.why}")
    return found, place


def _ask(known: Roster | None, found: Found | None, *, is_agreed: bool) -> None:
    what = []
    if found is not None:
        count = len(found.groups)
        groups = "resource group" if count == 1 else "resource groups"
        what.append(f"{count} {groups} and all in them")
    if known is not None:
        what.append("names and codes on this machine")
    if is_agreed:
        return
    if not sys.stdin.isatty():
        raise SetupError(f"This deletes {', and '.join(what)}.", hint=YES)
    typer.confirm(f"Delete {', and '.join(what)}?", abort=True)


def _delete(place: Place, found: Found) -> bool:
    """Delete what was found, each line as soon as it is known; say whether all of it is gone."""
    from chatkit.classroom.resources import cleaning

    lines: list[Line] = []
    for line in cleaning.delete(place, found):
        lines.append(line)
        mark = "gone" if line.gone else "STILL THERE"
        whose = line.whose[:WHOSE]
        typer.echo(f"{mark:11}  {whose:{WHOSE}}  {line.what}: {line.proof} ({line.seconds:.0f} s)")
    for refused in found.refused:
        typer.echo(f"{'kept':11}  {refused.whose[:WHOSE]:{WHOSE}}  {refused.name}: {refused.why}")
    of_people = [refused for refused in found.refused if refused.whose != "nobody"]
    return all(line.gone for line in lines) and not of_people


def _forget(folder: Path, known: Roster | None) -> bool:
    from chatkit.classroom import forgetting

    done = forgetting.forget(folder, known)
    for one in done:
        typer.echo(f"{'STILL THERE' if one.why else 'gone':11}  {one.path} {one.why}".rstrip())
    return not any(one.why for one in done)
