"""What the doctor reads of a function app's deployments, in the shapes in which Azure has them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from azure.mgmt.web.models import HostNameSslState, Site, SiteProperties

from chatkit.lesson.doctor.snapshot.deployed import last_failure
from chatkit.lesson.doctor.snapshot.lookups import NotThere, Unknown
from tests.cloud.fake_azure import FakeAzure, cloud_over

ENDPOINT = HostNameSslState(name="site.scm.example", host_type="Repository")
SITE = Site(location="eastus2", properties=SiteProperties(host_name_ssl_states=[ENDPOINT]))
BUILD_LOG = [{"message": "Running pip install..."}, {"message": "ERROR: No such package: nope"}]


@pytest.mark.parametrize(
    ("newest", "said"),
    [
        ({"status": 4}, ""),
        ({"status": 1}, ""),
        ({"status": 3, "status_text": "No room."}, "failed: No room. ERROR: No such package: nope"),
        ({"status": 3, "status_text": None}, "failed: ERROR: No such package: nope"),
        (
            {"status": -1, "status_text": "By alice."},
            "cancelled: By alice. ERROR: No such package: nope",
        ),
        (
            {"status": 6, "status_text": "Half."},
            "partly done: Half. ERROR: No such package: nope",
        ),
        ({"status": 4, "build_summary": {"warnings": ["'x' is in error: no"]}}, "error: no"),
    ],
)
def test_the_newest_deployment_counts(tmp_path: Path, newest: dict[str, Any], said: str) -> None:
    """One before it that failed says nothing any more, and one that runs says nothing yet."""
    listed = [{"id": "d2", **newest}, {"id": "d1", "status": 3, "status_text": "Older."}]
    azure = FakeAzure()
    azure.on("GET", "api/deployments$", (200, listed, {}))
    azure.on("GET", "api/deployments/d2/log$", (200, BUILD_LOG, {}))
    found = last_failure(cloud_over(azure), SITE, tmp_path, is_published=True)
    assert found.endswith(said) and bool(found) is bool(said)


@pytest.mark.parametrize("nothing", [[], {}, "", [None]])
def test_an_app_to_which_nothing_was_deployed_has_no_failure(
    tmp_path: Path, nothing: object
) -> None:
    """Nothing to say is no fault."""
    azure = FakeAzure()
    azure.on("GET", "api/deployments$", (200, nothing, {}))
    assert not last_failure(cloud_over(azure), SITE, tmp_path, is_published=True)


@pytest.mark.parametrize("status", [401, 403, 404, 503])
def test_an_endpoint_that_does_not_answer_is_unknown(tmp_path: Path, status: int) -> None:
    """Then nobody says that all is well."""
    azure = FakeAzure()
    azure.on("GET", "api/deployments$", (status, None, {}))
    with pytest.raises(Unknown, match=str(status)):
        last_failure(cloud_over(azure), SITE, tmp_path, is_published=True)


@pytest.mark.parametrize(("status", "is_new"), [(403, False), (404, True), (503, True)])
def test_the_endpoint_of_a_new_app_may_still_start(
    tmp_path: Path, status: int, is_new: bool
) -> None:
    """That is neither wrong nor unknown; a refusal is."""
    azure = FakeAzure()
    azure.on("GET", "api/deployments$", (status, None, {}))
    with pytest.raises(Unknown) as caught:
        last_failure(cloud_over(azure), SITE, tmp_path, is_published=False)
    assert isinstance(caught.value, NotThere) is is_new
