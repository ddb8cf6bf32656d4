"""Waiting for what Azure knows late: how long, what is shown, how it ends, and interrupted."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError

from chatkit.cloud.calls import Calls, lasting
from chatkit.cloud.provision import app_registration, clean_up, resource_group, storage
from chatkit.cloud.provision.app_registration import CONSISTENT_S, register
from chatkit.cloud.provision.name_rules import FREE_LIMIT_S, once_free
from chatkit.cloud.publish import functions
from chatkit.cloud.recent import DELETED, REGISTERED, Recent
from chatkit.cloud.stack import Stack
from chatkit.core.errors import ServiceError
from chatkit.core.results import Progress
from tests.cloud.fake_azure import Answer, FakeAzure, Request
from tests.cloud.moved_time import MovedTime, time

__all__ = ["time"]
SCM = "https://site.scm.example"
CALLBACK = "https://site.example/.auth/login/aad/callback"
MADE = {"id": "o1", "appId": "a1", "web": {"redirectUris": [CALLBACK]}}


class Shown(Progress):
    """Notes what a person would be shown."""

    def __init__(self) -> None:
        super().__init__("step")
        self.lines: list[str] = []
        self.open: list[str] = []

    def begin(self, label: str) -> None:
        self.lines.append(label)
        self.open.append(label)

    def end(self, label: str) -> None:
        self.open.remove(label)


class Graph:
    """Microsoft Graph that lists, and finds, what was made only after a while."""

    def __init__(self, azure: FakeAzure, time: MovedTime, *, late_s: float) -> None:
        self.made: list[str] = []
        self.known = False
        self._time = time
        self._late_s = late_s
        azure.on("GET", "v1.0/applications", self.listed)
        azure.on("POST", "v1.0/applications$", self.create)
        azure.on("POST", "addPassword", self.add_password)
        azure.on("POST", "v1.0/servicePrincipals", (201, {}, {}))
        azure.on("POST", "appsettings/list", (200, {"properties": {}}, {}))

    def listed(self, _: Request) -> Answer:
        """By name."""
        return 200, {"value": [MADE] if self.known else []}, {}

    def create(self, request: Request) -> Answer:
        """At once; it is known later."""
        self.made.append(request.body["displayName"])
        self._time.after(self._late_s, self.learn)
        return 201, MADE, {}

    def learn(self) -> None:
        """Know it everywhere."""
        self.known = True

    def add_password(self, _: Request) -> Answer:
        """404 as long as it is not known."""
        if not self.known:
            return 404, {"error": {"code": "Request_ResourceNotFound", "message": "no"}}, {}
        return 200, {"secretText": "s", "keyId": "k"}, {}


@pytest.fixture
def shown() -> Shown:
    """What a person sees."""
    return Shown()


@pytest.fixture
def stack(stack: Stack, shown: Shown, tmp_path: Path) -> Stack:
    """The chat room, watched, with a home that outlives a kernel."""
    return replace(stack, calls=Calls(shown), recent=Recent(tmp_path / "recent.json"))


@pytest.mark.parametrize("late_s", [0.0, 60.0, 290.0])
def test_what_graph_has_just_made_is_waited_for(
    azure: FakeAzure, stack: Stack, time: MovedTime, late_s: float
) -> None:
    """Up to five minutes: more than one was reported."""
    began = time.now
    graph = Graph(azure, time, late_s=late_s)
    assert register(stack, CALLBACK).secret == "s"
    assert graph.made == ["site"]
    assert late_s <= time.now - began <= late_s + 6


def test_what_graph_never_knows_ends_with_a_card(
    azure: FakeAzure, stack: Stack, time: MovedTime
) -> None:
    """What, why, what to type; after the limit, and not long after."""
    began = time.now
    Graph(azure, time, late_s=1000)
    with pytest.raises(ServiceError, match=r"does not know after 5 minutes") as caught:
        register(stack, CALLBACK)
    assert "Run the cell again" in caught.value.hint
    assert CONSISTENT_S <= time.now - began <= CONSISTENT_S + 6


def test_a_second_registration_within_graphs_delay_makes_no_second_app(
    azure: FakeAzure, stack: Stack, time: MovedTime
) -> None:
    """Interrupted while Graph did not list the first one yet, then called again by a new kernel."""
    graph = Graph(azure, time, late_s=100)
    time.after(20, interrupt)
    with pytest.raises(KeyboardInterrupt):
        register(stack, CALLBACK)
    again = replace(stack, calls=Calls(), recent=Recent(stack.recent.path))
    assert register(again, CALLBACK).client_id == "a1"
    assert graph.made == ["site"]


def test_a_registration_of_which_no_answer_came_is_waited_for(
    azure: FakeAzure, stack: Stack, time: MovedTime
) -> None:
    """The kernel was killed after Graph had made it, before the answer was read."""
    graph = Graph(azure, time, late_s=100)

    def made_and_killed(request: Request) -> Answer:
        graph.create(request)
        raise KeyboardInterrupt

    azure.on("POST", "v1.0/applications$", made_and_killed)
    with pytest.raises(KeyboardInterrupt):
        register(stack, CALLBACK)
    azure.on("POST", "v1.0/applications$", graph.create)
    assert register(stack, CALLBACK).client_id == "a1"
    assert graph.made == ["site"]


def test_a_refused_registration_is_not_waited_for(
    azure: FakeAzure, stack: Stack, time: MovedTime
) -> None:
    """Nothing was made; who has got the right meanwhile goes on at once."""
    graph = Graph(azure, time, late_s=0)
    azure.on("POST", "v1.0/applications$", (403, {"error": {"code": "Denied"}}, {}))
    began = time.now
    for _ in range(2):
        with pytest.raises(ServiceError, match="may not register"):
            register(stack, CALLBACK)
    assert graph.made == [] and time.now == began


def test_a_deleted_registration_is_not_waited_for(
    azure: FakeAzure, stack: Stack, time: MovedTime
) -> None:
    """Clean-up within minutes after section 09, and section 09 again."""
    graph = Graph(azure, time, late_s=0)
    register(stack, CALLBACK)
    azure.on("DELETE", "v1.0/applications", (204, None, {}))
    azure.on("GET", r"v1.0/applications\(", (404, {}, {}))
    assert app_registration.delete_registration(stack, "a1").gone
    graph.known = False
    began = time.now
    register(stack, CALLBACK)
    assert graph.made == ["site", "site"] and time.now - began < 6


@pytest.mark.parametrize("late_s", [5.0, 290.0])
def test_a_deployment_endpoint_that_starts_is_waited_for(
    azure: FakeAzure, stack: Stack, time: MovedTime, late_s: float
) -> None:
    """The package goes once, when it answers."""
    azure.on("GET", "api/isdeploying", (503, None, {}))
    time.after(late_s, lambda: azure.on("GET", "api/isdeploying", (200, False, {})))
    azure.on("POST", "api/publish", (202, "d1", {"Location": f"{SCM}/api/deployments/d1"}))
    azure.on("GET", "api/deployments/d1", (200, {"id": "d1", "status": 4}, {}))
    functions.upload_package(stack, SCM, b"zip")
    assert len(azure.sent("POST", "api/publish")) == 1


def test_a_deployment_endpoint_that_never_starts_gets_no_package(
    azure: FakeAzure, stack: Stack, time: MovedTime
) -> None:
    """The card says that nothing was sent."""
    azure.on("GET", "api/isdeploying", (503, None, {}))
    with pytest.raises(ServiceError, match="still answers 503 after 5 minutes") as caught:
        functions.upload_package(stack, SCM, b"zip")
    assert "Publish again" in caught.value.hint
    assert azure.sent("POST", "api/publish") == []


def test_a_name_that_was_just_deleted_is_waited_for(
    azure: FakeAzure, stack: Stack, time: MovedTime
) -> None:
    """Azure frees it late; the time since the deletion counts, and a new kernel knows of it."""
    taken = {"nameAvailable": False, "reason": "AlreadyExists", "message": "It is taken."}
    azure.on("POST", "checkNameAvailability", (200, taken, {}))
    stack.recent.note(DELETED, "g")
    time.sleep(100)
    free: dict[str, Any] = {"nameAvailable": True}
    time.after(700, lambda: azure.on("POST", "checkNameAvailability", (200, free, {})))
    storage._check_available(replace(stack, recent=Recent(stack.recent.path)))


@pytest.mark.parametrize(("deleted", "waits_s"), [(False, 0.0), (True, FREE_LIMIT_S)])
def test_a_name_that_somebody_has_is_refused(
    azure: FakeAzure, stack: Stack, time: MovedTime, *, deleted: bool, waits_s: float
) -> None:
    """At once; after a deletion of one's own, when the time is over."""
    taken = {"nameAvailable": False, "reason": "AlreadyExists", "message": "It is taken."}
    azure.on("POST", "checkNameAvailability", (200, taken, {}))
    if deleted:
        stack.recent.note(DELETED, "g")
    began = time.now
    with pytest.raises(ServiceError, match="It is taken") as caught:
        storage._check_available(stack)
    assert "Workshop.open(suffix='...')" in caught.value.hint
    assert waits_s <= time.now - began <= waits_s + 6


def test_clean_up_notes_that_names_are_free_late(
    azure: FakeAzure, stack: Stack, time: MovedTime
) -> None:
    """Of the group that was there; a deletion of nothing keeps no name."""
    [*clean_up.delete_everything(stack)]
    assert stack.recent.left_s(DELETED, "g", FREE_LIMIT_S) == 0
    azure.on("DELETE", "resourcegroups/g", (200, None, {}))
    [*clean_up.delete_everything(stack)]
    assert stack.recent.left_s(DELETED, "g", FREE_LIMIT_S) > 0


@pytest.mark.parametrize(("deleted", "tries"), [(True, 3), (False, 1)])
def test_a_deployment_waits_for_names_that_were_just_deleted(
    stack: Stack, time: MovedTime, *, deleted: bool, tries: int
) -> None:
    """It goes on with what it has made; a name that somebody else has is refused at once."""
    if deleted:
        stack.recent.note(DELETED, "g")
    made: list[str] = []

    def deploy() -> str:
        made.append("deployment")
        if len(made) < 3:
            raise HttpResponseError("(StorageAccountAlreadyTaken) It is already taken.")
        return "done"

    if deleted:
        assert once_free(stack, deploy) == "done"
    else:
        with pytest.raises(HttpResponseError, match="already taken"):
            once_free(stack, deploy)
    assert len(made) == tries


def interrupt() -> None:
    """Somebody presses the stop button."""
    raise KeyboardInterrupt


def never_registered(azure: FakeAzure, stack: Stack, time: MovedTime) -> None:
    """Wait for a provider."""
    azure.on("GET", "providers/Microsoft.Web", (200, {"registrationState": "Registering"}, {}))
    azure.on("POST", "providers/Microsoft.Web/register", (200, {}, {}))
    resource_group._register(stack, "Microsoft.Web")


def never_gone(azure: FakeAzure, stack: Stack, time: MovedTime) -> None:
    """Wait for a group's deletion."""
    state = {"location": "eastus2", "properties": {"provisioningState": "Deleting"}}
    azure.on("GET", "resourcegroups/g", (200, state, {}))
    azure.on("HEAD", "resourcegroups/g", (204, None, {}))
    resource_group.create_resource_group(stack)


def never_known(azure: FakeAzure, stack: Stack, time: MovedTime) -> None:
    """Wait for Graph."""
    Graph(azure, time, late_s=5000)
    register(stack, CALLBACK)


def never_started(azure: FakeAzure, stack: Stack, time: MovedTime) -> None:
    """Wait for the deployment endpoint."""
    azure.on("GET", "api/isdeploying", (503, None, {}))
    functions.upload_package(stack, SCM, b"zip")


def never_idle(azure: FakeAzure, stack: Stack, time: MovedTime) -> None:
    """Wait for another deployment."""
    azure.on("GET", "api/isdeploying", (200, False, {}))
    azure.on("POST", "api/publish", (409, None, {}))
    functions.upload_package(stack, SCM, b"zip")


def never_built(azure: FakeAzure, stack: Stack, time: MovedTime) -> None:
    """Wait for a deployment."""
    azure.on("GET", "api/isdeploying", (200, False, {}))
    azure.on("POST", "api/publish", (202, "d1", {"Location": f"{SCM}/api/deployments/d1"}))
    azure.on("GET", "api/deployments/d1", (200, {"id": "d1", "status": 1}, {}))
    functions.upload_package(stack, SCM, b"zip")


def never_listed(azure: FakeAzure, stack: Stack, time: MovedTime) -> None:
    """Wait for functions."""
    azure.on("GET", "sites/site/functions", (200, {"value": []}, {}))
    azure.on("POST", "syncfunctiontriggers", (204, None, {}))
    functions.wait_until_listed(stack)


def never_answering(azure: FakeAzure, stack: Stack, time: MovedTime) -> None:
    """Wait for the app."""
    azure.on("POST", "api/negotiate", (503, None, {}))
    functions.wait_until_answers(stack, "https://site.example", "/api/negotiate")


WAITS = [
    never_registered,
    never_gone,
    never_known,
    never_started,
    never_idle,
    never_built,
    never_listed,
    never_answering,
]
Wait = Callable[[FakeAzure, Stack, MovedTime], None]


@pytest.mark.parametrize("wait", WAITS)
def test_a_wait_is_shown_with_its_limit_and_ends_with_a_card(
    azure: FakeAzure, stack: Stack, time: MovedTime, shown: Shown, wait: Wait
) -> None:
    """What it waits for and how long that may take; at the limit a sentence and what to type."""
    with pytest.raises(ServiceError) as caught:
        wait(azure, stack, time)
    assert caught.value.hint
    told = [line for line in shown.lines if line.startswith("waiting until ")]
    assert told and all(re.search(r", up to \d+ (seconds?|minutes):$", line) for line in told)
    assert shown.open == []


@pytest.mark.parametrize("wait", WAITS)
def test_a_wait_can_be_interrupted(
    azure: FakeAzure, stack: Stack, time: MovedTime, shown: Shown, wait: Wait
) -> None:
    """At once, and the line of it goes."""
    time.after(10, interrupt)
    with pytest.raises(KeyboardInterrupt):
        wait(azure, stack, time)
    assert shown.open == []


@pytest.mark.parametrize(
    ("seconds", "told"), [(0.2, "1 second"), (30, "30 seconds"), (600, "10 minutes")]
)
def test_how_long_is_said_in_words(seconds: float, told: str) -> None:
    """Nobody reads 600 s as ten minutes."""
    assert lasting(seconds) == told


def test_another_subscription_knows_nothing_of_it(tmp_path: Path, time: MovedTime) -> None:
    """The same names on the local cloud and on Azure are two chats."""
    path = tmp_path / "recent.json"
    Recent(path, "one").note(DELETED, "g")
    assert Recent(path, "one").left_s(DELETED, "g", 900) == 900
    assert Recent(path, "two").left_s(DELETED, "g", 900) == 0


def test_moments_that_cannot_be_kept_stop_nothing(tmp_path: Path) -> None:
    """A damaged file is none, and so is a folder in its place; a clock set back neither."""
    path = tmp_path / "recent.json"
    for content in ("{", "[]", '{"registered site": "x"}', '{"registered site": 99999999999}'):
        path.write_text(content, encoding="utf-8")
        assert Recent(path).left_s(REGISTERED, "site", 300) == 0
    path.unlink()
    path.mkdir()
    Recent(path).note(REGISTERED, "site")
    assert Recent(path).left_s(REGISTERED, "site", 300) == 0
