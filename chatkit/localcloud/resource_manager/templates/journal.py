"""What a deployment writes down while it runs: its state, its operations, its end."""

from __future__ import annotations

import uuid
from http import HTTPStatus

from chatkit.localcloud.recorded.clock import Clock
from chatkit.localcloud.resource_manager.core.documents import Json, JsonObject, Resource, iso
from chatkit.localcloud.resource_manager.core.errors import ArmError
from chatkit.localcloud.resource_manager.templates.planning.planned import Planned
from chatkit.localcloud.resource_manager.templates.preparing import Prepared
from chatkit.localcloud.resource_manager.templates.reading.refusals import plain_body
from chatkit.localcloud.resource_manager.templates.records import (
    ENDED,
    OperationRecord,
    Record,
    Records,
    duration,
)
from chatkit.localcloud.resource_manager.templates.secrets_kept import masked


def code_of(status: int) -> str:
    """An HTTP status as operations write it: `OK`, `Created`, `BadRequest`."""
    phrase = HTTPStatus(status).phrase
    return phrase if phrase.isupper() else phrase.title().replace(" ", "").replace("-", "")


class Operation:
    """One operation of a deployment."""

    def __init__(self, journal: Journal, number: int, record: OperationRecord) -> None:
        self._journal = journal
        self._number = number
        self._record = record

    def end(self, state: str, status: int, message: Json = None) -> None:
        """Write down how it ended."""
        properties = self._record["properties"]
        properties["provisioningState"] = state
        properties["timestamp"] = iso()
        properties["duration"] = duration(Clock.now() - self._record.get("started", Clock.now()))
        properties["statusCode"] = code_of(status)
        if message is not None:
            properties["statusMessage"] = message
        self._journal.keep(self._number, self._record)

    def fail(self, status: int, error: JsonObject) -> None:
        """Write down the error that it ended with."""
        self.end("Failed", status, {"status": "Failed", "error": error})

    def fail_by(self, error: ArmError) -> None:
        """Write down a refusal."""
        self.fail(error.status, plain_body(error))


class Journal:
    """The record of one run of a deployment."""

    def __init__(self, records: Records, record: Record, secrets: frozenset[str]) -> None:
        self._records = records
        self._record = record
        self._secrets = secrets
        self._count = 0

    @property
    def id(self) -> str:
        """The deployment's id."""
        return self._record["id"]

    def is_current(self) -> bool:
        """Whether the deployment is still there and has not ended."""
        kept = self._records.get(self.id)
        if kept is None or kept["run"] != self._record["run"]:
            return False
        return kept["properties"]["provisioningState"] not in ENDED

    def begin(self) -> None:
        """Keep the deployment: it runs from now on, whatever happens."""
        self._records.begin(self._record)

    def run(self) -> None:
        """Say that it is on its way."""
        self._change({"provisioningState": "Running"})

    def end(self, state: str, changes: JsonObject) -> None:
        """Write down how it ended; a deployment that is gone or was cancelled stays so."""
        with self._records.ending():
            self._change({"provisioningState": state, **changes})

    def _change(self, changes: JsonObject) -> None:
        if not self.is_current():
            return
        properties = self._record["properties"]
        properties.update(masked(changes, self._secrets))
        properties["timestamp"] = iso()
        properties["duration"] = duration(Clock.now() - self._record["started"])
        self._records.put(self._record)

    def operation(self, kind: str, one: Planned | None) -> Operation:
        """Write down an operation that begins."""
        return self._operation(kind, None if one is None else _target(one))

    def operation_on(self, kind: str, document: Resource) -> Operation:
        """Write down an operation on a resource that is there."""
        target = {
            "id": document["id"],
            "resourceType": document["type"],
            "resourceName": document["name"],
        }
        return self._operation(kind, target)

    def _operation(self, kind: str, target: JsonObject | None) -> Operation:
        self._count += 1
        operation_id = uuid.uuid4().hex.upper()[:16]
        properties: JsonObject = {
            "provisioningOperation": kind,
            "provisioningState": "Running",
            "timestamp": iso(),
            "duration": "PT0S",
            "trackingId": str(uuid.uuid4()),
            "serviceRequestId": str(uuid.uuid4()),
        }
        if target is not None:
            properties["targetResource"] = target
        record: OperationRecord = {
            "id": f"{self.id}/operations/{operation_id}",
            "operationId": operation_id,
            "properties": properties,
            "started": Clock.now(),
        }
        self.keep(self._count, record)
        return Operation(self, self._count, record)

    def keep(self, number: int, record: OperationRecord) -> None:
        """Write an operation, if the deployment is still there."""
        kept = self._records.get(self.id)
        if kept is None or kept["run"] != self._record["run"]:
            return
        shown = masked(record["properties"], self._secrets)
        with self._records.ending():
            self._records.put_operation(self.id, number, {**record, "properties": shown})


def _target(one: Planned) -> JsonObject:
    found: JsonObject = {"id": one.id, "resourceType": one.type, "resourceName": one.name}
    if one.symbol:
        found["symbolicName"] = one.symbol
    return found


def described(prepared: Prepared) -> JsonObject:
    """Which providers a deployment needs, what waits for what, and what it makes."""
    return {"providers": _providers(prepared), "dependencies": _dependencies(prepared)}


def _providers(prepared: Prepared) -> list[JsonObject]:
    kinds: dict[str, dict[str, str | None]] = {}
    for one in prepared.plan.resources:
        namespace, _, kind = one.type.partition("/")
        location = one.declared.body.get("location")
        if not _is_plain(location):
            location = None
        kinds.setdefault(namespace, {}).setdefault(kind, location)
    providers = []
    for namespace, found in kinds.items():
        types = [{"resourceType": kind, "locations": [where]} for kind, where in found.items()]
        providers.append({"namespace": namespace, "resourceTypes": types})
    return providers


def _is_plain(value: Json) -> bool:
    return isinstance(value, str) and not value.startswith("[")


def _reference(one: Planned) -> JsonObject:
    return {"id": one.id, "resourceType": one.type, "resourceName": one.name}


def _dependencies(prepared: Prepared) -> list[JsonObject]:
    found: list[JsonObject] = []
    for one in prepared.plan.resources:
        waits = prepared.waits[one.key]
        if waits:
            found.append({"dependsOn": [_reference(other) for other in waits], **_reference(one)})
    return found
