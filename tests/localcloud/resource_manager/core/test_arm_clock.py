"""Tokens, throttles and long operations of Resource Manager when somebody sets the clock."""

from __future__ import annotations

import pytest

from tests.localcloud.resource_manager.arm_cloud import LocalCloud
from tests.localcloud.resource_manager.raw import Raw
from tests.times import DAY_S, HOUR_S, Times

SIGNALR = "/providers/Microsoft.SignalRService/SignalR/chat"
FREE = {"location": "eastus2", "sku": {"name": "Free_F1"}}


def test_a_token_is_of_the_clock(raw: Raw, cloud: LocalCloud, times: Times) -> None:
    """An old one is refused while the clock is elsewhere; a new one counts at once."""
    for jump_s in (DAY_S, -DAY_S):
        times.jump(jump_s)
        refused = raw("GET", raw.group)
        assert refused.status == 401
        assert refused.code in ("ExpiredAuthenticationToken", "InvalidAuthenticationToken")
        assert Raw(cloud)("GET", raw.group).status == 200
        times.jump(-jump_s)
    assert raw("GET", raw.group).status == 200
    times.suspend(2 * HOUR_S)
    assert raw("GET", raw.group).code == "ExpiredAuthenticationToken"


def test_a_throttle_is_neither_filled_nor_blocked_by_the_clock(
    raw: Raw, cloud: LocalCloud, times: Times
) -> None:
    """429 after a jump as before it; an hour fills the bucket."""
    cloud.arm.admission.throttle.limits = {
        kind: (3, 0.001) for kind in ("reads", "writes", "deletes")
    }
    while raw("GET", raw.group).status == 200:
        pass
    for jump_s in (DAY_S, -2 * DAY_S):
        times.jump(jump_s)
        refused = Raw(cloud)("GET", raw.group)
        assert (refused.status, refused.code) == (429, "SubscriptionRequestsThrottled")
        assert int(refused.headers["Retry-After"]) <= 1000
    times.jump(DAY_S)
    times.suspend(HOUR_S)
    again = Raw(cloud)
    assert [again("GET", raw.group).status for _ in range(3)] == [200] * 3


def begin(raw: Raw, cloud: LocalCloud) -> str:
    """Begin to make an instance in recorded time; returns where to ask how it goes."""
    cloud.call(cloud.arm.context.clock.choose, "recorded", 1.0, cloud.platform.store)
    reply = raw("PUT", raw.group + SIGNALR, FREE)
    assert reply.status == 201
    return str(reply.headers["Azure-AsyncOperation"])


def state(cloud: LocalCloud, url: str) -> str:
    """How the operation goes, as somebody with a new token sees it."""
    path = url.partition("localhost")[2].partition("/")[2]
    return str(Raw(cloud)("GET", f"/{path}", version="-").body["status"])


def test_an_operation_takes_its_time_whatever_the_clock_shows(
    raw: Raw, cloud: LocalCloud, times: Times
) -> None:
    """Ninety seconds of those that pass."""
    url = begin(raw, cloud)
    for jump_s in (DAY_S, -2 * DAY_S):
        times.jump(jump_s)
        assert state(cloud, url) == "Running"
    times.suspend(100)
    assert state(cloud, url) == "Succeeded"


@pytest.mark.parametrize("boots", [False, True], ids=["new process", "new start of the machine"])
def test_an_operation_goes_on_after_a_restart_with_the_clock_set_back(
    raw: Raw, cloud: LocalCloud, times: Times, boots: bool
) -> None:
    """Not for the day that the clock lost."""
    url = begin(raw, cloud)
    cloud.stop()
    times.jump(-DAY_S)
    if boots:
        times.reboot()
    else:
        times.new_process()
    cloud.start()
    assert state(cloud, url) == "Running"
    times.suspend(100)
    assert state(cloud, url) == "Succeeded"
