"""App Service plans: Flex Consumption (FC1) and Consumption (Y1)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from typing import ClassVar, cast

from chatkit.localcloud.resource_manager.core import errors, regions
from chatkit.localcloud.resource_manager.core.documents import Json, JsonObject, iso
from chatkit.localcloud.resource_manager.core.http import Answer, Call, properties
from chatkit.localcloud.resource_manager.core.routing import GROUP, Route
from chatkit.localcloud.resource_manager.core.type_names import PLANS, SITES
from chatkit.localcloud.resource_manager.providers.web.resource import (
    FLEX,
    NO_FLEX,
    VERSIONS,
    Plan,
    PlanSku,
    Site,
    WebResource,
    new_etag,
)

SKUS: dict[str, PlanSku] = {
    "FC1": {"name": "FC1", "tier": FLEX, "size": "FC1", "family": "FC", "capacity": 0},
    "Y1": {"name": "Y1", "tier": "Dynamic", "size": "Y1", "family": "Y", "capacity": 0},
}

TIERS = {"flexconsumption": "FC1", "dynamic": "Y1"}
SHAPE: JsonObject = {
    "workerSize": "Small",
    "workerSizeId": 0,
    "workerTierName": None,
    "numberOfWorkers": 0,
    "currentWorkerSize": "Small",
    "currentWorkerSizeId": 0,
    "currentNumberOfWorkers": 0,
    "perSiteScaling": False,
    "elasticScaleEnabled": False,
    "maximumElasticWorkerCount": 1,
}


class Plans(WebResource[Plan]):
    """Operations on plans."""

    type = PLANS
    api_versions: ClassVar = {PLANS: VERSIONS}
    name_pattern = re.compile(r"^[-\w]{1,60}$")
    name_rule = "The plan name '{name}' is invalid: 1 to 60 letters, digits and hyphens."
    operation_group = "AppServicePlans"

    def routes(self) -> list[Route]:
        """The operations of every type, and the sites of a plan."""
        sites = f"{GROUP}/providers/{PLANS}/{{name}}/sites"
        name = f"{self.operation_group}_ListWebApps"
        return [*super().routes(), Route("GET", sites, self.sites, PLANS, name)]

    async def sites(self, call: Call) -> Answer:
        """Short entries of a plan's sites."""
        found = [
            {
                "id": site["id"],
                "name": site["name"],
                "type": site["type"],
                "kind": site["kind"],
                "location": site["location"],
                "tags": site["tags"],
            }
            for site in self.sites_of(self.one(call))
        ]
        return Answer(body={"value": found})

    def sites_of(self, plan: Plan) -> list[Site]:
        """The sites on a plan, in any group."""
        found = cast("Iterator[Site]", self.context.resources.all(type_=SITES))
        return [site for site in found if site["plan_id"].lower() == plan["id"].lower()]

    # Create and change ------------------------------------------------------------------------

    def new(self, call: Call, body: JsonObject) -> Plan:
        """A plan."""
        return self._made(call, body, _sku(body.get("sku") or {}))

    def replace(self, call: Call, body: JsonObject, old: Plan) -> Plan:
        """Other tags and tier; it keeps the time of its creation."""
        document = self._made(call, body, _sku(body.get("sku") or old["sku"]))
        document["id"] = old["id"]
        document["name"] = old["name"]
        document["created"] = old["created"]
        return document

    def _made(self, call: Call, body: JsonObject, sku: PlanSku) -> Plan:
        envelope = self.envelope(call, body)
        is_flex = sku["tier"] == FLEX
        if is_flex and envelope["location"] in NO_FLEX:
            raise errors.web_error(
                400,
                "BadRequest",
                "Requested features are not supported in region. Please try another region.",
            )
        is_linux = bool(properties(body).get("reserved"))
        return {
            **envelope,
            "kind": "functionapp,linux" if is_linux and not is_flex else "functionapp",
            "sku": sku,
            "reserved": is_linux or is_flex,
            "created": iso(),
            "etag": new_etag(),
        }

    def dynamic(self, group_id: str, location: str) -> Plan:
        """The group's own Consumption plan in a region, made when it is not there yet."""
        region = regions.LOCATIONS[location].replace(" ", "")
        name = f"{region}LinuxDynamicPlan"
        id_ = f"{group_id}/providers/{PLANS}/{name}"
        found = self.stored(id_)
        if found is not None:
            return found
        document: Plan = {
            "id": id_,
            "name": name,
            "type": PLANS,
            "kind": "functionapp,linux",
            "location": location,
            "tags": {},
            "sku": SKUS["Y1"],
            "reserved": True,
            "created": iso(),
            "etag": new_etag(),
        }
        self.context.resources.put(document)
        return document

    async def finish_put(self, call: Call, document: Plan, old: Plan | None) -> Answer:
        """Answered when it is done, which is some time after it can be seen."""
        await self.save(document, old)
        await self.context.clock.wait("plan.put")
        return self.answer(document)

    async def finish_patch(self, call: Call, document: Plan, old: Plan) -> Answer:
        """An answer without an ETag."""
        document["etag"] = new_etag()
        await self.save(document, old)
        return Answer(body=self.render(document))

    def check_removable(self, document: Plan) -> None:
        """Refuse to delete a plan with sites."""
        if self.sites_of(document):
            raise errors.web_error(
                409,
                "Conflict",
                f"Server farm '{document['name']}' cannot be deleted because it has web app(s)"
                " assigned to it.",
            )

    async def remove_if_empty(self, id_: str) -> None:
        """Delete a plan that no site is on any more."""
        async with self.context.locks.of(id_):
            document = self.stored(id_)
            if document is not None and not self.sites_of(document):
                await self.remove(document)

    def render(self, document: Plan) -> JsonObject:
        """What a GET shows."""
        display = regions.LOCATIONS[document["location"]]
        group = document["id"].split("/")[4]
        number = int(hashlib.sha256(document["id"].lower().encode()).hexdigest()[:4], 16)
        return {
            "id": document["id"],
            "name": document["name"],
            "type": "Microsoft.Web/serverfarms",
            "kind": document["kind"],
            "location": display,
            "tags": document["tags"],
            "properties": {
                "serverFarmId": number,
                "name": document["name"],
                "status": "Ready",
                "webSpace": web_space(document),
                "subscription": self.context.subscription_id,
                "planName": "VirtualDedicatedPlan",
                "computeMode": "Dynamic",
                "geoRegion": display,
                **SHAPE,
                "numberOfSites": len(self.sites_of(document)),
                "isSpot": False,
                "kind": document["kind"],
                "resourceGroup": group,
                "reserved": document["reserved"],
                "isXenon": False,
                "hyperV": False,
                "mdmId": f"waws-local-{number}",
                "targetWorkerCount": 0,
                "targetWorkerSizeId": 0,
                "provisioningState": "Succeeded",
                "zoneRedundant": False,
                "createdTime": document["created"],
            },
            "sku": document["sku"],
        }


def web_space(plan: Plan) -> str:
    """Name of the web space a plan lives in."""
    if plan["sku"]["tier"] == FLEX:
        return f"flex-{hashlib.sha256(plan['id'].lower().encode()).hexdigest()}-webspace"
    region = regions.LOCATIONS[plan["location"]].replace(" ", "")
    group = plan["id"].split("/")[4]
    system = "-Linux" if plan["reserved"] else ""
    return f"{group}-{region}webspace{system}"


def _sku(given: Json) -> PlanSku:
    name = str(given.get("name") or given.get("size") or "").upper()
    tier = str(given.get("tier", "")).lower()
    if not name and tier in TIERS:
        name = TIERS[tier]
    if name not in SKUS:
        raise errors.not_implemented(
            f"A plan with sku '{name}'", "the plans FC1 (Flex Consumption) and Y1 (Consumption)"
        )
    return SKUS[name]
