"""Deployment records of a site: what SCM tells about them while they run and afterwards.

They survive a restart.
"""

from __future__ import annotations

import uuid
from contextlib import AbstractContextManager
from enum import IntEnum
from typing import Any, Literal, TypedDict, cast

from chatkit.core.text.masking import mask
from chatkit.localcloud.core.store import Document, Store
from chatkit.localcloud.functions.deployed.build_log import BuildLogs, LogLine, now, shortened


class Status(IntEnum):
    """Kudu's deployment status."""

    CANCELLED = -1
    PENDING = 0
    BUILDING = 1
    DEPLOYING = 2
    FAILED = 3
    SUCCESS = 4
    CONFLICT = 5
    PARTIAL_SUCCESS = 6


FINISHED = {
    Status.CANCELLED,
    Status.FAILED,
    Status.SUCCESS,
    Status.CONFLICT,
    Status.PARTIAL_SUCCESS,
}
KEPT = 10
SUMMARY_LINES = 100


class BuildSummary(TypedDict):
    """Lines of the log that count."""

    errors: list[str]
    warnings: list[str]


class DeploymentRecord(TypedDict):
    """One deployment as SCM tells it."""

    id: str
    status: int
    status_text: str
    author: str
    deployer: str
    remoteBuild: bool
    message: str
    progress: str
    received_time: str
    start_time: str
    end_time: str | None
    last_success_end_time: str | None
    complete: bool
    active: bool
    is_temp: bool
    build_summary: BuildSummary


class Deployments:
    """The deployments of one site, newest last."""

    def __init__(self, store: Store, site: str) -> None:
        self._store = store
        self._collection = f"deployments/{site}"
        self._logs = BuildLogs(store, site)

    def begin(self, *, deployer: str, remote_build: bool) -> str:
        """Make a record; returns its id."""
        deployment_id = str(uuid.uuid4())
        record: DeploymentRecord = {
            "id": deployment_id,
            "status": int(Status.PENDING),
            "status_text": "",
            "author": "N/A",
            "deployer": deployer,
            "remoteBuild": remote_build,
            "message": "",
            "progress": "",
            "received_time": now(),
            "start_time": now(),
            "end_time": None,
            "last_success_end_time": None,
            "complete": False,
            "active": False,
            "is_temp": False,
            "build_summary": {"errors": [], "warnings": []},
        }
        with self._store.transaction():
            self._put(record)
            for old in self.all()[:-KEPT]:
                self._forget(old["id"])
        return deployment_id

    def all(self) -> list[DeploymentRecord]:
        """All records, oldest first."""
        records = [
            cast(DeploymentRecord, document) for _, document in self._store.items(self._collection)
        ]
        return sorted(records, key=lambda record: record["received_time"])

    def get(self, deployment_id: str) -> DeploymentRecord | None:
        """One record; "latest" is the newest."""
        if deployment_id.lower() == "latest":
            return next(reversed(self.all()), None)
        document = self._store.get(self._collection, deployment_id)
        return cast(DeploymentRecord | None, document)

    def running(self) -> DeploymentRecord | None:
        """The record that is not finished."""
        return next((record for record in self.all() if not record["complete"]), None)

    def log(
        self,
        deployment_id: str,
        message: str,
        *,
        kind: Literal["errors", "warnings"] | None = None,
    ) -> None:
        """Add a line to the build log, and one of a kind to the summary, too."""
        record = self._known(deployment_id)
        with self._store.transaction():
            self._logs.add(deployment_id, message, is_error=kind == "errors")
            if kind is not None:
                summary = [*record["build_summary"][kind], shortened(message)]
                record["build_summary"][kind] = summary[-SUMMARY_LINES:]
                self._put(record)

    def lines(self, deployment_id: str) -> list[LogLine]:
        """The build log of a deployment."""
        return self._logs.lines(deployment_id)

    def fail(self, deployment_id: str, sentence: str) -> None:
        """Close a record of what has failed; on a full disk, too."""
        with self._store.transaction(from_reserve=True):
            self.log(deployment_id, sentence, kind="errors")
            self.set_status(deployment_id, Status.FAILED, sentence)

    def together(self) -> AbstractContextManager[None]:
        """Keep all or none of what is written about the site in the block."""
        return self._store.transaction()

    def set_status(self, deployment_id: str, status: Status, text: str = "") -> None:
        """Go to a status; a finishing one closes the record."""
        record = self._known(deployment_id)
        record["status"] = int(status)
        record["status_text"] = mask(text)
        record["progress"] = status.name.capitalize()
        if status in FINISHED:
            record["progress"] = ""
            record["complete"] = True
            record["end_time"] = now()
            record["active"] = status is Status.SUCCESS
        if status is Status.SUCCESS:
            record["last_success_end_time"] = now()
            self._deactivate_others(deployment_id)
        self._put(record)

    def interrupt(self) -> list[str]:
        """Close what was running when the process died; returns the ids."""
        ids = [str(record["id"]) for record in self.all() if not record["complete"]]
        for deployment_id in ids:
            sentence = "The local cloud was stopped during the deployment. Publish again."
            with self._store.transaction(from_reserve=True):
                self.set_status(deployment_id, Status.FAILED, sentence)
        return ids

    def forget(self) -> None:
        """Delete every record."""
        for record in self.all():
            self._forget(record["id"])

    def _known(self, deployment_id: str) -> DeploymentRecord:
        document = self._store.get(self._collection, deployment_id)
        if document is None:
            raise KeyError(deployment_id)
        return cast(DeploymentRecord, document)

    def _forget(self, deployment_id: str) -> None:
        with self._store.transaction(from_reserve=True):
            self._store.delete(self._collection, deployment_id)
            self._logs.forget(deployment_id)

    def _put(self, record: DeploymentRecord) -> None:
        self._store.put(self._collection, record["id"], cast(Document, record))

    def _deactivate_others(self, deployment_id: str) -> None:
        for record in self.all():
            if record["active"] and record["id"] != deployment_id:
                record["active"] = False
                self._put(record)


def shown(record: DeploymentRecord, scm_url: str, site: str) -> dict[str, Any]:
    """A record as SCM answers it."""
    url = f"{scm_url}/api/deployments/{record['id']}"
    return {
        **record,
        "url": url,
        "log_url": f"{url}/log",
        "site_name": site,
        "is_readonly": True,
    }
