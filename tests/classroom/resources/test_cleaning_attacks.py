"""Groups that stand where the end of a class looks."""

from __future__ import annotations

from pathlib import Path

import pytest
from azure.mgmt.resource.resources.models import ResourceGroup

from chatkit.classroom.enrolment import Wanted, enrol
from chatkit.classroom.resources import cleaning
from chatkit.core.errors import SetupError
from tests.attacks.classes import GROUPS_OF_OTHERS, IDS
from tests.classroom.resources.people import owner, place
from tests.classroom.test_enrolment import people


@pytest.mark.parametrize("attempt", GROUPS_OF_OTHERS)
def test_a_group_of_somebody_else_outlives_the_class(running_home: Path, attempt: str) -> None:
    """It is not among what is deleted, and it is there afterwards."""
    roster = enrol(people(1), Wanted("Class", "azure"))
    name, its_tags = GROUPS_OF_OTHERS[attempt](roster)
    groups = owner(running_home).resources().resource_groups
    groups.create_or_update(name, ResourceGroup(location="eastus2", tags=its_tags))
    where = place(running_home)
    found = cleaning.find(where, roster.id, cleaning.of_people(roster))
    assert not found.groups and not [*cleaning.delete(where, found)]
    assert where.group(name) is not None
    groups.begin_delete(name).result()


@pytest.mark.parametrize("attempt", IDS)
def test_an_id_that_is_none_finds_nothing(running_home: Path, attempt: str) -> None:
    """It goes into a filter."""
    with pytest.raises(SetupError, match="no such class"):
        cleaning.find(place(running_home), attempt, None)
