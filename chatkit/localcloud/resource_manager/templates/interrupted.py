"""Deployments that a stop of the local cloud interrupted: Failed, with what they have made."""

from __future__ import annotations

from chatkit.localcloud.resource_manager.core.context import Context
from chatkit.localcloud.resource_manager.core.documents import JsonObject, iso
from chatkit.localcloud.resource_manager.templates.records import (
    ENDED,
    OperationRecord,
    Record,
    Records,
)

MESSAGE = (
    "The local cloud was stopped while the deployment ran. Its operations say what it has made;"
    " values of secure parameters were not kept, so it cannot go on: deploy the template again."
)
CUT_OFF: JsonObject = {
    "code": "DeploymentInterrupted",
    "message": "The local cloud was stopped while this ran. Whether it came into force can be seen"
    " at the resource alone.",
}


def end_interrupted(records: Records, context: Context) -> None:
    """Write down the end of every deployment that has none."""
    for record in [*records.all()]:
        if record["properties"]["provisioningState"] not in ENDED:
            with records.ending():
                _end(record, records, context)


def _end(record: Record, records: Records, context: Context) -> None:
    made: list[JsonObject] = []
    failures: list[JsonObject] = []
    for number, operation in enumerate(records.operations(record["id"]), start=1):
        properties = operation["properties"]
        target = properties.get("targetResource")
        if properties["provisioningState"] == "Running":
            _decide(operation, context)
            records.put_operation(record["id"], number, operation)
        if target is None:
            continue
        if properties["provisioningState"] == "Succeeded":
            made.append({"id": target["id"]})
        else:
            error = (properties.get("statusMessage") or {}).get("error") or CUT_OFF
            failures.append({**error, "target": target["id"]})
    back = record["properties"].get("onErrorDeployment")
    if back:
        back["provisioningState"] = "Failed"
    error = {"code": "DeploymentFailed", "message": MESSAGE, "details": failures}
    record["properties"].update(
        {
            "provisioningState": "Failed",
            "timestamp": iso(),
            "outputResources": made,
            "error": error,
        }
    )
    records.put(record)


def _decide(operation: OperationRecord, context: Context) -> None:
    """Say how an operation ended that has not told: by the resource, where that says it."""
    properties = operation["properties"]
    target = properties.get("targetResource") or {}
    document = context.resources.get(str(target.get("id", "")))
    began = properties["timestamp"]
    properties["timestamp"] = iso()
    if document is not None and document.get("changedTime", "") >= began:
        properties["provisioningState"] = "Succeeded"
        properties["statusCode"] = "OK"
        return
    properties["provisioningState"] = "Failed"
    properties["statusCode"] = "InternalServerError"
    properties["statusMessage"] = {"status": "Failed", "error": dict(CUT_OFF)}
