"""Microsoft.Web without a resource: regions, function app stacks, names."""

from __future__ import annotations

from chatkit.localcloud.resource_manager.core import errors, regions
from chatkit.localcloud.resource_manager.core.context import Context
from chatkit.localcloud.resource_manager.core.faults import PYTHON
from chatkit.localcloud.resource_manager.core.http import Answer, Call
from chatkit.localcloud.resource_manager.core.routing import SUB, Route
from chatkit.localcloud.resource_manager.core.state import Document
from chatkit.localcloud.resource_manager.providers.web.rules import NAME, SITES

LOCATIONS = "Microsoft.Web/locations"
# Version, end of life, runs on Linux Consumption, runs on Flex Consumption, preview.
PYTHONS = (
    ("3.14", "2030-10-31", False, True, True),
    ("3.13", "2029-10-31", False, True, False),
    ("3.12", "2028-10-31", True, True, False),
    ("3.11", "2027-10-31", True, True, False),
    ("3.10", "2026-10-31", True, True, False),
)


class Catalog:
    """What can be made where."""

    def __init__(self, context: Context) -> None:
        self._context = context

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
            ),
        ]

    async def regions(self, call: Call) -> Answer:
        """Regions, or those with a plan: `sku=FlexConsumption`."""
        flex_only = call.query.get("sku", "").lower() in ("flexconsumption", "fc1")
        names = [name for name in regions.LOCATIONS if not flex_only or name not in regions.NO_FLEX]
        return Answer(body={"value": [self._region(name) for name in names]})

    def _region(self, name: str) -> Document:
        display = regions.LOCATIONS[name]
        domains = ["PUBLIC", "FUNCTIONS", "DYNAMIC", "LINUX", "LINUXDYNAMIC", "ELASTICPREMIUM"]
        if name not in regions.NO_FLEX:
            domains += ["FLEXCONSUMPTION", "FCZONEREDUNDANCY"]
        return {
            "id": f"/subscriptions/{self._context.subscription_id}/providers/Microsoft.Web/geoRegions/{display}",
            "name": display,
            "type": "Microsoft.Web/geoRegions",
            "properties": {
                "description": display,
                "displayName": display,
                "orgDomain": ";".join(domains),
            },
        }

    async def stacks(self, call: Call) -> Answer:
        """Language versions of function apps on Linux: Python only, which is what the local cloud runs."""
        if "location" in call.params:
            regions.location(call.params["location"], SITES)
        location = call.params.get("location", "")
        missing = PYTHON if self._context.faults.standing("python-not-offered") else ""
        base = "/providers/Microsoft.Web" + (f"/locations/{location}" if location else "")
        kind = (
            "Microsoft.Web/locations/functionAppStacks"
            if location
            else "Microsoft.Web/functionAppStacks"
        )
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
        name, kind = str(body.get("name") or ""), str(body.get("type") or "")
        if kind.lower() not in ("site", "microsoft.web/sites", "hostname"):
            raise errors.web_error(400, "BadRequest", "The parameter type has an invalid value.")
        if not NAME.match(name):
            message = f"The name '{name}' is not valid: it must have 2 to 60 letters, digits and hyphens, no hyphen at the ends."
            return Answer(body={"nameAvailable": False, "reason": "Invalid", "message": message})
        if self._context.is_taken(SITES, name):
            message = f"Hostname '{name}' already exists. Please select a different name."
            return Answer(
                body={"nameAvailable": False, "reason": "AlreadyExists", "message": message}
            )
        return Answer(body={"nameAvailable": True})


def _minor(
    version: str, end_of_life: str, consumption: bool, flex: bool, preview: bool
) -> Document:
    sku_codes = [{"skuCode": "Y1"}] if consumption else []
    flex_sku = {
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
    settings: Document = {
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
        "endOfLifeDate": f"{end_of_life}T00:00:00Z",
        "Sku": [*sku_codes, *([flex_sku] if flex else [])],
    }
    return {
        "displayText": f"Python {version}",
        "value": version,
        "stackSettings": {"linuxRuntimeSettings": settings},
    }
