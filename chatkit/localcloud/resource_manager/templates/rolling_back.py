"""`onErrorDeployment`: a deployment that fails has an earlier one, which succeeded, run once more.

Follows "Rollback on error to successful deployment" of Microsoft's documentation: in complete mode,
with the same parameters, in a resource group alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from chatkit.localcloud.resource_manager.core.documents import JsonObject
from chatkit.localcloud.resource_manager.core.errors import ArmError
from chatkit.localcloud.resource_manager.templates.reading.refusals import plain_body
from chatkit.localcloud.resource_manager.templates.records import Record, Records
from chatkit.localcloud.resource_manager.templates.secrets_kept import NONE, masking
from chatkit.localcloud.resource_manager.templates.sending import Failed, Sender, Stopped

LAST = "LastSuccessful"
SPECIFIC = "SpecificDeployment"
TYPES = {one.lower(): one for one in (LAST, SPECIFIC)}
API_VERSION = "2025-04-01"


@dataclass(frozen=True)
class RollBack:
    """What a deployment does when it fails.

    Attributes:
        kind: "LastSuccessful" or "SpecificDeployment".
        earlier: The deployment that is run once more; None when there is none yet.
    """

    kind: str
    earlier: Record | None

    def shown(self, state: str = "NotSpecified") -> JsonObject:
        """As answers show it."""
        found: JsonObject = {"type": self.kind, "provisioningState": state}
        if self.earlier is not None:
            found["deploymentName"] = self.earlier["name"]
        return found

    async def run(self, sender: Sender) -> tuple[JsonObject, list[JsonObject]]:
        """Run the earlier deployment; what answers show of that, and errors."""
        if self.earlier is None:
            return self.shown("Failed"), [_nothing()]
        url = f"{quote(self.earlier['id'])}?api-version={API_VERSION}"
        try:
            with masking(NONE):  # it has no secrets, and stays one that can be run again
                await sender.change("PUT", url, _request(self.earlier))
        except ArmError as error:
            return self.shown("Failed"), [plain_body(error)]
        except Failed as failure:
            return self.shown("Failed"), [failure.error]
        except Stopped:
            return self.shown("Canceled"), []
        return self.shown("Succeeded"), []


def roll_back(asked: object, records: Records, id_: str) -> RollBack | None:
    """What a request asks for in `onErrorDeployment`.

    Args:
        asked: That part of the request.
        records: All deployments.
        id_: The id of the deployment that is requested.

    Raises:
        ArmError: It cannot be done.
    """
    if not asked:
        return None
    part = asked if isinstance(asked, dict) else {}
    kind = TYPES.get(str(part.get("type")).lower())
    name = part.get("deploymentName")
    if kind is None or (kind == SPECIFIC) != bool(name):
        raise _invalid(
            f"'type' is {LAST}, or {SPECIFIC} with the 'deploymentName' of an earlier deployment"
        )
    if "/resourcegroups/" not in id_.lower():
        raise _invalid("a deployment to a resource group alone has it, not one to a subscription")
    scope = id_.rpartition("/")[0]
    earlier = records.get(f"{scope}/{name}") if name else _last(records, id_)
    if kind == SPECIFIC:
        _check_succeeded(earlier, str(name))
    if earlier is not None and _has_secrets(earlier):
        raise _invalid(
            f"the deployment '{earlier['name']}' has secure parameters, whose values are not kept:"
            " deploy its template again instead"
        )
    return RollBack(kind, earlier)


def _last(records: Records, id_: str) -> Record | None:
    """The deployment that succeeded last; one of the same name is about to be replaced."""
    found = [
        one
        for one in records.below(id_.rpartition("/")[0])
        if one["properties"]["provisioningState"] == "Succeeded"
        and one["id"].lower() != id_.lower()
    ]
    return max(found, key=lambda one: str(one["properties"]["timestamp"]), default=None)


def _check_succeeded(earlier: Record | None, name: str) -> None:
    if earlier is None:
        raise _invalid(f"the deployment '{name}' could not be found")
    state = earlier["properties"]["provisioningState"]
    if state != "Succeeded":
        raise _invalid(f"the deployment '{name}' has not succeeded: it is {state}")


def _has_secrets(record: Record) -> bool:
    """Whether values were masked in what is kept of a deployment."""
    types = [str(one.get("type")) for one in record["properties"]["parameters"].values()]
    return record.get("is_masked", False) or any(one.startswith("Secure") for one in types)


def _request(record: Record) -> JsonObject:
    parameters = {
        name: {"value": one["value"]}
        for name, one in record["properties"]["parameters"].items()
        if one.get("value") is not None
    }
    template = record["template"]
    return {
        "properties": {"mode": "Complete", "template": template, "parameters": parameters},
        "tags": record["tags"],
    }


def _invalid(sentence: str) -> ArmError:
    return ArmError(
        400,
        "InvalidOnErrorDeployment",
        f"The property 'onErrorDeployment' of the deployment is not valid: {sentence}.",
    )


def _nothing() -> JsonObject:
    return {
        "code": "OnErrorDeploymentNotFound",
        "message": "No earlier deployment of the resource group has succeeded: nothing was rolled"
        " back.",
    }
