"""Refusals that people met in Azure and wrote about; the thread of each is named."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from tests.localcloud.resource_manager.arm_cloud import Clients, LocalCloud
from tests.localcloud.resource_manager.providers.test_arm_tutorial import make_site
from tests.localcloud.resource_manager.raw import Raw, Reply

SITES = "/providers/Microsoft.Web/sites"
SIGNALR = "/providers/Microsoft.SignalRService/SignalR"
WEB = "2024-04-01"
AUTHORIZATION = "/providers/Microsoft.Authorization"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"


@pytest.fixture
def flex(raw: Raw, clients: Clients) -> str:
    """A function app on Flex Consumption."""
    make_site(clients)
    return f"{raw.group}{SITES}/chat-api"


@pytest.fixture
def consumption(raw: Raw) -> str:
    """A function app on the Consumption plan."""
    body = {"location": "eastus2", "kind": "functionapp,linux", "properties": {"reserved": True}}
    assert raw("PUT", f"{raw.group}{SITES}/chat-y1", body, version=WEB).status == 200
    return f"{raw.group}{SITES}/chat-y1"


def message(reply: Reply) -> str:
    """The sentence of a refusal of Microsoft.Web."""
    assert (reply.status, reply.body["Code"]) == (400, "BadRequest")
    return str(reply.body["Message"])


@pytest.mark.parametrize("name", ["Azure:SignalR:ConnectionString", "mail-adres", "A B"])
@pytest.mark.parametrize("plan", ["flex", "consumption"])
def test_a_setting_has_a_name_that_linux_takes(
    raw: Raw, request: pytest.FixtureRequest, plan: str, name: str
) -> None:
    """azure-cli#21259: no colon, no hyphen, in whatever form it comes; nothing is kept of it."""
    site = request.getfixturevalue(plan)
    sentence = f"AppSetting with name '{name}' is not allowed."
    settings = {"properties": {name: "x", "A__B.C": "1"}}
    assert message(raw("PUT", f"{site}/config/appsettings", settings, version=WEB)) == sentence
    config = {"properties": {"appSettings": [{"name": name, "value": "x"}]}}
    assert message(raw("PATCH", f"{site}/config/web", config, version=WEB)) == sentence
    shown = raw("POST", f"{site}/config/appsettings/list", version=WEB)
    assert name not in shown.body["properties"]


def test_flex_names_each_property_that_it_has_no_place_for(raw: Raw, flex: str) -> None:
    """azure-cli#31414, terraform-azurerm-avm-res-web-site#283: one is "it", several are "them"."""
    path = f"{flex}/config/web"
    one: dict[str, Any] = {"linuxFxVersion": "Python|3.12"}
    reply = raw("PATCH", path, {"properties": one}, version=WEB)
    what = "The following site configuration property (Site.SiteConfig.LinuxFxVersion)"
    what += " for Flex Consumption sites"
    assert message(reply) == f"{what} is invalid.  Please remove or rename it before retrying."
    entry = reply.body["Details"][2]["ErrorEntity"]
    assert (entry["ExtendedCode"], entry["MessageTemplate"]) == ("51021", "{0} is invalid.  {1}")
    two = {**one, "ftpsState": "Disabled"}
    said = message(raw("PATCH", path, {"properties": two}, version=WEB))
    assert "list of 2 site configuration properties (Site.SiteConfig.FtpsState, Site." in said
    assert said.endswith("Please remove or rename them before retrying.")


def test_flex_takes_back_what_it_has_shown(raw: Raw, flex: str) -> None:
    """Az sends the whole configuration with every change; `az functionapp cors add` works."""
    shown = raw("GET", f"{flex}/config/web", version=WEB).body["properties"]
    changed = {**shown, "cors": {"allowedOrigins": ["https://a.example"]}}
    reply = raw("PATCH", f"{flex}/config/web", {"properties": changed}, version=WEB)
    assert reply.status == 200


@pytest.mark.parametrize("priority", ["250", 250])
def test_a_restriction_has_its_priority_as_text_or_number(
    raw: Raw, consumption: str, priority: object
) -> None:
    """azure-cli#31414: `az functionapp config access-restriction add` sends what was typed."""
    rule = {"ipAddress": "192.168.0.0/27", "action": "Allow", "name": "r", "priority": priority}
    config = {"properties": {"scmIpSecurityRestrictions": [rule]}}
    reply = raw("PATCH", f"{consumption}/config/web", config, version=WEB)
    assert reply.status == 200
    assert reply.body["properties"]["scmIpSecurityRestrictions"][0]["priority"] == 250


def test_a_tier_has_the_skus_of_its_name(raw: Raw) -> None:
    """pulumi-azure-native#2741; without a tier, and after a change of name alone, it fits."""
    path = f"{raw.group}{SIGNALR}/chat-1"
    body = {"location": "eastus2", "sku": {"name": "Premium_P1", "tier": "Standard"}}
    reply = raw("PUT", path, body)
    detail = {"code": "BadArgument", "message": "SKU tier does not match name.", "target": "sku"}
    error = reply.body["error"]
    assert (reply.status, error["code"], error["message"]) == (
        400,
        "BadArgument",
        "Invalid arguments",
    )
    assert error["details"] == [detail]
    assert raw("PUT", path, {"location": "eastus2", "sku": {"name": "Free_F1"}}).status == 201
    assert raw("PATCH", path, {"sku": {"name": "Standard_S1", "capacity": 2}}).status == 202
    assert raw("GET", path).body["sku"]["tier"] == "Standard"


@pytest.fixture
def role(cloud: LocalCloud) -> dict[str, str]:
    """Properties of an assignment that Azure takes."""
    return {
        "roleDefinitionId": f"{AUTHORIZATION}/roleDefinitions/{READER}",
        "principalId": cloud.call(cloud.entra.directory.create_identity, "app"),
    }


def assign(raw: Raw, scope: str, given: dict[str, str]) -> Reply:
    """Give a role at a scope."""
    path = f"{scope}{AUTHORIZATION}/roleAssignments/{uuid4()}"
    return raw("PUT", path, {"properties": given}, version="2022-04-01")


@pytest.mark.parametrize("definition", [READER, f"/{READER}", ""])
def test_a_role_is_named_by_the_id_of_its_definition(
    raw: Raw, role: dict[str, str], definition: str
) -> None:
    """azure-cli#2458, pulumi-azure-native#779: not by its GUID alone."""
    reply = assign(raw, raw.group, {**role, "roleDefinitionId": definition})
    assert (reply.status, reply.code) == (400, "BadRequestFormat")
    assert reply.body["error"]["message"] == "The request was incorrectly formatted."


def test_a_principal_has_the_type_that_it_has(
    raw: Raw, cloud: LocalCloud, role: dict[str, str]
) -> None:
    """azure-dev#3581, in Azure's spelling; without a word of it, the right one is shown."""
    reply = assign(raw, raw.group, {**role, "principalType": "User"})
    assert (reply.status, reply.code) == (400, "UnmatchedPrincipalType")
    assert reply.body["error"]["message"] == (
        f"The PrincipalId '{role['principalId'].replace('-', '')}' has type 'ServicePrincipal' ,"
        " which is different from specified PrinciaplType 'User'."
    )
    alice = next(iter(cloud.entra.directory.users)).id
    shown = assign(raw, raw.group, {**role, "principalId": alice}).body["properties"]
    assert shown["principalType"] == "User"


@pytest.mark.parametrize(
    ("scope", "code"),
    [
        ("gone", "ResourceGroupNotFound"),
        (f"class{SIGNALR}/gone", "ResourceNotFound"),
    ],
)
def test_a_role_is_given_where_something_is(
    raw: Raw, role: dict[str, str], scope: str, code: str
) -> None:
    """azure-cli#15243: Resource Manager looks for the scope."""
    reply = assign(raw, raw.group.removesuffix("class") + scope, role)
    assert (reply.status, reply.code) == (404, code)


@pytest.mark.parametrize(
    ("rules", "is_closed"),
    [
        ({"networkAcls": {"defaultAction": "Deny"}}, True),
        ({"networkAcls": {"defaultAction": "Deny", "ipRules": [{"value": "192.0.2.1"}]}}, False),
        ({"publicNetworkAccess": "Disabled"}, True),
        ({"publicNetworkAccess": "Enabled"}, False),
    ],
)
def test_rules_of_the_network_reach_the_storage(
    raw: Raw, cloud: LocalCloud, rules: dict[str, Any], is_closed: bool
) -> None:
    """AzureStorageExplorer#8504: 403 until the rules let the person in."""
    path = f"{raw.group}/providers/Microsoft.Storage/storageAccounts/chatstore1"
    account = {"location": "eastus2", "sku": {"name": "Standard_LRS"}, "kind": "StorageV2"}
    made = raw("PUT", path, {**account, "properties": rules})
    assert raw("GET", made.headers["Location"]).status == 200
    assert cloud.planes.accounts["chatstore1"].is_behind_firewall is is_closed


@pytest.mark.parametrize(
    ("rules", "denied"),
    [
        ({}, set()),
        ({"publicNetworkAccess": "Disabled"}, {"ClientConnection", "RESTAPI"}),
        ({"networkACLs": {"publicNetwork": {"allow": ["ClientConnection"]}}}, {"RESTAPI"}),
        ({"networkACLs": {"publicNetwork": {"deny": ["RESTAPI"]}}}, {"RESTAPI"}),
        (
            {"networkACLs": {"defaultAction": "Allow", "publicNetwork": {"allow": ["Trace"]}}},
            set(),
        ),
    ],
)
def test_rules_of_the_network_reach_an_instance(
    raw: Raw, cloud: LocalCloud, rules: dict[str, Any], denied: set[str]
) -> None:
    """azure-signalr#1704: 403; a template often lets client connections alone pass."""
    path = f"{raw.group}{SIGNALR}/chat-1"
    body = {"location": "eastus2", "sku": {"name": "Standard_S1"}, "properties": rules}
    assert raw("PUT", path, body, version="2024-03-01").status == 201
    assert cloud.planes.instances["chat-1"].denied & {"ClientConnection", "RESTAPI"} == denied
    free = {"sku": {"name": "Free_F1", "capacity": 1}}
    assert raw("PATCH", path, free, version="2024-03-01").status == 202
    assert not cloud.planes.instances["chat-1"].denied, "azure-webpubsub#447"


def test_stopping_an_instance_is_not_said_to_be_done(raw: Raw) -> None:
    """`az signalr stop` sends resourceStopped, which would have no effect."""
    path = f"{raw.group}{SIGNALR}/chat-1"
    assert raw("PUT", path, {"location": "eastus2", "sku": {"name": "Free_F1"}}).status == 201
    stopped = {"properties": {"resourceStopped": "true"}}
    reply = raw("PATCH", path, stopped, version="2024-03-01")
    assert (reply.status, reply.code) == (501, "NotImplemented")
    started = {"properties": {"resourceStopped": "false"}}
    assert raw("PATCH", path, started, version="2024-03-01").status == 202


@pytest.mark.parametrize("part", ["", "/config/web"])
def test_a_site_is_not_said_to_be_closed(raw: Raw, flex: str, part: str) -> None:
    """azure-policy#1163 closes sites like that; here everybody would reach it all the same."""
    closed = {"properties": {"publicNetworkAccess": "Disabled"}}
    reply = raw("PATCH", f"{flex}{part}", closed, version=WEB)
    assert (reply.status, reply.code) == (501, "NotImplemented")
    within = {"properties": {"siteConfig": closed["properties"]}}
    assert raw("PATCH", flex, within, version=WEB).status == 501
    opened = {"properties": {"publicNetworkAccess": "Enabled"}}
    assert raw("PATCH", f"{flex}{part}", opened, version=WEB).status == 200


def test_a_restriction_without_a_number_is_refused(raw: Raw, flex: str) -> None:
    """az sends the text that somebody typed."""
    rule = {"ipAddress": "192.0.2.0/24", "action": "Allow", "name": "a", "priority": "first"}
    config = {"properties": {"ipSecurityRestrictions": [rule]}}
    assert raw("PATCH", f"{flex}/config/web", config, version=WEB).status == 400


def test_a_site_is_named_like_a_host(raw: Raw) -> None:
    """Azure-Functions#1645."""
    body = {"location": "eastus2", "kind": "functionapp,linux"}
    reply = raw("PUT", f"{raw.group}{SITES}/chat-", body, version=WEB)
    assert message(reply) == "The host name chat-.azurewebsites.net is invalid."


@pytest.mark.parametrize("name", ["None", "my-subscription", "providers"])
def test_a_subscription_is_a_guid(raw: Raw, name: str) -> None:
    """What a script without its variable gets; a GUID of nobody is 404."""
    reply = raw("GET", f"/subscriptions/{name}/resourceGroups", version="2021-04-01")
    assert (reply.status, reply.code) == (400, "InvalidSubscriptionId")
    assert f"'{name}' is malformed or invalid." in reply.body["error"]["message"]
    other = f"/subscriptions/{uuid4()}/resourceGroups"
    assert raw("GET", other, version="2021-04-01").code == "SubscriptionNotFound"
