"""App Service plans: Flex Consumption (FC1) and Consumption (Y1)."""

from __future__ import annotations

import hashlib

from chatkit.localcloud.core.etags import new_ticks
from chatkit.localcloud.resource_manager.core import errors, regions
from chatkit.localcloud.resource_manager.core.clock import iso
from chatkit.localcloud.resource_manager.core.context import (
    Context,
    page,
    properties,
    skip_token,
    tags,
)
from chatkit.localcloud.resource_manager.core.http import Answer, Call
from chatkit.localcloud.resource_manager.core.routing import GROUP, SUB, Route
from chatkit.localcloud.resource_manager.core.state import Document
from chatkit.localcloud.resource_manager.providers.web.rules import FLEX, PLAN_NAME, PLANS, SITES

SKUS = {
    "FC1": {"name": "FC1", "tier": FLEX, "size": "FC1", "family": "FC", "capacity": 0},
    "Y1": {"name": "Y1", "tier": "Dynamic", "size": "Y1", "family": "Y", "capacity": 0},
}

SHAPE: Document = {
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


class Plans:
    """Operations on plans."""

    def __init__(self, context: Context) -> None:
        self._context = context
        context.on_remove[PLANS.lower()] = self.remove

    def routes(self) -> list[Route]:
        """The operations."""
        many = GROUP + f"/providers/{PLANS}"
        one = many + "/{name}"
        return [
            Route(
                "GET",
                SUB + "/providers/Microsoft.Web/serverFarms",
                self.list_all,
                PLANS,
                "AppServicePlans_List",
            ),
            Route("GET", many, self.list_all, PLANS, "AppServicePlans_ListByResourceGroup"),
            Route("GET", one, self.get, PLANS, "AppServicePlans_Get"),
            Route("PUT", one, self.put, PLANS, "AppServicePlans_CreateOrUpdate"),
            Route("PATCH", one, self.patch, PLANS, "AppServicePlans_Update"),
            Route("DELETE", one, self.delete, PLANS, "AppServicePlans_Delete"),
            Route("GET", one + "/sites", self.sites, PLANS, "AppServicePlans_ListWebApps"),
        ]

    async def list_all(self, call: Call) -> Answer:
        """Plans of a group or the subscription."""
        prefix = self._context.group(call)["id"] + "/" if "group" in call.params else ""
        keys = self._context.resources.keys(type_=PLANS, prefix=prefix, after=skip_token(call))

        def entry(key: str) -> Document | None:
            document = self._context.resources.get(key)
            return None if document is None else self.render(document)

        return page(call, keys, entry)

    async def get(self, call: Call) -> Answer:
        """One plan."""
        document = self._context.resource(call, PLANS)
        return Answer(body=self.render(document), headers={"ETag": f'"{document["etag"]}"'})

    async def put(self, call: Call) -> Answer:
        """Create or change a plan; answered when it is done."""
        self._context.group(call, for_write=True)
        self._context.check_registered("Microsoft.Web")
        body = call.required_body()
        name = call.params["name"]
        if not PLAN_NAME.match(name):
            raise errors.web_error(
                400,
                "BadRequest",
                f"The plan name '{name}' is invalid: 1 to 60 letters, digits and hyphens.",
            )
        old = self._context.resources.get(self._context.resource_id(call, PLANS))
        location = regions.location(body.get("location"), PLANS)
        sku = _sku(body, old)
        if sku["tier"] == FLEX and location in regions.NO_FLEX:
            raise errors.web_error(
                400,
                "BadRequest",
                "Requested features are not supported in region. Please try another region.",
            )
        if old is not None and old["location"] != location:
            raise errors.ArmError(
                409,
                "InvalidResourceLocation",
                f"The resource '{name}' already exists in location '{old['location']}'.",
            )
        document = self.create(
            self._context.resource_id(call, PLANS),
            location,
            sku,
            kept_tags=tags(body),
            reserved=bool(properties(body).get("reserved")),
            old=old,
        )
        await self._context.clock.wait("plan.put")
        return Answer(body=self.render(document), headers={"ETag": f'"{document["etag"]}"'})

    async def patch(self, call: Call) -> Answer:
        """Change a plan's tags; its sku stays."""
        self._context.group(call, for_write=True)
        document = self._context.resource(call, PLANS)
        body = call.required_body()
        if "tags" in body:
            document["tags"] = tags(body)
        document["etag"] = etag()
        self._context.resources.put(document)
        return Answer(body=self.render(document))

    async def delete(self, call: Call) -> Answer:
        """Delete a plan that has no sites; 204 when there is none."""
        self._context.group(call)
        document = self._context.resources.get(self._context.resource_id(call, PLANS))
        if document is None:
            return Answer(204)
        if self.sites_of(document["id"]):
            raise errors.web_error(
                409,
                "Conflict",
                f"Server farm '{document['name']}' cannot be deleted because it has web app(s) assigned to it.",
            )
        await self.remove(document)
        return Answer(200)

    async def sites(self, call: Call) -> Answer:
        """Short entries of a plan's sites."""
        document = self._context.resource(call, PLANS)
        found = self.sites_of(document["id"])
        return Answer(
            body={
                "value": [
                    {k: site[k] for k in ("id", "name", "type", "kind", "location", "tags")}
                    for site in found
                ]
            }
        )

    def create(
        self,
        id_: str,
        location: str,
        sku: Document,
        *,
        kept_tags: dict[str, str],
        reserved: bool,
        old: Document | None = None,
    ) -> Document:
        """Write a plan's document."""
        document = {
            "id": old["id"] if old else id_,
            "name": old["name"] if old else id_.rpartition("/")[2],
            "type": PLANS,
            "kind": "functionapp" if sku["tier"] == FLEX or not reserved else "functionapp,linux",
            "location": location,
            "tags": kept_tags,
            "sku": sku,
            "reserved": reserved or sku["tier"] == FLEX,
            "created": old["created"] if old else iso(),
            "etag": etag(),
        }
        self._context.resources.put(document)
        return document

    async def remove(self, document: Document) -> None:
        """Delete a plan's document; a plan has no data plane."""
        self._context.forget(document)

    def sites_of(self, plan_id: str) -> list[Document]:
        """The sites on a plan."""
        group = plan_id.lower().partition("/providers/")[0]
        found = self._context.resources.all(
            type_=SITES, prefix=group.rpartition("/resourcegroups/")[0]
        )
        return [site for site in found if site["plan_id"].lower() == plan_id.lower()]

    def render(self, document: Document) -> Document:
        """What a GET shows."""
        display = regions.LOCATIONS[document["location"]]
        group = document["id"].split("/")[4]
        number = int(hashlib.sha256(document["id"].lower().encode()).hexdigest()[:4], 16)
        return {
            "id": document["id"],
            "name": document["name"],
            "type": PLANS.lower().replace("microsoft.web/serverfarms", "Microsoft.Web/serverfarms"),
            "kind": document["kind"],
            "location": display,
            "tags": document["tags"],
            "properties": {
                "serverFarmId": number,
                "name": document["name"],
                "status": "Ready",
                "webSpace": web_space(document),
                "subscription": self._context.subscription_id,
                "planName": "VirtualDedicatedPlan",
                "computeMode": "Dynamic",
                "geoRegion": display,
                **SHAPE,
                "numberOfSites": len(self.sites_of(document["id"])),
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


def web_space(plan: Document) -> str:
    """Name of the web space a plan lives in."""
    if plan["sku"]["tier"] == FLEX:
        return f"flex-{hashlib.sha256(plan['id'].lower().encode()).hexdigest()}-webspace"
    region = regions.LOCATIONS[plan["location"]].replace(" ", "")
    return f"{plan['id'].split('/')[4]}-{region}webspace" + ("-Linux" if plan["reserved"] else "")


def etag() -> str:
    """An ETag as Microsoft.Web makes them: time in hexadecimal."""
    return f"{new_ticks():X}"


def _sku(body: Document, old: Document | None) -> Document:
    given = body.get("sku") or (old or {}).get("sku") or {}
    name = str(given.get("name") or given.get("size") or "").upper()
    if not name and str(given.get("tier", "")).lower() in ("flexconsumption", "dynamic"):
        name = "FC1" if str(given["tier"]).lower() == "flexconsumption" else "Y1"
    if name not in SKUS:
        raise errors.not_implemented(
            f"A plan with sku '{name}'", "the plans FC1 (Flex Consumption) and Y1 (Consumption)"
        )
    return dict(SKUS[name])
