"""Microsoft.Web without a resource: regions, function app stacks, names."""

from __future__ import annotations

from typing import ClassVar

from chatkit.localcloud.resource_manager.core import errors, regions
from chatkit.localcloud.resource_manager.core.documents import JsonObject, iso
from chatkit.localcloud.resource_manager.core.faults import PYTHON
from chatkit.localcloud.resource_manager.core.http import Answer, Call
from chatkit.localcloud.resource_manager.core.provider import Provider
from chatkit.localcloud.resource_manager.core.routing import SUB, Route
from chatkit.localcloud.resource_manager.core.type_names import SITES
from chatkit.localcloud.resource_manager.providers.web.resource import (
    LOCATIONS,
    NO_FLEX,
    VERSIONS,
)
from chatkit.localcloud.resource_manager.providers.web.sites import Sites

# Version, end of support, runs on Linux Consumption, runs on Flex Consumption, preview.
# Microsoft's page "Supported languages in Azure Functions" prints months. For 3.14 it prints
# April 2029, a year and a half before the community's own end, and before that of 3.13.
PYTHONS = (
    ("3.14", "2029-04-30", False, True, False),
    ("3.13", "2029-10-31", False, True, False),
    ("3.12", "2028-10-31", True, True, False),
    ("3.11", "2027-10-31", True, True, False),
    ("3.10", "2026-10-31", True, True, False),
)


class Catalog(Provider):
    """What can be made where."""

    api_versions: ClassVar = {LOCATIONS: VERSIONS}

    def routes(self) -> list[Route]:
        """The operations."""
        here = SUB + "/providers/Microsoft.Web"
        stacks = "/functionAppStacks"
        return [
            Route("GET", here + "/geoRegions", self.regions, LOCATIONS, "ListGeoRegions"),
            Route(
                "GET",
                "/providers/Microsoft.Web" + stacks,
                self.stacks,
                LOCATIONS,
                "Provider_GetFunctionAppStacks",
            ),
            Route(
                "GET",
                "/providers/Microsoft.Web/locations/{location}" + stacks,
                self.stacks,
                LOCATIONS,
                "Provider_GetFunctionAppStacksForLocation",
            ),
            Route(
                "POST",
                here + "/checknameavailability",
                self.check_name,
                LOCATIONS,
                "CheckNameAvailability",
                action="Microsoft.Web/checknameavailability/read",
            ),
        ]

    async def regions(self, call: Call) -> Answer:
        """Regions, or those with a plan: `sku=FlexConsumption`."""
        flex_only = call.query.get("sku", "").lower() in ("flexconsumption", "fc1")
        names = [name for name in regions.LOCATIONS if not flex_only or name not in NO_FLEX]
        return Answer(body={"value": [self._region(name) for name in names]})

    def _region(self, name: str) -> JsonObject:
        subscription = self.context.subscription_id
        display = regions.LOCATIONS[name]
        domains = ["PUBLIC", "FUNCTIONS", "DYNAMIC", "LINUX", "LINUXDYNAMIC", "ELASTICPREMIUM"]
        if name not in NO_FLEX:
            domains += ["FLEXCONSUMPTION", "FCZONEREDUNDANCY"]
        return {
            "id": f"/subscriptions/{subscription}/providers/Microsoft.Web/geoRegions/{display}",
            "name": display,
            "type": "Microsoft.Web/geoRegions",
            "properties": {
                "name": display,
                "description": display,
                "displayName": display,
                "sortOrder": [*regions.LOCATIONS].index(name),
                "orgDomain": ";".join(domains),
            },
        }

    async def stacks(self, call: Call) -> Answer:
        """Language versions of function apps on Linux: Python, which is what runs here."""
        base = "/providers/Microsoft.Web"
        kind = "Microsoft.Web/functionAppStacks"
        location = call.params.get("location")
        if location:
            regions.location(location, SITES)
            base += f"/locations/{location}"
            kind = "Microsoft.Web/locations/functionAppStacks"
        missing = PYTHON if self.context.faults.standing("python-not-offered") else ""
        body = {
            "id": f"{base}/functionAppStacks/python",
            "name": "python",
            "type": kind,
            "properties": {
                "displayText": "Python",
                "value": "python",
                "preferredOs": "linux",
                "majorVersions": [
                    {
                        "displayText": "Python 3",
                        "value": "3",
                        "minorVersions": [_minor(*row) for row in PYTHONS if row[0] != missing],
                    }
                ],
            },
        }
        return Answer(body={"value": [body], "nextLink": None})

    async def check_name(self, call: Call) -> Answer:
        """Say whether a site name is valid and free."""
        body = call.required_body()
        name = str(body.get("name") or "")
        kind = str(body.get("type") or "")
        if kind.lower() not in ("site", "microsoft.web/sites", "hostname"):
            raise errors.web_error(400, "BadRequest", "The parameter type has an invalid value.")
        sites = Sites(self.context)
        reason = ""
        if not sites.name_pattern.fullmatch(name):
            reason = "Invalid"
            message = (
                f"The name '{name}' is not valid: it must have 2 to 60 letters, digits and hyphens,"
                " no hyphen at the ends."
            )
        elif sites.is_taken(name):
            reason = "AlreadyExists"
            message = f"Hostname '{name}' already exists. Please select a different name."
        if not reason:
            return Answer(body={"nameAvailable": True})
        return Answer(body={"nameAvailable": False, "reason": reason, "message": message})


def _minor(
    version: str, end_of_life: str, consumption: bool, flex: bool, preview: bool
) -> JsonObject:
    skus: list[JsonObject] = []
    if consumption:
        skus.append({"skuCode": "Y1"})
    if flex:
        skus.append(_flex_sku(version))
    deprecation = {}
    if end_of_life <= iso()[:10]:
        deprecation["isDeprecated"] = True
    settings: JsonObject = {
        "runtimeVersion": f"Python|{version}",
        "remoteDebuggingSupported": False,
        "isPreview": preview,
        "isDefault": version == "3.12",
        "isHidden": False,
        "appInsightsSettings": {"isSupported": True},
        "gitHubActionSettings": {"isSupported": True, "supportedVersion": version},
        "appSettingsDictionary": {"FUNCTIONS_WORKER_RUNTIME": "python"},
        "siteConfigPropertiesDictionary": {
            "use32BitWorkerProcess": False,
            "linuxFxVersion": f"Python|{version}",
        },
        "supportedFunctionsExtensionVersions": ["~4"],
        "supportedFunctionsExtensionVersionsInfo": [
            {"version": "~4", "isDeprecated": False, "isDefault": True}
        ],
        **deprecation,
        "endOfLifeDate": f"{end_of_life}T00:00:00Z",
        "Sku": skus,
    }
    return {
        "displayText": f"Python {version}",
        "value": version,
        "stackSettings": {"linuxRuntimeSettings": settings},
    }


def _flex_sku(version: str) -> JsonObject:
    return {
        "skuCode": "FC1",
        "instanceMemoryMB": [
            {"size": size, "isDefault": size == 2048} for size in (512, 2048, 4096)
        ],
        "maximumInstanceCount": {
            "lowestMaximumInstanceCount": 1,
            "highestMaximumInstanceCount": 1000,
            "defaultValue": 100,
        },
        "functionAppConfigProperties": {"runtime": {"name": "python", "version": version}},
    }
