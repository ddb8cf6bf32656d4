"""The regions, by short name and display name, and how much a subscription may have in one."""

from __future__ import annotations

from dataclasses import dataclass

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


@dataclass(frozen=True)
class Quota:
    """How many resources of a kind a subscription may have in a region.

    Attributes:
        kind: What counts together.
        used: How many there are.
        limit: How many there may be.
        refusal: Of one more.
    """

    kind: str
    used: int
    limit: int
    refusal: errors.ArmError

    def check(self, coming: int = 0) -> None:
        """Refuse one more, after as many that are coming.

        Raises:
            ArmError: It would be too many.
        """
        if self.used + coming >= self.limit:
            raise self.refusal


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
        raise errors.location_unavailable(text, type_, LOCATIONS)
    return name
