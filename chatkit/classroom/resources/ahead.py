"""What is looked at before a class is made on Azure, so that nothing is made by halves.

Each person is in the directory, each region offers what is needed, there are free instances for
everybody, and the resource providers are registered: people with rights on their own group alone
may not do that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

from chatkit.classroom.resources.groups import AT_ONCE, Place
from chatkit.classroom.roster import Person, Roster
from chatkit.cloud.provision import resource_group
from chatkit.cloud.provision.function_app import FLEX_TIER
from chatkit.cloud.provision.signalr import FREE_QUOTA
from chatkit.core.errors import ServiceError, SetupError
from chatkit.core.text.controls import visible

USERS = "/v1.0/users"
NOT_FOUND = 404
SHOWN = 8
NEEDED = (("Microsoft.SignalRService", "SignalR"), ("Microsoft.Storage", "storageAccounts"))
DIRECTORY_HINT = "It needs User.ReadBasic.All, or a role that reads the directory."


def checked(place: Place, roster: Roster) -> dict[int, str]:
    """Register the providers and look at everything else.

    Returns:
        The object id of each person in Entra ID, by number.

    Raises:
        SetupError: Something is missing; all of it is named, and nothing was made.
    """
    faults = [
        f"{visible(person.name)} has no mail in the list, and cannot be found in the directory"
        for person in roster.people
        if not person.mail
    ]
    found = _directory(place, [person for person in roster.people if person.mail])
    faults += [
        f"{visible(person.mail)} is not in the directory"
        for person in roster.people
        if person.mail and not found.get(person.number)
    ]
    lacking = [*_regions(place, roster)]
    faults += lacking or _quota(place, roster)
    if faults:
        shown = "; ".join(faults[:SHOWN])
        more = f"; and {len(faults) - SHOWN} more" if len(faults) > SHOWN else ""
        hint = "Nothing was made. Invite people to the directory, or correct the list."
        raise SetupError(f"The class cannot be made: {shown}{more}.", hint=hint)
    resource_group.register_providers(place.stack(roster.people[0].names))
    return found


def _directory(place: Place, people: Iterable[Person]) -> dict[int, str]:
    """Object ids by the person's number; empty for those whom the directory does not have."""
    listed = [*people]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        asked = [pool.submit(_object_id, place.branch(), person.mail) for person in listed]
        return {
            person.number: future.result() for person, future in zip(listed, asked, strict=True)
        }


def _object_id(place: Place, mail: str) -> str:
    """A person's object id: by sign-in name, else by mail, which guests have."""
    answer = _graph(place, f"{USERS}/{quote(mail, safe='')}")
    if answer is not None:
        return str(answer["id"])
    quoted = mail.replace("'", "''")
    listed = _graph(place, f"{USERS}?$filter=" + quote(f"mail eq '{quoted}'"))
    values = listed["value"] if listed is not None else []
    return str(values[0]["id"]) if isinstance(values, list) and len(values) == 1 else ""


def _graph(place: Place, url: str) -> dict[str, object] | None:
    answer = place.calls.call(place.cloud.graph_rest().send, "GET", url)
    if answer.status_code == NOT_FOUND:
        return None
    if answer.status_code >= 300:
        sentence = "This account may not look for people in the directory."
        raise ServiceError(answer.status_code, "Graph", sentence, hint=DIRECTORY_HINT)
    document: dict[str, object] = answer.json()
    return document


def _regions(place: Place, roster: Roster) -> Iterator[str]:
    """Regions of the roster that lack something."""
    flex = place.calls.list(place.cloud.web().list_geo_regions, sku=FLEX_TIER)
    offers = {"Flex Consumption": {_plain(str(one.name)) for one in flex}}
    for namespace, kind in NEEDED:
        found = place.calls.call(place.cloud.resources().providers.get, namespace)
        offers[namespace] = {
            _plain(str(where))
            for one in found.resource_types or ()
            if str(one.resource_type).lower() == kind.lower()
            for where in one.locations or ()
        }
    for region in sorted({person.region for person in roster.people}):
        for what, regions in offers.items():
            if region not in regions:
                yield f"{region} does not have {what}"


def _quota(place: Place, roster: Roster) -> Iterator[str]:
    """Regions with fewer free instances left than the class needs there."""
    if roster.is_shared or roster.tier != "free":
        return
    # Who has a group already may have an instance, too, which the usage counts.
    is_new = _without_group(place)
    needed = Counter(person.region for person in roster.people if is_new(person))
    for region, count in sorted(needed.items()):
        for usage in place.calls.list(place.cloud.signalr().usages.list, region):
            if usage.name is None or usage.name.value != FREE_QUOTA:
                continue
            left = (usage.limit or 0) - (usage.current_value or 0)
            if left < count:
                yield (
                    f"{region} has {left} free SignalR instances left, and {count} people are there"
                )


def _without_group(place: Place) -> Callable[[Person], bool]:
    groups = place.calls.list(place.cloud.resources().resource_groups.list)
    known = {str(group.name).lower() for group in groups}
    return lambda person: person.names.resource_group.lower() not in known


def _plain(region: str) -> str:
    return region.replace(" ", "").lower()
