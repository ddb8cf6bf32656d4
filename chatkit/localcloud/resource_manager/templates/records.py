"""Deployments as they are kept: the document of each, and its operations."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import NotRequired, TypedDict, cast

from chatkit.localcloud.core.store import Store
from chatkit.localcloud.resource_manager.core import errors
from chatkit.localcloud.resource_manager.core.documents import JsonObject
from chatkit.localcloud.resource_manager.core.http import Call
from chatkit.localcloud.resource_manager.core.state import (
    DEPLOYMENT_OPERATIONS,
    TEMPLATE_DEPLOYMENTS,
)

KEPT_RESULTS = 50
KEPT = 800  # Azure's limit of the history of a scope
ENDED = ("Succeeded", "Failed", "Canceled")


class Record(TypedDict):
    """A deployment.

    Attributes:
        properties: As answers show them. Secure values are not among them.
        template: What was deployed, without values of secure parameters.
        run: The id of its run, which the address of its status names.
        started: When it began, as `Clock.now` counts.
        is_masked: Whether it had secure values; unknown of older ones.
    """

    id: str
    name: str
    type: str
    location: str
    tags: dict[str, str]
    properties: JsonObject
    template: JsonObject
    run: str
    started: float
    is_masked: NotRequired[bool]


class OperationRecord(TypedDict):
    """An operation of a deployment."""

    id: str
    operationId: str
    properties: JsonObject
    started: NotRequired[float]


class Records:
    """All deployments of the subscription. Every write is durable when it returns."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def get(self, id_: str) -> Record | None:
        """The deployment with an id."""
        return cast("Record | None", self._store.get(TEMPLATE_DEPLOYMENTS, id_.lower()))

    def put(self, record: Record) -> None:
        """Keep a deployment."""
        self._store.put(TEMPLATE_DEPLOYMENTS, record["id"].lower(), record)

    def begin(self, record: Record) -> None:
        """Keep a deployment that begins, in place of one of the same name."""
        with self._store.transaction():
            old = self.get(record["id"])
            if old is not None:
                self._store.delete_all(DEPLOYMENT_OPERATIONS, record["id"].lower() + "/")
            self.put(record)
            self._forget_oldest(record["id"].rpartition("/")[0])

    def _forget_oldest(self, scope: str) -> None:
        found = sorted(self.below(scope), key=lambda one: one["started"])
        ended = [one for one in found if one["properties"]["provisioningState"] in ENDED]
        for one in ended[: max(0, len(found) - KEPT)]:
            self.delete(one["id"])

    def delete(self, id_: str) -> None:
        """Forget a deployment with its operations."""
        with self._store.transaction(from_reserve=True):
            self._store.delete(TEMPLATE_DEPLOYMENTS, id_.lower())
            self._store.delete_all(DEPLOYMENT_OPERATIONS, id_.lower() + "/")

    def below(self, scope: str) -> Iterator[Record]:
        """The deployments at a scope: ".../providers/Microsoft.Resources/deployments"."""
        for _, document in self._store.items(TEMPLATE_DEPLOYMENTS, scope.lower() + "/"):
            yield cast(Record, document)

    def all(self) -> Iterator[Record]:
        """Every deployment."""
        return self.below("/subscriptions")

    def operations(self, id_: str) -> list[OperationRecord]:
        """The operations of a deployment, first ones first."""
        return [
            cast(OperationRecord, document)
            for _, document in self._store.items(DEPLOYMENT_OPERATIONS, id_.lower() + "/")
        ]

    def put_operation(self, id_: str, number: int, operation: OperationRecord) -> None:
        """Keep an operation of a deployment."""
        self._store.put(DEPLOYMENT_OPERATIONS, f"{id_.lower()}/{number:06d}", operation)

    def ending(self) -> AbstractContextManager[None]:
        """A transaction that works on a full disk, too: what was begun must end."""
        return self._store.transaction(from_reserve=True)


def rendered(record: Record) -> JsonObject:
    """A deployment as answers show it."""
    body: JsonObject = {"id": record["id"], "name": record["name"], "type": record["type"]}
    if record["location"]:
        body["location"] = record["location"]
    if record["tags"]:
        body["tags"] = record["tags"]
    return {**body, "properties": record["properties"]}


def rendered_operation(record: OperationRecord) -> JsonObject:
    """An operation as answers show it."""
    return {name: value for name, value in record.items() if name != "started"}


def duration(seconds: float) -> str:
    """A duration as ISO 8601 has it: PT1M2.5S."""
    minutes, rest = divmod(max(0.0, seconds), 60)
    hours, minutes = divmod(int(minutes), 60)
    text = "PT"
    if hours:
        text += f"{hours}H"
    if minutes:
        text += f"{minutes}M"
    return f"{text}{rest:.7f}".rstrip("0").rstrip(".") + "S"


class Results:
    """Answers that the caller fetches later. They may hold settings, and are not stored."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[str, JsonObject]] = {}

    def keep(self, call: Call, result: JsonObject) -> str:
        """Keep a result for the caller; returns its id."""
        id_ = uuid.uuid4().hex
        self._kept[id_] = (call.claims.oid if call.claims else "", result)
        while len(self._kept) > KEPT_RESULTS:
            del self._kept[next(iter(self._kept))]
        return id_

    def get(self, call: Call) -> JsonObject:
        """The result that a call asks for by its id.

        Raises:
            ArmError: There is none, or it is somebody else's.
        """
        owner, result = self._kept.get(call.params["operation"], ("", {}))
        if not owner or call.claims is None or owner != call.claims.oid:
            raise errors.operation_not_found()
        return result
