"""Microsoft.OperationalInsights workspaces: templates bring one along. It collects nothing."""

from __future__ import annotations

import base64
import re
import secrets
import uuid
from typing import ClassVar, TypedDict

from chatkit.localcloud.resource_manager.core import errors
from chatkit.localcloud.resource_manager.core.documents import JsonObject, Resource, iso
from chatkit.localcloud.resource_manager.core.http import Answer, Call, properties
from chatkit.localcloud.resource_manager.core.provider import ResourceType
from chatkit.localcloud.resource_manager.core.routing import GROUP, Route

KEY_BYTES = 64
SKUS = {
    one.lower(): one
    for one in (
        *("Free", "Standard", "Premium", "PerNode", "PerGB2018", "Standalone"),
        *("CapacityReservation", "LACluster"),
    )
}
# Of a workspace that says nothing; the free tier keeps a week.
RETENTION_DAYS = 30
FREE_RETENTION_DAYS = 7
MOST_DAYS = 730
FROM_REQUEST = (
    *("publicNetworkAccessForIngestion", "publicNetworkAccessForQuery", "forceCmkForQuery"),
    *("defaultDataCollectionRuleResourceId",),
)


class Keys(TypedDict):
    """The keys that agents send data with."""

    primarySharedKey: str
    secondarySharedKey: str


class Workspace(Resource):
    """A workspace as it is kept; its keys are shown by an operation of their own."""

    keys: Keys
    properties: JsonObject


class Workspaces(ResourceType[Workspace]):
    """Operations on Log Analytics workspaces."""

    type = "Microsoft.OperationalInsights/workspaces"
    api_versions: ClassVar = {
        type: (
            *("2025-07-01", "2025-02-01", "2023-09-01", "2022-10-01", "2021-12-01-preview"),
            *("2021-06-01", "2020-10-01", "2020-08-01", "2020-03-01-preview"),
            "2015-11-01-preview",
        )
    }
    registration = "on use"
    name_pattern = re.compile(r"^[A-Za-z0-9][A-Za-z0-9-]{2,61}[A-Za-z0-9]$", re.ASCII)
    name_rule = (
        "It must have 4 to 63 letters, digits and hyphens, and begin and end with a letter or"
        " digit."
    )
    operation_group = "Workspaces"

    def routes(self) -> list[Route]:
        """Those of every type, and its keys."""
        address = f"{GROUP}/providers/{self.type}/{{name}}/sharedKeys"
        return [
            *super().routes(),
            Route("POST", address, self.shared_keys, self.type, "SharedKeys_GetSharedKeys"),
        ]

    def new(self, call: Call, body: JsonObject) -> Workspace:
        """A workspace with keys of its own."""
        asked = properties(body)
        now = iso()
        sku = _sku(asked)
        shown = {name: asked[name] for name in FROM_REQUEST if name in asked}
        return {
            **self.envelope(call, body),
            "keys": {"primarySharedKey": _key(), "secondarySharedKey": _key()},
            "properties": {
                "customerId": str(uuid.uuid4()),
                "provisioningState": "Succeeded",
                "sku": {"name": sku, "lastSkuUpdate": now},
                "retentionInDays": _retention(asked, sku),
                "features": {
                    "legacy": 0,
                    "searchVersion": 1,
                    "enableLogAccessUsingOnlyResourcePermissions": True,
                    **_part(asked, "features"),
                },
                "workspaceCapping": {
                    "dailyQuotaGb": -1.0,
                    **_part(asked, "workspaceCapping"),
                    "dataIngestionStatus": "RespectQuota",
                },
                "publicNetworkAccessForIngestion": "Enabled",
                "publicNetworkAccessForQuery": "Enabled",
                **shown,
                "createdDate": now,
                "modifiedDate": now,
            },
        }

    def replace(self, call: Call, body: JsonObject, old: Workspace) -> Workspace:
        """As new, with the keys and the id of before."""
        document = super().replace(call, body, old)
        document["keys"] = old["keys"]
        for name in ("customerId", "createdDate"):
            document["properties"][name] = old["properties"][name]
        return document

    def render(self, document: Workspace) -> JsonObject:
        """Without its keys."""
        shown = super().render(document)
        del shown["keys"]
        return shown

    async def shared_keys(self, call: Call) -> Answer:
        """The keys."""
        return Answer(body=self.one(call)["keys"])


def _key() -> str:
    return base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def _part(asked: JsonObject, name: str) -> JsonObject:
    found = asked.get(name) or {}
    if not isinstance(found, dict):
        raise errors.invalid_body(f"The property '{name}' must be an object.")
    return found


def _sku(asked: JsonObject) -> str:
    name = str(_part(asked, "sku").get("name") or "PerGB2018")
    found = SKUS.get(name.lower())
    if found is None:
        raise errors.ArmError(
            400,
            "InvalidParameter",
            f"The sku '{name}' of the workspace is not valid: it is one of"
            f" {', '.join(SKUS.values())}.",
        )
    return found


def _retention(asked: JsonObject, sku: str) -> int:
    usual = FREE_RETENTION_DAYS if sku == "Free" else RETENTION_DAYS
    days = asked.get("retentionInDays")
    if days is None:
        return usual
    if isinstance(days, bool) or not isinstance(days, int) or not -1 <= days <= MOST_DAYS:
        raise errors.ArmError(
            400,
            "InvalidParameter",
            f"The retentionInDays '{days}' of the workspace is not valid: it is a number of days"
            f" up to {MOST_DAYS}.",
        )
    return days
