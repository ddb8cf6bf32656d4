"""The resource groups of a class: their names and tags, and whether one is the class's."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC

from azure.core.exceptions import ResourceNotFoundError
from azure.mgmt.resource.resources.models import ResourceGroup

from chatkit.classroom.roster import CLASS_TAG, Person, Roster
from chatkit.cloud.calls import Calls
from chatkit.cloud.connection import Cloud
from chatkit.cloud.provision.resource_group import TAGS
from chatkit.cloud.stack import Stack
from chatkit.core.settings import Names

EXPIRY_TAG = "chatkit-expires"
PERSON_TAG = "chatkit-person"
"""The number alone: whoever may read the subscription would read a name, too."""
AT_ONCE = 8  # threads: Resource Manager slows a caller down that sends more
OF_A_PERSON = re.compile(r"chatkit-[a-z0-9]{2,12}")


@dataclass(frozen=True)
class Place:
    """Where a class is: connection and calls.

    Attributes:
        cloud: Azure, or what stands in for it.
        calls: Takes note of what is called.
    """

    cloud: Cloud
    calls: Calls

    def branch(self) -> Place:
        """The same place for another thread."""
        return Place(self.cloud, self.calls.branch())

    def stack(self, names: Names) -> Stack:
        """What provisioning works on."""
        return Stack(self.cloud, self.calls, names)

    def group(self, name: str) -> ResourceGroup | None:
        """A resource group as it is now, None when there is none."""
        groups = self.cloud.resources().resource_groups
        try:
            return self.calls.call(groups.get, name)
        except ResourceNotFoundError:
            return None

    def path(self, name: str) -> str:
        """The id of a resource group."""
        return f"/subscriptions/{self.cloud.subscription_id}/resourceGroups/{name}"


@dataclass(frozen=True)
class Line:
    """One line of the receipt.

    Attributes:
        whose: The person's name, or what it was for.
        what: The group, or what else it was.
        proof: What was asked afterwards, and the answer.
        gone: Whether the answer proves it.
        seconds: How long it took.
    """

    whose: str
    what: str
    proof: str
    gone: bool
    seconds: float = 0.0


def shared_names(roster_id: str, region: str) -> Names:
    """What the instance that a class shares is called, and its group."""
    return Names.of(roster_id, region=region, shared=roster_id)


def tags(roster: Roster, person: Person | None) -> dict[str, str]:
    """What says whose a group is, and until when; no names."""
    ends_at = roster.ends_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ")
    number = str(person.number) if person is not None else "all"
    return {**TAGS, CLASS_TAG: roster.id, EXPIRY_TAG: ends_at, PERSON_TAG: number}


def class_of(group: ResourceGroup) -> str:
    """The class that a group's tag names; empty without the tag."""
    return str((group.tags or {}).get(CLASS_TAG) or "")


def not_of(group: ResourceGroup, class_id: str) -> str:
    """Why a group is not the class's; empty when it is."""
    found = class_of(group)
    if found == class_id:
        return ""
    if not found:
        return "it has no tag of a class"
    return f"it has the tag of another class, {found}"
