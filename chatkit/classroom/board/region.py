"""In which region a board is: on Azure it needs a free SignalR instance besides the people's."""

from __future__ import annotations

from collections import Counter

from azure.core.exceptions import ResourceNotFoundError

from chatkit.classroom.enrolment import REGIONS
from chatkit.classroom.roster import Roster
from chatkit.cloud.provision.signalr import FREE_QUOTA
from chatkit.cloud.stack import Stack


def region_of(stack: Stack, known: Roster) -> str:
    """Where the board is already, else the first region with room, those of the class first.

    Args:
        stack: With the names of the board, in the region of the class's first person.
        known: The class.
    """
    usual = stack.names.region
    if stack.cloud.target == "local":
        return usual
    groups = stack.cloud.resources().resource_groups
    try:
        return str(stack.calls.call(groups.get, stack.names.resource_group).location)
    except ResourceNotFoundError:
        pass
    is_counted = known.target == "azure" and known.tier == "free" and not known.is_shared
    needed = Counter(person.region for person in known.people if is_counted)
    for region in dict.fromkeys([usual, *(person.region for person in known.people), *REGIONS]):
        if _free(stack, region) > needed[region]:
            return region
    return usual  # Azure says what is missing there


def _free(stack: Stack, region: str) -> int:
    """How many free instances a region has left."""
    for usage in stack.calls.list(stack.cloud.signalr().usages.list, region):
        if usage.name is not None and usage.name.value == FREE_QUOTA:
            return (usage.limit or 0) - (usage.current_value or 0)
    return 0
