"""Long-running operations, kept in the store: polling goes on after a restart of the local cloud.

An operation is a document with the time at which it ends. Nothing has to run for it to finish; its
status is a matter of the clock. Work that takes real time of its own (deleting a group) is a task
beside it, resumed on start.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from typing import NotRequired, TypedDict

from chatkit.localcloud.core.store import Store
from chatkit.localcloud.recorded.clock import Clock
from chatkit.localcloud.resource_manager.core.documents import Resource, iso

OPERATIONS = "operations"
KEPT_S = 24 * 3600


class Failure(TypedDict):
    """Why an operation failed."""

    code: str
    message: str


class Status(TypedDict):
    """The status document that Azure-AsyncOperation URLs give."""

    id: str
    name: str
    status: str
    startTime: str
    endTime: NotRequired[str]
    error: NotRequired[Failure]


@dataclass(frozen=True)
class Operation:
    """One long-running operation.

    Attributes:
        id: Random id.
        kind: As in `durations.RECORDED`, for example "signalr.create".
        resource_id: What it works on.
        started: Unix time.
        ends: Unix time at which it is done.
        is_open: True while work beside the clock is not finished.
        error: Why it failed; None when it did not.
    """

    id: str
    kind: str
    resource_id: str
    started: float
    ends: float
    is_open: bool = False
    error: Failure | None = None

    @property
    def is_done(self) -> bool:
        """True once the work is finished and its time is over."""
        return not self.is_open and Clock.now() >= self.ends

    @property
    def status(self) -> str:
        """Azure's word for it."""
        if not self.is_done:
            return "Running"
        return "Failed" if self.error else "Succeeded"

    def document(self, url_path: str) -> Status:
        """Its status document, under the path that the client polls."""
        body: Status = {
            "id": url_path,
            "name": self.id,
            "status": self.status,
            "startTime": iso(self.started),
        }
        if self.is_done:
            body["endTime"] = iso(self.ends)
        if self.is_done and self.error:
            body["error"] = self.error
        return body


class Operations:
    """All operations of this home."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        for key, document in store.items(OPERATIONS):
            if document["ends"] < Clock.now() - KEPT_S and not document["is_open"]:
                store.delete(OPERATIONS, key)

    def begin(self, kind: str, resource_id: str, *, is_open: bool = False) -> Operation:
        """Start an operation; call inside the transaction that writes what it is about."""
        now = Clock.now()
        operation = Operation(
            str(uuid.uuid4()), kind, resource_id, now, now + self._clock.duration_s(kind), is_open
        )
        self._save(operation)
        return operation

    def get(self, id_: str) -> Operation | None:
        """The operation with this id."""
        document = self._store.get(OPERATIONS, id_.lower())
        return None if document is None else Operation(**document)

    def running(self, document: Resource) -> Operation | None:
        """The operation that still runs on a resource."""
        operation = self.get(document.get("operation", ""))
        if operation is None or operation.is_done:
            return None
        return operation

    def finish(self, operation: Operation, error: Failure | None = None) -> None:
        """Mark the work beside the clock as finished."""
        ends = max(operation.ends, Clock.now())
        self._save(replace(operation, is_open=False, error=error, ends=ends))

    def open(self) -> list[Operation]:
        """Operations whose work was cut off."""
        return [
            Operation(**document)
            for _, document in self._store.items(OPERATIONS)
            if document["is_open"]
        ]

    def _save(self, operation: Operation) -> None:
        self._store.put(OPERATIONS, operation.id, dict(vars(operation)))
