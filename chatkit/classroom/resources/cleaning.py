"""The end of a class on Azure: what is the class's is found, shown and deleted, with a receipt.

A group is the class's when its tag says so and the roster has it: people may change the tags of
their own group, and anybody who may write to some other group could tag that. Without a roster
(another machine, a lost disk) the tag and the form of the name decide.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import dataclass

from azure.core.exceptions import AzureError, ResourceNotFoundError
from azure.mgmt.resource.resources.models import ResourceGroup

from chatkit.classroom.resources.groups import (
    AT_ONCE,
    OF_A_PERSON,
    Line,
    Place,
    class_of,
    not_of,
    shared_names,
)
from chatkit.classroom.resources.registrations import NO_REGISTRATIONS, Registrations
from chatkit.classroom.roster import CLASS_TAG, Roster
from chatkit.cloud.hints import code_of
from chatkit.cloud.provision.resource_group import TAGS
from chatkit.core.errors import SetupError
from chatkit.core.text.controls import visible

LOCKS = "/providers/Microsoft.Authorization/locks?api-version=2020-05-01"
LOCKED = "ScopeLocked"
EVERYBODY = "the whole class"


@dataclass(frozen=True)
class Group:
    """A group that is the class's.

    Attributes:
        name: Of the group.
        whose: The person's name, or what it is for.
    """

    name: str
    whose: str


@dataclass(frozen=True)
class Refused:
    """A group that stays, and why."""

    name: str
    whose: str
    why: str


@dataclass(frozen=True)
class Found:
    """What there is of a class.

    Attributes:
        class_id: Of the class.
        groups: What is deleted.
        refused: What stays.
        gone: Whose group is not there.
        apps: App registrations.
    """

    class_id: str
    groups: tuple[Group, ...]
    refused: tuple[Refused, ...] = ()
    gone: tuple[Group, ...] = ()
    apps: Registrations = NO_REGISTRATIONS


def classes(place: Place) -> dict[str, int]:
    """The classes of the subscription by their tag, each with the number of its groups."""
    found: dict[str, int] = {}
    for group in place.calls.list(place.cloud.resources().resource_groups.list):
        known = class_of(group)
        if known:
            found[known] = found.get(known, 0) + 1
    return found


def of_people(roster: Roster) -> list[Group]:
    """The groups that a class has on Azure, by its roster."""
    groups = [
        Group(person.names.resource_group, f"{person.number}. {visible(person.name)}")
        for person in roster.people
    ]
    if roster.is_shared:
        groups.append(Group(shared_names(roster.id, "").signalr_group, EVERYBODY))
    return groups


def find(place: Place, class_id: str, expected: Sequence[Group] | None) -> Found:
    """Look for what a class has, and change nothing.

    Args:
        place: Where.
        class_id: Of the class.
        expected: The groups of its roster; None when that is lost.
    """
    tagged = {str(group.name).lower(): group for group in _tagged(place, class_id)}
    mine: list[Group] = []
    refused: list[Refused] = []
    gone: list[Group] = []
    for group in expected or ():
        if tagged.pop(group.name.lower(), None) is not None:
            mine.append(group)
            continue
        found = place.group(group.name)
        if found is None:
            gone.append(group)
        else:
            refused.append(Refused(group.name, group.whose, not_of(found, class_id)))
    for other in tagged.values():
        why = _stranger(other, is_listed=expected is not None)
        if why:
            refused.append(Refused(str(other.name), "nobody", why))
        else:
            mine.append(Group(str(other.name), "somebody"))
    free, locked = _locked(place, mine)
    return Found(class_id, tuple(free), (*refused, *locked), tuple(gone))


def delete(place: Place, found: Found) -> Iterator[Line]:
    """Delete the groups with all that is in them, several at a time, and ask for each again.

    Yields:
        The receipt, each line as soon as it is known.
    """
    with ThreadPoolExecutor(AT_ONCE) as pool:
        work = [pool.submit(_delete, place.branch(), found.class_id, one) for one in found.groups]
        try:
            for future in as_completed(work):
                yield future.result()
        finally:
            for future in work:
                future.cancel()  # after an interrupt no further deletion begins


def _delete(place: Place, class_id: str, group: Group) -> Line:
    began = time.monotonic()
    groups = place.cloud.resources().resource_groups
    try:
        # Minutes may have passed since it was shown, and the tag decides.
        now = place.group(group.name)
        if now is not None and not_of(now, class_id):
            return Line(group.whose, group.name, f"kept: {not_of(now, class_id)}", gone=False)
        if now is not None:
            with suppress(ResourceNotFoundError):
                place.calls.finish(groups.begin_delete, group.name)
        is_gone = place.group(group.name) is None
    except AzureError as error:
        return Line(group.whose, group.name, _why(error), gone=False)
    seconds = time.monotonic() - began
    proof = "GET answers 404" if is_gone else "GET still finds it"
    return Line(group.whose, group.name, proof, is_gone, seconds)


def _why(error: AzureError) -> str:
    code = code_of(error)
    if code == LOCKED:
        return "kept: a lock protects it, or something in it"
    return f"its deletion failed: {code or type(error).__name__}"


def _tagged(place: Place, class_id: str) -> list[ResourceGroup]:
    if not (class_id.isascii() and class_id.isalnum()):
        raise SetupError("There is no such class.", hint="A class has letters and digits.")
    wanted = f"tagName eq '{CLASS_TAG}' and tagValue eq '{class_id}'"
    listed = place.calls.list(place.cloud.resources().resource_groups.list, filter=wanted)
    # What a filter lets through is looked at again: everything in these groups is deleted.
    return [group for group in listed if class_of(group) == class_id]


def _stranger(group: ResourceGroup, *, is_listed: bool) -> str:
    """Why a group with the class's tag is not deleted all the same; empty when it is."""
    if is_listed:
        return "it has the class's tag, and is nobody's in the roster"
    made_by = (group.tags or {}).get("made-by")
    name = str(group.name)
    shared = shared_names(class_of(group), "").signalr_group
    if made_by == TAGS["made-by"] and (OF_A_PERSON.fullmatch(name) or name == shared):
        return ""
    return "it has the class's tag, and chatkit has not made it"


def _locked(place: Place, groups: list[Group]) -> tuple[list[Group], list[Refused]]:
    """Take those apart that a lock protects."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        asked = [pool.submit(_lock_of, place.branch(), group.name) for group in groups]
        locks = [future.result() for future in asked]
    free = [group for group, lock in zip(groups, locks, strict=True) if not lock]
    locked = [
        Refused(group.name, group.whose, f"the lock {visible(lock)} protects it")
        for group, lock in zip(groups, locks, strict=True)
        if lock
    ]
    return free, locked


def _lock_of(place: Place, name: str) -> str:
    """The name of a lock at a group or in it; empty where there is none, or nobody may look.

    A lock that is not seen here refuses the deletion itself.
    """
    manager = place.cloud.rest(place.cloud.resource_manager)
    answer = place.calls.call(manager.send, "GET", f"{place.path(name)}{LOCKS}")
    if answer.status_code != 200:
        return ""
    locks = answer.json().get("value") or []
    return str(locks[0].get("name") or "of somebody") if locks else ""
