"""What section 02 tells of the instance's tier."""

from __future__ import annotations

import pytest
from azure.mgmt.signalr.models import ResourceSku, SignalRFeature, SignalRResource

from chatkit.lesson.checks import signalr

SERVERLESS = SignalRFeature(flag="ServiceMode", value="Serverless")
ANY = "exists: tier {}, service mode Serverless."


@pytest.mark.parametrize(
    ("sku", "target", "words"),
    [
        (("Free_F1", 1), "azure", [ANY.format("Free_F1")]),
        (
            ("Standard_S1", 2),
            "azure",
            [ANY.format("Standard_S1"), "standard tier, 2 units, costs about 3.20 US dollars"],
        ),
        (("Standard_S1", None), "local", [ANY.format("Standard_S1"), "1 unit, costs nothing on"]),
        (("Premium_P1", 1), "azure", [ANY.format("Premium_P1"), "money by the day"]),
    ],
)
def test_each_tier_that_azure_offers_is_right(
    sku: tuple[str, int | None], target: str, words: list[str]
) -> None:
    """With its price, for who did not mean to pay."""
    name, capacity = sku
    found = SignalRResource(
        location="eastus2", sku=ResourceSku(name=name, capacity=capacity), features=[SERVERLESS]
    )
    told = [*signalr._told(found, target)]
    assert len(told) == len(words)
    assert all(word in line for word, line in zip(words, told, strict=True))
