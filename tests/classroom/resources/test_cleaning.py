"""The end of a class on Azure: its groups are deleted, and nobody else's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from azure.mgmt.resource.resources.models import ResourceGroup

from chatkit.classroom.enrolment import Wanted, enrol
from chatkit.classroom.resources import cleaning
from chatkit.classroom.resources.groups import Place, tags
from chatkit.classroom.roster import CLASS_TAG, Roster
from chatkit.cloud.calls import Calls
from chatkit.cloud.connection import Cloud
from tests.classroom.resources.people import owner, place
from tests.classroom.test_enrolment import people
from tests.cloud.fake_azure import FakeAzure

OTHER = {"made-by": "chatkit", CLASS_TAG: "another"}


@pytest.fixture
def roster(running_home: Path) -> Iterator[Roster]:
    """A class of three, whose groups are there."""
    made = enrol(people(3), Wanted("Class", "azure"))
    for person in made.people:
        make(running_home, person.names.resource_group, tags(made, person))
    yield made
    where = place(running_home)
    for group in where.cloud.resources().resource_groups.list():
        where.cloud.resources().resource_groups.begin_delete(str(group.name)).result()


def make(home: Path, name: str, its_tags: dict[str, str]) -> None:
    """A resource group."""
    wanted = ResourceGroup(location="eastus2", tags=its_tags)
    owner(home).resources().resource_groups.create_or_update(name, wanted)


def named(roster: Roster, number: int) -> str:
    """The group of a person."""
    return roster.people[number - 1].names.resource_group


def test_the_class_is_found_and_deleted(running_home: Path, roster: Roster) -> None:
    """A line a person, each with its proof; a second time everything is gone already."""
    where = place(running_home)
    found = cleaning.find(where, roster.id, cleaning.of_people(roster))
    lines = [*cleaning.delete(where, found)]
    assert sorted(line.whose for line in lines) == ["1. Person 0", "2. Person 1", "3. Person 2"]
    assert {(line.gone, line.proof) for line in lines} == {(True, "GET answers 404")}
    again = cleaning.find(where, roster.id, cleaning.of_people(roster))
    assert (again.groups, len(again.gone)) == ((), 3)


def test_what_is_not_the_classs_stays_and_is_named(running_home: Path, roster: Roster) -> None:
    """Without the tag, with another class's, and with the tag but in nobody's name."""
    make(running_home, named(roster, 1), {"made-by": "chatkit"})
    make(running_home, named(roster, 2), OTHER)
    make(running_home, "production", {**tags(roster, None)})
    make(running_home, "chatkit-zzzzzz", {**tags(roster, None)})
    where = place(running_home)
    found = cleaning.find(where, roster.id, cleaning.of_people(roster))
    assert [group.name for group in found.groups] == [named(roster, 3)]
    why = {refused.name: refused.why for refused in found.refused}
    assert why == {
        named(roster, 1): "it has no tag of a class",
        named(roster, 2): "it has the tag of another class, another",
        "production": "it has the class's tag, and is nobody's in the roster",
        "chatkit-zzzzzz": "it has the class's tag, and is nobody's in the roster",
    }
    assert all(line.gone for line in cleaning.delete(where, found))
    assert all(where.group(name) is not None for name in why)


def test_a_tag_that_changes_after_the_question_counts(running_home: Path, roster: Roster) -> None:
    """Minutes may pass between what was shown and the answer."""
    where = place(running_home)
    found = cleaning.find(where, roster.id, cleaning.of_people(roster))
    make(running_home, named(roster, 1), OTHER)
    lines = {line.what: line for line in cleaning.delete(where, found)}
    kept = lines[named(roster, 1)]
    assert not kept.gone and "another class" in kept.proof
    assert where.group(named(roster, 1)) is not None


def test_without_a_roster_the_tag_and_the_names_form_decide(
    running_home: Path, roster: Roster
) -> None:
    """Another machine; a group that somebody has tagged is not among them."""
    make(running_home, "production", tags(roster, None))
    make(running_home, "chatkit-web", {CLASS_TAG: roster.id})
    where = place(running_home)
    assert cleaning.classes(where) == {roster.id: 5}
    found = cleaning.find(where, roster.id, None)
    assert {group.name for group in found.groups} == {named(roster, n) for n in (1, 2, 3)}
    assert {refused.name for refused in found.refused} == {"production", "chatkit-web"}


def test_what_an_end_in_the_middle_has_left_is_found_again(
    running_home: Path, roster: Roster
) -> None:
    """What was deleted is gone, the rest is the class's still."""
    where = place(running_home)
    found = cleaning.find(where, roster.id, cleaning.of_people(roster))
    assert all(one.gone for one in cleaning.delete(where, replace(found, groups=found.groups[:1])))
    again = cleaning.find(where, roster.id, cleaning.of_people(roster))
    assert len(again.groups) == 2 and len(again.gone) == 1
    assert all(line.gone for line in cleaning.delete(where, again))


GROUP = {
    "id": "/subscriptions/s/resourceGroups/x",
    "name": "x",
    "location": "eastus2",
    "properties": {"provisioningState": "Succeeded"},
}


@pytest.fixture
def one(azure: FakeAzure) -> Roster:
    """A class of one, in a stand-in that has locks."""
    roster = enrol(people(1), Wanted("Class", "azure"))
    name = roster.people[0].names.resource_group
    group = {**GROUP, "name": name, "tags": tags(roster, roster.people[0])}
    azure.on("GET", "resourcegroups/chatkit-", (200, group, {}))
    azure.on("GET", r"resourcegroups\?", (200, {"value": [group]}, {}))
    return roster


def test_a_lock_is_named_and_the_group_stays(azure: FakeAzure, cloud: Cloud, one: Roster) -> None:
    """Nothing in it is deleted either."""
    azure.on("GET", "Authorization/locks", (200, {"value": [{"name": "keep-me"}]}, {}))
    found = cleaning.find(Place(cloud, Calls()), one.id, cleaning.of_people(one))
    assert not found.groups and found.refused[0].why == "the lock keep-me protects it"


def test_a_lock_that_nobody_may_see_refuses_the_deletion(
    azure: FakeAzure, cloud: Cloud, one: Roster
) -> None:
    """The receipt says so."""
    azure.on("GET", "Authorization/locks", (403, {}, {}))
    locked = {"error": {"code": "ScopeLocked", "message": "It is locked."}}
    azure.on("DELETE", "resourcegroups/chatkit-", (409, locked, {}))
    where = Place(cloud, Calls())
    (line,) = cleaning.delete(where, cleaning.find(where, one.id, cleaning.of_people(one)))
    assert not line.gone and "a lock protects it" in line.proof
