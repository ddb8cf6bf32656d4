"""Which api-versions each resource type takes, newest first, and where it can be."""

from __future__ import annotations

from chatkit.localcloud.resource_manager.core import errors

LOCATIONS = {
    "eastus": "East US",
    "eastus2": "East US 2",
    "westus": "West US",
    "westus2": "West US 2",
    "westus3": "West US 3",
    "centralus": "Central US",
    "northcentralus": "North Central US",
    "southcentralus": "South Central US",
    "canadacentral": "Canada Central",
    "brazilsouth": "Brazil South",
    "northeurope": "North Europe",
    "westeurope": "West Europe",
    "uksouth": "UK South",
    "ukwest": "UK West",
    "francecentral": "France Central",
    "germanywestcentral": "Germany West Central",
    "switzerlandnorth": "Switzerland North",
    "norwayeast": "Norway East",
    "swedencentral": "Sweden Central",
    "italynorth": "Italy North",
    "spaincentral": "Spain Central",
    "uaenorth": "UAE North",
    "southafricanorth": "South Africa North",
    "centralindia": "Central India",
    "southindia": "South India",
    "southeastasia": "Southeast Asia",
    "eastasia": "East Asia",
    "japaneast": "Japan East",
    "japanwest": "Japan West",
    "koreacentral": "Korea Central",
    "australiaeast": "Australia East",
    "australiasoutheast": "Australia Southeast",
}
NO_FLEX = {"ukwest", "japanwest", "southindia", "australiasoutheast", "brazilsouth"}

_RESOURCES = (
    "2025-04-01 2025-03-01 2024-11-01 2024-07-01 2024-03-01 2023-07-01 2022-09-01 2022-12-01 2022-01-01 2021-04-01 2021-01-01"
    " 2020-10-01 2020-06-01 2020-01-01 2019-11-01 2019-10-01 2019-05-01 2018-05-01 2018-02-01 2017-05-10 2016-09-01"
    " 2016-06-01 2016-02-01 2015-11-01"
)
_SIGNALR = (
    "2024-03-01 2024-01-01-preview 2023-08-01-preview 2023-06-01-preview 2023-03-01-preview 2023-02-01 2022-08-01-preview"
    " 2022-02-01 2021-10-01 2020-05-01 2018-10-01"
)
_WEB = (
    "2025-05-01 2025-03-01 2024-11-01 2024-04-01 2023-12-01 2023-01-01 2022-09-01 2022-03-01 2021-03-01 2021-02-01 2021-01-15"
    " 2021-01-01 2020-12-01 2020-10-01 2020-09-01 2020-06-01 2019-08-01 2018-11-01 2018-02-01 2016-08-01 2016-03-01"
)
_STORAGE = (
    "2026-09-01 2026-04-01 2025-08-01 2025-06-01 2025-01-01 2024-01-01 2023-05-01 2023-04-01 2023-01-01 2022-09-01"
    " 2022-05-01 2021-09-01 2021-08-01 2021-06-01 2021-04-01 2021-02-01 2021-01-01 2020-08-01-preview 2019-06-01 2019-04-01"
    " 2018-07-01 2018-02-01 2017-10-01"
)
_AUTHORIZATION = "2022-05-01-preview 2022-04-01 2020-10-01-preview 2020-08-01-preview 2020-04-01-preview 2018-09-01-preview 2018-07-01"

API_VERSIONS: dict[str, tuple[str, ...]] = {
    "Microsoft.Resources/subscriptions": tuple(_RESOURCES.split()),
    "Microsoft.Resources/tenants": tuple(_RESOURCES.split()),
    "Microsoft.Resources/resourceGroups": tuple(_RESOURCES.split()),
    "Microsoft.Resources/resources": tuple(_RESOURCES.split()),
    "Microsoft.Resources/providers": tuple(_RESOURCES.split()),
    "Microsoft.Resources/tags": tuple(_RESOURCES.split()),
    "Microsoft.SignalRService/SignalR": tuple(_SIGNALR.split()),
    "Microsoft.SignalRService/locations": tuple(_SIGNALR.split()),
    "Microsoft.Web/sites": tuple(_WEB.split()),
    "Microsoft.Web/serverFarms": tuple(_WEB.split()),
    "Microsoft.Web/locations": tuple(_WEB.split()),
    "Microsoft.Storage/storageAccounts": tuple(_STORAGE.split()),
    "Microsoft.Storage/locations": tuple(_STORAGE.split()),
    "Microsoft.Authorization/roleAssignments": tuple(_AUTHORIZATION.split()),
    "Microsoft.Authorization/roleDefinitions": tuple(_AUTHORIZATION.split()),
    "Microsoft.Insights/components": (
        "2020-02-02",
        "2020-02-02-preview",
        "2018-05-01-preview",
        "2015-05-01",
    ),
}
_SETS = {type_: frozenset(versions) for type_, versions in API_VERSIONS.items()}


def check(type_: str, version: str) -> None:
    """Accept an api-version for a type.

    Raises:
        ArmError: Missing, or not one of the type's: the answer lists those.
    """
    if not version:
        raise errors.ArmError(
            400,
            "MissingApiVersionParameter",
            "The api-version query parameter (?api-version=) is required for all requests.",
        )
    if version in _SETS[type_]:
        return
    versions = ", ".join(API_VERSIONS[type_])
    if type_.startswith("Microsoft.Resources/"):
        raise errors.ArmError(
            400,
            "InvalidApiVersionParameter",
            f"The api-version '{version}' is invalid. The supported versions are '{versions}'.",
        )
    namespace, _, kind = type_.partition("/")
    raise errors.ArmError(
        400,
        "NoRegisteredProviderFound",
        f"No registered resource provider found for location 'global' and API version '{version}' for type '{kind}'."
        f" The supported api-versions are '{versions}'. The supported locations are '{', '.join(LOCATIONS)}'."
        f" (Namespace {namespace}.)",
    )


def location(text: object, type_: str) -> str:
    """Return the region's short name for any of its spellings.

    Raises:
        ArmError: Missing, or no region we know.
    """
    if not text or not isinstance(text, str):
        raise errors.ArmError(
            400, "LocationRequired", "The location property is required for this definition."
        )
    name = text.replace(" ", "").lower()
    if name not in LOCATIONS:
        raise errors.ArmError(
            400,
            "LocationNotAvailableForResourceType",
            f"The provided location '{text}' is not available for resource type '{type_}'."
            f" List of available regions for the resource type is '{','.join(LOCATIONS)}'.",
        )
    return name
