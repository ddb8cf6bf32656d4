"""A site whose name, endpoint or settings are not known yet."""

from __future__ import annotations

import pytest

from chatkit.core.time.propagation import APP_HOST, HOST_NAME, SCM, SETTINGS
from chatkit.localcloud.recorded.clock import Clock
from tests.localcloud.functions.deployed.deployed_cloud import NAME, Cloud


@pytest.fixture
def clock(cloud: Cloud) -> Clock:
    """The service's, in the mode "azure"."""
    found = cloud.service._clock
    found.mode = "azure"
    return found


@pytest.mark.parametrize(
    ("kind", "name", "status"), [(HOST_NAME, APP_HOST.format(NAME), 404), (SETTINGS, NAME, 503)]
)
async def test_an_app_that_is_known_late_answers_as_azures_front_ends_do(
    cloud: Cloud, clock: Clock, kind: str, name: str, status: int
) -> None:
    """Then as it would have answered; its deployment endpoint does so meanwhile."""
    clock.begin(kind, name)
    assert (await cloud.ask("/"))[0] == status
    assert (await cloud.scm("GET", "/api/isdeploying"))[0] == 200
    clock.propagating.end(kind, name)
    assert (await cloud.ask("/"))[0] == 200


async def test_an_endpoint_that_starts_answers_503(cloud: Cloud, clock: Clock) -> None:
    """Before it asks who is there."""
    clock.begin(SCM, NAME)
    assert (await cloud.scm("GET", "/api/isdeploying"))[0] == 503
    clock.propagating.end(SCM, NAME)
    assert (await cloud.scm("GET", "/api/isdeploying"))[0] == 200
