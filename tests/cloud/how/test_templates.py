"""Resources of a template, and what has to be there before each."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chatkit.cloud.how import portable, template
from chatkit.cloud.how.requests import Request, Sent, read_request
from tests.cloud.how.test_told_texts import PLACE

GROUP = "https://management.azure.com/subscriptions/s/resourceGroups/g"
PROVIDERS = f"{GROUP}/providers"


def put(path: str, body: dict[str, Any], *, method: str = "PUT") -> Request:
    """A request that makes something."""
    headers = {"Content-Type": "application/json"}
    sent = Sent(method, f"{path}?api-version=1", headers, json.dumps(body).encode())
    return read_request("Rest.send", (), sent=sent)


def resources(*requests: Request) -> dict[str, dict[str, Any]]:
    """The resources that the requests made, by name."""
    found = json.loads(template.text(requests, PLACE))["resources"]
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
    alone = json.loads(template.text([group], PLACE))
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


def test_secrets_and_addresses_are_read_when_a_template_is_deployed() -> None:
    """Keys from the services; what nobody can read is a parameter, a secret one where it is one."""
    settings = {
        "AzureSignalRConnectionString": "Endpoint=https://x;AccessKey=k;Version=1.0;",
        "MICROSOFT_PROVIDER_AUTHENTICATION_SECRET": "s",
        "MY-OWN": "1",
        "MY_OWN": "2",
    }
    site = put(f"{PROVIDERS}/Microsoft.Web/sites/a/config/appsettings", {"properties": settings})
    found = template.document([site], PLACE)
    (one,) = found["resources"]
    values = one["properties"]
    assert values["AzureSignalRConnectionString"].startswith("[listKeys(resourceId(")
    assert values["MICROSOFT_PROVIDER_AUTHENTICATION_SECRET"] == "[parameters('clientSecret')]"
    assert (values["MY-OWN"], values["MY_OWN"]) == (
        "[parameters('MY_OWN')]",
        "[parameters('MY_OWN_2')]",
    )
    assert {one["type"] for one in found["parameters"].values()} == {"securestring"}


def test_settings_are_those_that_were_written_last() -> None:
    """A request for settings replaces all; one for something else changes what it names."""
    path = f"{PROVIDERS}/Microsoft.Web/sites/a/config/appsettings"
    first = put(path, {"properties": {"AzureWebJobsStorage": "key"}})
    last = put(path, {"properties": {"AzureWebJobsStorage__accountName": "a"}})
    assert resources(first, last)["a/appsettings"]["properties"] == {
        "AzureWebJobsStorage__accountName": "a"
    }


def test_what_changes_a_resource_alone_does_not_replace_it() -> None:
    """It is shown, and not deployed; in the whole chat it is a part of its resource."""
    site = f"{PROVIDERS}/Microsoft.Web/sites/a"
    change = put(site, {"identity": {"type": "SystemAssigned"}}, method="PATCH")
    (alone,) = resources(change).values()
    assert alone["condition"] is False and "workshop.template()" in alone["comments"]
    whole = resources(put(site, {"location": "eastus2"}), change)["a"]
    assert "condition" not in whole and "comments" not in whole
    assert portable.text([change], PLACE) == ""


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("Microsoft.Web/sites/chatkit-x-api", "[parameters('functionAppName')]"),
        (
            "Microsoft.Web/sites/chatkit-x-api/config/web",
            "[concat(parameters('functionAppName'), '/web')]",
        ),
        ("Microsoft.Web/sites/another", "another"),
    ],
)
def test_names_of_the_chat_are_parameters(path: str, said: str) -> None:
    """Others stay as they are."""
    found = portable.document([put(f"{PROVIDERS}/{path}", {"location": "eastus2"})], PLACE)
    (one,) = found["resources"]
    assert one["name"] == said and one["location"] == "[parameters('location')]"
    assert ("functionAppName" in found["parameters"]) == (said != "another")
