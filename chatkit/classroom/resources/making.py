"""A class is made on Azure: a group a person, with rights on that group alone.

It may be repeated: what is there stays, what is missing is made.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from azure.core.exceptions import AzureError, ResourceNotFoundError
from azure.mgmt.resource.resources.models import ResourceGroup

from chatkit.classroom.resources.groups import AT_ONCE, Place, not_of, shared_names, tags
from chatkit.classroom.roster import CLASS_TAG, Person, Roster
from chatkit.cloud.connection import without_syntax_warnings
from chatkit.cloud.hints import code_of
from chatkit.cloud.provision import tiers
from chatkit.cloud.provision.keyless import SIGNALR_SERVICE_OWNER, assign_role, identify
from chatkit.cloud.provision.signalr import ANY_ORIGIN, SERVERLESS
from chatkit.cloud.stack import Stack
from chatkit.core.errors import SetupError

with without_syntax_warnings():
    from azure.mgmt.signalr.models import SignalRCorsSettings, SignalRFeature, SignalRResource

# Role definitions have these ids in every tenant.
CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
USER = "User"


@dataclass(frozen=True)
class Made:
    """What was done for a person.

    Attributes:
        person: Who.
        text: What was made, or why not.
        is_made: Whether the person can begin.
    """

    person: Person
    text: str
    is_made: bool


def plan(roster: Roster) -> list[str]:
    """What `make` does, in sentences."""
    count = len(roster.people)
    regions = sorted({person.region for person in roster.people})
    said = [
        f"{count} resource groups in {', '.join(regions)}, with the tag {CLASS_TAG}={roster.id}"
        " and the time when the class ends",
        "for each person the role Contributor, on the person's own group and nowhere else",
    ]
    if roster.is_shared:
        names = shared_names(roster.id, regions[0])
        said += [
            f"one SignalR Service instance, {names.signalr}: {_size(roster)}, without keys",
            "for each person the roles Reader and SignalR Service Owner on that instance, and the"
            " latter for the person's function app, where one is deployed",
        ]
    return said


def make(place: Place, roster: Roster, principals: Mapping[int, str]) -> Iterator[Made]:
    """Make everything, several people at a time.

    Args:
        place: Where.
        roster: The class.
        principals: Object ids of the people, by number.

    Yields:
        Each person's part, in the order of the roster.
    """
    instance = _shared_instance(place, roster) if roster.is_shared else ""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        work = partial(_make_one, roster=roster, instance=instance)
        asked = [
            pool.submit(work, place.branch(), person, principals[person.number])
            for person in roster.people
        ]
        for future in asked:
            yield future.result()


def _make_one(
    place: Place, person: Person, principal: str, *, roster: Roster, instance: str
) -> Made:
    name = person.names.resource_group
    try:
        refused = _group(place, roster, person, name, person.region)
        if refused:
            return Made(person, f"{name} is left alone: {refused}", is_made=False)
        stack = place.stack(person.names)
        assign_role(stack, CONTRIBUTOR, principal, place.path(name), kind=USER)
        if instance:
            for role in (READER, SIGNALR_SERVICE_OWNER):
                assign_role(stack, role, principal, instance, kind=USER)
            _let_app_in(stack, instance)
    except AzureError as error:
        why = code_of(error) or type(error).__name__
        return Made(person, f"{name} is not ready: {why}", is_made=False)
    return Made(person, f"{name} in {person.region}", is_made=True)


def _let_app_in(stack: Stack, instance: str) -> None:
    """Give a person's deployed app the role at the shared instance: its owner may not give it."""
    try:
        principal = identify(stack)
    except ResourceNotFoundError:
        return
    assign_role(stack, SIGNALR_SERVICE_OWNER, principal, instance)


def _group(place: Place, roster: Roster, person: Person | None, name: str, region: str) -> str:
    """Make sure of a group with its tags.

    Returns:
        Why it was left alone; empty when it is the class's.
    """
    found = place.group(name)
    if found is not None:
        refused = not_of(found, roster.id)
        if refused:
            return refused
        region = found.location
    wanted = ResourceGroup(location=region, tags=tags(roster, person))
    groups = place.cloud.resources().resource_groups
    place.calls.call(groups.create_or_update, name, wanted)
    return ""


def _shared_instance(place: Place, roster: Roster) -> str:
    """Make sure of the instance for everybody. It takes no keys: a key opens every hub.

    Returns:
        Its id.

    Raises:
        SetupError: Its group is somebody else's.
    """
    names = shared_names(roster.id, roster.people[0].region)
    refused = _group(place, roster, None, names.signalr_group, names.region)
    if refused:
        raise SetupError(f"The group {names.signalr_group} cannot be used: {refused}.")
    instances = place.cloud.signalr().signal_r
    wanted = SignalRResource(
        location=names.region,
        kind="SignalR",
        sku=_size(roster).sku,
        features=[SignalRFeature(flag="ServiceMode", value=SERVERLESS)],
        cors=SignalRCorsSettings(allowed_origins=ANY_ORIGIN),
        disable_local_auth=True,
    )
    try:
        found = place.calls.call(instances.get, names.signalr_group, names.signalr)
        if tiers.of(found.sku) == _size(roster) and found.disable_local_auth:
            return str(found.id)
        wanted.location = found.location
    except ResourceNotFoundError:
        pass
    begin = instances.begin_create_or_update
    made = place.calls.finish(begin, names.signalr_group, names.signalr, wanted)
    return str(made.id)


def _size(roster: Roster) -> tiers.Size:
    return tiers.Size(tiers.STANDARD, roster.units)
