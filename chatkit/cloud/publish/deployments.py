"""What a site's deployment endpoint (SCM) tells of its deployments.

Follows Kudu's page "REST API", section "Deployment":
https://github.com/projectkudu/kudu/wiki/REST-API
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypedDict

from azure.core.exceptions import AzureError
from azure.core.rest import HttpResponse

from chatkit.cloud.connection import Rest

LIST = "/api/deployments"
SUCCEEDED = 4
PARTLY = 6
FAILED = {
    -1: "was cancelled",
    3: "failed",
    5: "was in conflict with another one",
    PARTLY: "was only partly done",
}
IN_ERROR = "' is in error: "
ERROR = re.compile(r"\s*error\b", re.IGNORECASE)
"""As pip and Oryx begin a line."""
LOG_LINES = 15


class _Summary(TypedDict, total=False):
    warnings: list[str]


class Record(TypedDict, total=False):
    """A deployment as the endpoint shows it, as far as it is used here."""

    id: str
    status: int
    status_text: str | None
    log_url: str | None
    build_summary: _Summary | None


@dataclass(frozen=True)
class Failure:
    """How a deployment has failed.

    Attributes:
        status: Kudu's number.
        how: The same in words, such as "failed".
        said: What the endpoint says of it: its sentence, then the last lines of the build log.
    """

    status: int
    how: str
    said: tuple[str, ...]

    @property
    def why(self) -> str:
        """The endpoint's sentence, or the log's last line, and what a tool has called an error."""
        sentence, *lines = self.said
        told = sentence or next(iter(lines[::-1]), "the endpoint does not say why")
        errors = [line.strip() for line in lines if ERROR.match(line)]
        return " ".join([told, *(line for line in errors[-1:] if line not in told)])


def newest(answer: HttpResponse) -> Record | None:
    """The newest deployment of an answer that lists them; None when it has none."""
    if answer.status_code != 200:
        return None
    try:
        found: Record = answer.json()[0]
    except (ValueError, LookupError, TypeError):
        return None
    return found if isinstance(found, dict) else None


def failure(scm: Rest, record: Record) -> Failure | None:
    """How a deployment has failed; None when it has not, or still runs."""
    status = record.get("status", 0)
    if status not in FAILED:
        return None
    lines = [line for line in _log(scm, record) if line]
    sentence = str(record.get("status_text") or "")
    return Failure(status, FAILED[status], (sentence, *lines[-LOG_LINES:]))


def left_out(record: Record) -> list[str]:
    """Functions that the released version does not serve, because their bindings are wrong."""
    summary = record.get("build_summary") or {}
    return [str(one) for one in summary.get("warnings") or () if IN_ERROR in str(one)]


def _log(scm: Rest, record: Record) -> list[str]:
    url = str(record.get("log_url") or f"{LIST}/{record.get('id', 'latest')}/log")
    try:
        answer = scm.get(url)
        if answer.status_code != 200:
            return []
        entries = answer.json()
    except (AzureError, ValueError):
        return []
    return [str(entry.get("message", "")).rstrip() for entry in entries if isinstance(entry, dict)]
