"""The end of a class: the app registrations of its people go, and nobody else's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from chatkit.classroom.enrolment import Wanted, enrol
from chatkit.classroom.resources import registrations
from chatkit.classroom.resources.groups import Place
from chatkit.classroom.roster import Roster
from chatkit.cloud.calls import Calls
from chatkit.cloud.connection import Cloud
from chatkit.cloud.provision.app_registration import APPLICATIONS, by_name
from tests.classroom.resources.people import place
from tests.classroom.test_enrolment import people
from tests.cloud.fake_azure import FakeAzure

OWN = "https://{name}.azurewebsites.net/.auth/login/aad/callback"


@pytest.fixture
def roster() -> Roster:
    """A class of three on Azure, of whom nothing was made yet."""
    return enrol(people(3), Wanted("Class", "azure"))


@pytest.fixture
def where(running_home: Path, roster: Roster) -> Iterator[Place]:
    """The local cloud, whose directory is empty again at the end."""
    yield place(running_home)
    graph = place(running_home).cloud.graph_rest()
    for person in roster.people:
        for one in listed(place(running_home), person.names.function_app):
            graph.send("DELETE", f"{APPLICATIONS}/{one}")


def register(where: Place, name: str, *redirects: str) -> str:
    """Register an app; returns the registration's id."""
    body = {"displayName": name, "web": {"redirectUris": [*redirects]}}
    answer = where.cloud.graph_rest().send("POST", APPLICATIONS, json=body)
    assert answer.status_code == 201
    return str(answer.json()["id"])


def listed(where: Place, name: str) -> list[str]:
    """Ids of the registrations of a name."""
    answer = where.cloud.graph_rest().send("GET", by_name(name))
    return [str(one["id"]) for one in answer.json()["value"]]


def test_the_registrations_of_the_people_are_found_and_deleted(
    where: Place, roster: Roster
) -> None:
    """Each with its proof; a second time there is nothing."""
    first, second, _ = (person.names.function_app for person in roster.people)
    mine = {register(where, name, OWN.format(name=name)) for name in (first, second)}
    found = registrations.find(where, roster)
    assert {one.id for one in found.found} == mine and not found.unseen
    lines = [*registrations.delete(where, found.found)]
    assert [(line.whose, line.gone, line.proof) for line in lines] == [
        ("1. Person 0", True, "GET answers 404"),
        ("2. Person 1", True, "GET answers 404"),
    ]
    assert registrations.find(where, roster).found == ()


def test_what_leads_elsewhere_stays(where: Place, roster: Roster) -> None:
    """A name alone proves nothing: somebody uses that app for another page, too."""
    name = roster.people[0].names.function_app
    register(where, name, OWN.format(name=name), "https://example.org/signed-in")
    register(where, f"{name}-2", OWN.format(name=name))
    assert registrations.find(where, roster).found == ()


def test_a_directory_that_refuses_is_named(azure: FakeAzure, cloud: Cloud, roster: Roster) -> None:
    """Not every instructor may look at the apps of others."""
    azure.on("GET", "applications", (403, {"error": {"code": "Authorization_RequestDenied"}}, {}))
    found = registrations.find(Place(cloud, Calls()), roster)
    assert found.found == () and "Graph answers 403" in found.unseen
