"""How the last deployment of a function app has ended, as its deployment endpoint tells it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from chatkit.cloud.app_log.failures import line_in
from chatkit.cloud.connection import Cloud
from chatkit.cloud.publish import deployments
from chatkit.cloud.publish.functions import STARTING, scm_url
from chatkit.core.text.controls import visible
from chatkit.lesson.doctor.snapshot.lookups import NotThere, Unknown

if TYPE_CHECKING:
    from azure.mgmt.web.models import Site

LONGEST = 300


def last_failure(cloud: Cloud, site: Site, folder: Path, *, is_published: bool) -> str:
    """How the last deployment failed, and why; empty when it did not, or has not ended.

    Args:
        cloud: Where the app is.
        site: The function app.
        folder: The learner's functions, whose names files get.
        is_published: Whether a publish has succeeded: before, the endpoint may still start.

    Raises:
        NotThere: The endpoint of a new app has not started.
        Unknown: The endpoint does not say.
    """
    scm = cloud.rest(scm_url(site))
    answer = scm.get(deployments.LIST, retry_total=0)
    if answer.status_code in STARTING and not is_published:
        raise NotThere("the app's deployment endpoint has not started")
    if answer.status_code != 200:
        raise Unknown(f"the app's deployment endpoint answers {answer.status_code}")
    record = deployments.newest(answer)
    if record is None:
        return ""
    if left_out := deployments.left_out(record):
        return f"the last deployment is released without a function: {_shown(left_out[0])}"
    failed = deployments.failure(scm, record)
    if failed is None:
        return ""
    line = line_in("\n".join(failed.said), folder)
    return f"the last deployment {failed.how}: {line or _shown(failed.why)}"


def _shown(text: str) -> str:
    return visible(text)[:LONGEST]
