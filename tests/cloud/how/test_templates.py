"""Resources of a template, and what has to be there before each."""

from __future__ import annotations

import json
from typing import Any

from chatkit.cloud.how import template
from chatkit.cloud.how.requests import Request, Sent, read_request

GROUP = "https://management.azure.com/subscriptions/s/resourceGroups/g"
PROVIDERS = f"{GROUP}/providers"


def put(path: str, body: dict[str, Any], *, method: str = "PUT") -> Request:
    """A request that makes something."""
    headers = {"Content-Type": "application/json"}
    sent = Sent(method, f"{path}?api-version=1", headers, json.dumps(body).encode())
    return read_request("Rest.send", (), sent=sent)


def resources(*requests: Request) -> dict[str, dict[str, Any]]:
    """The resources that the requests made, by name."""
    found = json.loads(template.text(requests))["resources"]
    return {resource["name"]: resource for resource in found}


def test_a_resource_waits_for_what_it_names_and_is_a_part_of() -> None:
    """However the id spells its type."""
    plan = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Web/serverFarms/plan"
    found = resources(
        put(f"{PROVIDERS}/Microsoft.Web/serverfarms/plan", {"location": "eastus2"}),
        put(f"{PROVIDERS}/Microsoft.Web/sites/a", {"properties": {"serverFarmId": plan}}),
        put(f"{PROVIDERS}/Microsoft.Web/sites/a/config/web", {"properties": {}}, method="PATCH"),
    )
    assert "dependsOn" not in found["plan"]
    assert found["a"]["dependsOn"] == ["[resourceId('Microsoft.Web/serverfarms', 'plan')]"]
    assert found["a"]["properties"]["serverFarmId"].startswith("[resourceId('Microsoft.Web/")
    assert found["a/web"]["dependsOn"] == ["[resourceId('Microsoft.Web/sites', 'a')]"]
    assert found["a/web"]["type"] == "Microsoft.Web/sites/config"


def test_two_requests_about_one_resource_are_one() -> None:
    """A template makes it as it is at the end."""
    site = f"{PROVIDERS}/Microsoft.Web/sites/a"
    found = resources(
        put(site, {"location": "eastus2", "properties": {"httpsOnly": True}}),
        put(site, {"identity": {"type": "SystemAssigned"}}, method="PATCH"),
    )
    assert found["a"]["identity"] == {"type": "SystemAssigned"}
    assert found["a"]["properties"] == {"httpsOnly": True} and found["a"]["location"] == "eastus2"


def test_a_group_is_made_alone() -> None:
    """What is in it is another template."""
    group = put(GROUP.replace("resourceGroups", "resourcegroups"), {"location": "eastus2"})
    alone = json.loads(template.text([group]))
    assert "subscriptionDeploymentTemplate" in alone["$schema"]
    account = put(f"{PROVIDERS}/Microsoft.Storage/storageAccounts/a", {"kind": "StorageV2"})
    assert [*resources(group, account)] == ["a"]


def test_a_role_names_the_resource_that_it_is_about() -> None:
    """As an extension of that resource."""
    account = f"{PROVIDERS}/Microsoft.Storage/storageAccounts/a"
    role = f"{account}/providers/Microsoft.Authorization/roleAssignments/r"
    found = resources(put(account, {"kind": "StorageV2"}), put(role, {"properties": {"x": "y"}}))
    assert found["r"]["scope"] == "Microsoft.Storage/storageAccounts/a"
    assert found["r"]["dependsOn"] == ["[resourceId('Microsoft.Storage/storageAccounts', 'a')]"]
