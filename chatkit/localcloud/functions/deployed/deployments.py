"""Deployment records of a site: what SCM tells about them while they run and afterwards.

They survive a restart.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from enum import IntEnum
from typing import Any

from chatkit.localcloud.core.store import Document, Store
from chatkit.localcloud.core.trace import mask


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


class Deployments:
    """The deployments of one site, newest last."""

    def __init__(self, store: Store, site: str) -> None:
        self._store = store
        self._collection = f"deployments/{site}"

    def begin(self, *, deployer: str, remote_build: bool) -> str:
        """Make a record; returns its id."""
        deployment_id = str(uuid.uuid4())
        record: Document = {
            "id": deployment_id,
            "status": int(Status.PENDING),
            "status_text": "",
            "author": "N/A",
            "deployer": deployer,
            "remoteBuild": remote_build,
            "message": "",
            "progress": "",
            "received_time": _now(),
            "start_time": _now(),
            "end_time": None,
            "last_success_end_time": None,
            "complete": False,
            "active": False,
            "is_temp": False,
            "build_summary": {"errors": [], "warnings": []},
            "log": [],
        }
        with self._store.transaction():
            self._store.put(self._collection, deployment_id, record)
            for old in self.all()[:-KEPT]:
                self._store.delete(self._collection, old["id"])
        return deployment_id

    def all(self) -> list[Document]:
        """All records, oldest first."""
        return sorted(
            (record for _, record in self._store.items(self._collection)),
            key=lambda record: str(record["received_time"]),
        )

    def get(self, deployment_id: str) -> Document | None:
        """One record; "latest" is the newest."""
        if deployment_id.lower() == "latest":
            return next(reversed(self.all()), None)
        return self._store.get(self._collection, deployment_id)

    def running(self) -> Document | None:
        """The record that is not finished."""
        return next((record for record in self.all() if not record["complete"]), None)

    def log(self, deployment_id: str, message: str, *, kind: str = "") -> None:
        """Add a line to the build log; kind "errors" or "warnings" puts it into the summary too."""
        record = self._known(deployment_id)
        record["log"].append(
            {
                "log_time": _now(),
                "id": str(uuid.uuid4()),
                "message": mask(message),
                "type": 2 if kind == "errors" else 0,
            }
        )
        if kind:
            record["build_summary"][kind].append(mask(message))
        self._store.put(self._collection, deployment_id, record)

    def set_status(self, deployment_id: str, status: Status, text: str = "") -> None:
        """Go to a status; a finishing one closes the record."""
        record = self._known(deployment_id)
        record |= {
            "status": int(status),
            "status_text": mask(text),
            "progress": status.name.capitalize(),
        }
        if status in FINISHED:
            record |= {
                "progress": "",
                "complete": True,
                "end_time": _now(),
                "active": status is Status.SUCCESS,
            }
        if status is Status.SUCCESS:
            record["last_success_end_time"] = _now()
            self._deactivate_others(deployment_id)
        self._store.put(self._collection, deployment_id, record)

    def interrupt(self) -> list[str]:
        """Close what was running when the process died; returns the ids."""
        ids = [str(record["id"]) for record in self.all() if not record["complete"]]
        for deployment_id in ids:
            self.set_status(
                deployment_id,
                Status.FAILED,
                "The local cloud was stopped during the deployment. Publish again.",
            )
        return ids

    def forget(self) -> None:
        """Delete every record."""
        for record in self.all():
            self._store.delete(self._collection, record["id"])

    def _known(self, deployment_id: str) -> Document:
        record = self._store.get(self._collection, deployment_id)
        if record is None:
            raise KeyError(deployment_id)
        return record

    def _deactivate_others(self, deployment_id: str) -> None:
        for record in self.all():
            if record["active"] and record["id"] != deployment_id:
                self._store.put(self._collection, record["id"], {**record, "active": False})


def shown(record: Document, scm_url: str, site: str) -> dict[str, Any]:
    """A record as SCM answers it."""
    url = f"{scm_url}/api/deployments/{record['id']}"
    return {
        **{key: value for key, value in record.items() if key != "log"},
        "url": url,
        "log_url": f"{url}/log",
        "site_name": site,
        "is_readonly": True,
    }


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
