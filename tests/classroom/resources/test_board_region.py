"""On Azure a board takes no free instance that somebody of the class needs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from azure.mgmt.resource.resources.models import ResourceGroup

from chatkit.classroom.board import board
from chatkit.classroom.board.region import region_of
from chatkit.classroom.enrolment import Wanted, enrol
from chatkit.classroom.names_file import Entry
from chatkit.classroom.roster import Roster
from tests.classroom.resources.people import owner, place


def a_class(count: int, *, is_shared: bool = False) -> Roster:
    """So many people, with a free instance each."""
    entries = [Entry(line, f"P{line}", f"p{line}@example.org") for line in range(count)]
    return replace(enrol(entries, Wanted("Class", "azure")), is_shared=is_shared)


def found(home: Path, known: Roster) -> str:
    """Where the board of a class would be."""
    return region_of(place(home).stack(board.names_of(known)), known)


def test_a_region_with_room_is_the_boards(running_home: Path) -> None:
    """That of the class when there is one more; else the next that nobody fills."""
    assert found(running_home, a_class(4)) == "eastus2"
    assert found(running_home, a_class(5)) == "westus2"
    assert found(running_home, a_class(12)) == "westus3"
    assert found(running_home, a_class(5, is_shared=True)) == "eastus2"


def test_a_board_that_is_there_stays_where_it_is(running_home: Path) -> None:
    """A group moves to no other region."""
    known = a_class(1)
    groups = owner(running_home).resources().resource_groups
    name = board.names_of(known).resource_group
    groups.create_or_update(name, ResourceGroup(location="uksouth"))
    try:
        assert found(running_home, known) == "uksouth"
    finally:
        groups.begin_delete(name).result()
