"""App registrations that people of a class made in section 09.

They are in the directory and in no resource group: deleting the groups leaves them.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from azure.core.exceptions import AzureError

from chatkit.classroom.resources.groups import AT_ONCE, Line, Place
from chatkit.classroom.roster import Roster
from chatkit.cloud.provision.app_registration import APPLICATIONS, by_name, redirects
from chatkit.cloud.provision.authentication import CALLBACK
from chatkit.core.text.controls import visible

KIND = "app registration"


@dataclass(frozen=True)
class Registration:
    """An app registration that is the class's.

    Attributes:
        name: What it is called: as the person's function app.
        whose: The person.
        id: The directory's, of the registration.
    """

    name: str
    whose: str
    id: str


@dataclass(frozen=True)
class Registrations:
    """What a look has found.

    Attributes:
        found: What is deleted.
        unseen: Why nobody could look; empty when somebody did.
    """

    found: tuple[Registration, ...] = ()
    unseen: str = ""


NO_REGISTRATIONS = Registrations()


def find(place: Place, roster: Roster) -> Registrations:
    """Look for the registration of each person's function app, and change nothing."""
    people = [
        (person.names.function_app, f"{person.number}. {visible(person.name)}")
        for person in roster.people
    ]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        asked = [pool.submit(_find, place.branch(), name, whose) for name, whose in people]
    try:
        return Registrations(tuple(one for future in asked for one in future.result()))
    except (AzureError, LookupError) as error:
        return Registrations(unseen=f"the directory does not show them ({error})")


def delete(place: Place, registrations: Sequence[Registration]) -> Iterator[Line]:
    """Delete them, and ask for each again.

    Yields:
        The receipt.
    """
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield from pool.map(lambda one: _delete(place.branch(), one), registrations)


def _find(place: Place, name: str, whose: str) -> list[Registration]:
    """Those of the app's name, unless they lead anywhere else than to a sign-in of App Service."""
    answer = place.calls.call(place.cloud.graph_rest().send, "GET", by_name(name))
    if answer.status_code != 200:
        raise LookupError(f"Graph answers {answer.status_code}")
    return [
        Registration(name, whose, str(one["id"]))
        for one in answer.json()["value"]
        if all(uri.endswith(CALLBACK) for uri in redirects(one))
    ]


def _delete(place: Place, one: Registration) -> Line:
    began = time.monotonic()
    what = f"{KIND} {one.name}"
    graph = place.cloud.graph_rest()
    try:
        answer = place.calls.call(graph.send, "DELETE", f"{APPLICATIONS}/{one.id}")
        if answer.status_code not in (204, 404):
            return Line(one.whose, what, f"Graph answers {answer.status_code}", gone=False)
        again = place.calls.call(graph.send, "GET", f"{APPLICATIONS}/{one.id}")
    except AzureError as error:
        return Line(one.whose, what, f"Graph does not answer: {type(error).__name__}", gone=False)
    is_gone = again.status_code == 404
    proof = "GET answers 404" if is_gone else "GET still finds it"
    return Line(one.whose, what, proof, is_gone, time.monotonic() - began)
