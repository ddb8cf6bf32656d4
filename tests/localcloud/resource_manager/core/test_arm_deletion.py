"""A deletion and a change of the same resource at the same time: what is deleted stays deleted."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

import pytest

from chatkit.localcloud.resource_manager.core.http import Answer, Call
from chatkit.localcloud.resource_manager.core.routing import Route
from tests.localcloud.resource_manager.arm_cloud import Hold, LocalCloud, Plane
from tests.localcloud.resource_manager.raw import Raw

SITES = "/providers/Microsoft.Web/sites"
PLANS = "/providers/Microsoft.Web/serverfarms"
ACCOUNTS = "/providers/Microsoft.Storage/storageAccounts"
DYNAMIC_PLAN = f"{PLANS}/EastUS2LinuxDynamicPlan"
# What a PUT of each type sends; all of them have a data plane.
CHANGES: dict[str, dict[str, Any]] = {
    f"{SITES}/chat": {
        "location": "eastus2",
        "kind": "functionapp,linux",
        "properties": {"reserved": True},
    },
    "/providers/Microsoft.SignalRService/SignalR/chat": {
        "location": "eastus2",
        "sku": {"name": "Free_F1"},
    },
    f"{ACCOUNTS}/chat": {
        "location": "eastus2",
        "sku": {"name": "Standard_LRS"},
        "kind": "StorageV2",
    },
}
PLAN = {"location": "eastus2", "sku": {"name": "Y1"}, "properties": {"reserved": True}}
A_MOMENT_S = 0.3
"""How long a deletion gets to overtake a change, if it can."""


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    """For requests that run at the same time."""
    with ThreadPoolExecutor(2) as pool:
        yield pool


def recorded(cloud: LocalCloud, scale: float) -> None:
    """Recorded durations, scaled."""
    clock = cloud.arm.context.clock
    clock.mode = "recorded"
    clock.scale = scale


def until(condition: Callable[[], bool]) -> None:
    """Ask until it is so."""
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end


@pytest.mark.parametrize("path", CHANGES)
def test_a_deletion_waits_for_the_change_that_runs(
    raw: Raw, cloud: LocalCloud, threads: ThreadPoolExecutor, path: str
) -> None:
    """The PUT is answered first, then the DELETE; afterwards nothing is left on either side."""
    url = raw.group + path
    assert raw("PUT", url, CHANGES[path]).status in (200, 201, 202)
    recorded(cloud, 0.01)
    hold = cloud.planes.holds["chat"] = Hold()
    put = threads.submit(raw, "PUT", url, CHANGES[path])
    assert hold.reached.wait(10)
    delete = threads.submit(raw, "DELETE", url)
    wait([delete], timeout=A_MOMENT_S)
    overtaken = delete.done()
    hold.released.set()
    assert put.result(20).status == 200 and delete.result(20).status in (200, 202)
    assert not overtaken
    assert raw("GET", url).status == 404
    kept = {**cloud.planes.sites, **cloud.planes.instances, **cloud.planes.accounts}
    assert kept == {}
    for owner in ("sites/chat", "scm/chat", "signalr/chat"):
        assert cloud.call(cloud.platform.listeners.remembered, owner) is None


def test_the_deletion_of_a_plan_waits_for_its_change(
    raw: Raw, cloud: LocalCloud, threads: ThreadPoolExecutor
) -> None:
    """A plan can be seen before its PUT is answered; the DELETE is answered after it."""
    recorded(cloud, 0.1)
    url = f"{raw.group}{PLANS}/plan"
    answered: list[str] = []

    def observe(route: Route, call: Call, answer: Answer) -> None:
        """Note the order at the server; two threads of a client see it in any."""
        if call.method != "GET":
            answered.append(call.method)

    cloud.arm.dispatch.observe = observe
    put = threads.submit(raw, "PUT", url, PLAN)
    until(lambda: raw("GET", url).status == 200)
    delete = threads.submit(raw, "DELETE", url)
    assert (put.result(20).status, delete.result(20).status) == (200, 200)
    assert answered == ["PUT", "DELETE"]
    assert raw("GET", url).status == 404


def test_a_plan_is_not_deleted_under_a_site_that_is_being_made(
    raw: Raw, cloud: LocalCloud, threads: ThreadPoolExecutor
) -> None:
    """The DELETE of the plan waits for the site, and is refused because of it."""
    recorded(cloud, 0.02)
    put = threads.submit(raw, "PUT", f"{raw.group}{SITES}/chat", CHANGES[f"{SITES}/chat"])
    until(lambda: raw("GET", raw.group + DYNAMIC_PLAN).status == 200)
    delete = threads.submit(raw, "DELETE", raw.group + DYNAMIC_PLAN)
    assert (put.result(20).status, delete.result(20).code) == (200, "Conflict")
    assert raw("GET", raw.group + DYNAMIC_PLAN).body["properties"]["numberOfSites"] == 1


def test_a_group_takes_along_a_site_that_is_being_made(
    raw: Raw, cloud: LocalCloud, threads: ThreadPoolExecutor
) -> None:
    """Nothing of it is written when the group's deletion begins; nothing of it is left."""
    recorded(cloud, 0.02)
    url = f"{raw.group}{SITES}/chat"
    put = threads.submit(raw, "PUT", url, CHANGES[f"{SITES}/chat"])
    until(lambda: raw("GET", raw.group + DYNAMIC_PLAN).status == 200)
    deletion = raw("DELETE", raw.group)
    assert put.result(20).status == 200
    until(lambda: raw("GET", deletion.headers["Location"]).status == 200)
    assert raw("GET", raw.group).status == 404 and cloud.planes.sites == {}
    raw("PUT", raw.group, {"location": "eastus2"})
    assert raw("GET", raw.group + "/resources").body["value"] == []


@pytest.mark.parametrize("path", [f"{SITES}/chat", f"{ACCOUNTS}/chat"])
def test_what_a_data_plane_stores_goes_with_the_document(
    cloud: LocalCloud, raw: Raw, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """In one transaction: whoever kills the cloud behind it leaves nothing to the next name."""
    forget = Plane.forget
    is_with_document: list[bool] = []

    def observed(plane: Plane, name: str) -> None:
        is_with_document.append(cloud.platform.store._db.in_transaction)
        forget(plane, name)

    monkeypatch.setattr(Plane, "forget", observed)
    raw("PUT", raw.group + path, CHANGES[path])
    assert raw("DELETE", raw.group + path).status == 200
    assert is_with_document[0]
