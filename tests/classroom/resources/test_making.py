"""A class is made on Azure: groups, tags, and rights on one's own group alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from azure.core.exceptions import HttpResponseError
from azure.mgmt.resource.resources.models import ResourceGroup

from chatkit.classroom.enrolment import Wanted, enrol
from chatkit.classroom.names_file import Entry
from chatkit.classroom.resources import ahead, making
from chatkit.classroom.resources.groups import EXPIRY_TAG, PERSON_TAG, shared_names
from chatkit.classroom.roster import CLASS_TAG, Roster
from chatkit.cloud.calls import Calls
from chatkit.cloud.provision import everything
from chatkit.cloud.stack import Stack
from chatkit.core.errors import SetupError
from tests.classroom.resources.people import owner, place, signed_in


def enrolled(home: Path, *names: str, is_shared: bool = False) -> Roster:
    """A class of people whom the directory has."""
    for name in names:
        signed_in(home, f"{name}@example.org")
    entries = [Entry(2, name, f"{name}@example.org") for name in names]
    return enrol(entries, Wanted("Class", "azure", is_shared=is_shared))


def test_everybody_gets_a_tagged_group(running_home: Path) -> None:
    """Class, end and number; no name, which whoever may read would read."""
    roster = enrolled(running_home, "dora", "erik")
    where = place(running_home)
    made = [*making.make(where, roster, ahead.checked(where, roster))]
    assert [one.is_made for one in made] == [True, True]
    group = where.group(roster.people[1].names.resource_group)
    assert group is not None and group.tags is not None
    assert (group.tags[CLASS_TAG], group.tags[PERSON_TAG]) == (roster.id, "2")
    ends_at = datetime.strptime(group.tags[EXPIRY_TAG], "%Y-%m-%dT%H:%MZ").replace(tzinfo=UTC)
    assert abs((ends_at - roster.ends_at).total_seconds()) < 60
    assert "erik" not in str(group.tags)


def test_making_again_makes_nothing_twice(running_home: Path) -> None:
    """After a kill in the middle, or with newcomers."""
    roster = enrolled(running_home, "gina")
    where = place(running_home)
    for _ in range(2):
        assert all(one.is_made for one in making.make(where, roster, ahead.checked(where, roster)))


def test_a_person_works_in_the_own_group_and_nowhere_else(running_home: Path) -> None:
    """All resources of the chat are made with rights on one group."""
    roster = enrolled(running_home, "hana", "ivan")
    where = place(running_home)
    assert all(one.is_made for one in making.make(where, roster, ahead.checked(where, roster)))
    hana, ivan = roster.people
    mine = signed_in(running_home, hana.mail)
    facts = everything.provision(Stack(mine, Calls(), hana.names))
    assert facts["signalr"] == hana.names.signalr
    groups = mine.resources().resource_groups
    for refused in (
        lambda: groups.get(ivan.names.resource_group),
        lambda: groups.begin_delete(ivan.names.resource_group),
        lambda: groups.create_or_update("chatkit-mine", ResourceGroup(location="eastus2")),
    ):
        with pytest.raises(HttpResponseError) as error:
            refused()
        assert error.value.status_code == 403


def test_a_group_of_somebody_else_is_left_alone(running_home: Path) -> None:
    """Its name is one of the roster's, by chance or not."""
    roster = enrolled(running_home, "jana")
    groups = owner(running_home).resources().resource_groups
    name = roster.people[0].names.resource_group
    groups.create_or_update(name, ResourceGroup(location="eastus2", tags={"mine": "yes"}))
    where = place(running_home)
    made = [*making.make(where, roster, ahead.checked(where, roster))]
    assert [(one.is_made, "no tag of a class" in one.text) for one in made] == [(False, True)]
    assert groups.get(name).tags == {"mine": "yes"}


def test_all_that_is_missing_is_named_before_anything_is_made(running_home: Path) -> None:
    """People, mails, regions."""
    roster = enrolled(running_home, "kira")
    stranger = replace(roster.people[0], number=2, name="Nobody", mail="nobody@example.org")
    nameless = replace(roster.people[0], number=3, name="Lena", mail="")
    nowhere = replace(roster.people[0], number=4, region="mars")
    wrong = replace(roster, people=(*roster.people, stranger, nameless, nowhere))
    with pytest.raises(SetupError) as refused:
        ahead.checked(place(running_home), wrong)
    for said in ("nobody@example.org is not", "Lena has no mail", "mars does not have"):
        assert said in refused.value.message
    assert place(running_home).group(roster.people[0].names.resource_group) is None


def test_free_instances_that_are_used_up_are_named(running_home: Path) -> None:
    """Somebody else's count among the five of a region."""
    roster = enrolled(running_home, "mia")
    crowded = [
        replace(roster.people[0], number=number, suffix=f"crowd{number}", region="westus3")
        for number in range(1, 7)
    ]
    with pytest.raises(SetupError, match="westus3 has 5 free SignalR instances left, and 6"):
        ahead.checked(place(running_home), replace(roster, people=tuple(crowded)))


def test_a_shared_instance_takes_no_keys(running_home: Path) -> None:
    """A key opens every hub; everybody has a role of their own, and no right to change it."""
    roster = enrolled(running_home, "nora", is_shared=True)
    where = place(running_home)
    assert all(one.is_made for one in making.make(where, roster, ahead.checked(where, roster)))
    names = shared_names(roster.id, "eastus2")
    instances = signed_in(running_home, "nora@example.org").signalr().signal_r
    found = instances.get(names.signalr_group, names.signalr)
    assert found.sku is not None
    assert (found.sku.name, found.disable_local_auth) == ("Standard_S1", True)
    for refused in (instances.list_keys, instances.begin_delete):
        with pytest.raises(HttpResponseError) as error:
            refused(names.signalr_group, names.signalr)
        assert error.value.status_code == 403
