"""Every operation, called once; the fixture checks every answer against Azure's models."""

from __future__ import annotations

from typing import Any

import pytest

from tests.localcloud.resource_manager.arm_cloud import Clients
from tests.localcloud.resource_manager.providers.test_arm_tutorial import (
    make_signalr,
    make_site,
    make_storage,
)
from tests.localcloud.resource_manager.raw import Raw

SIGNALR = "/providers/Microsoft.SignalRService"
WEB = "/providers/Microsoft.Web"
STORAGE = "/providers/Microsoft.Storage"
SITE = "{group}" + WEB + "/sites/chat-api"
ACCOUNT = "{group}" + STORAGE + "/storageAccounts/chatstore1"
CHAT = "{group}" + SIGNALR + "/SignalR/chat-1"
INSIGHTS = "{group}/providers/Microsoft.Insights/components/chat-api"
COMPONENTS = "{sub}/providers/Microsoft.Insights/components"
WORKSPACES = "/providers/Microsoft.OperationalInsights/workspaces"
WORKSPACE = "{group}" + WORKSPACES + "/chat-logs?api-version=2025-02-01"
SHARED_KEYS = WORKSPACE.replace("?", "/sharedKeys?")
IDENTITIES = "/providers/Microsoft.ManagedIdentity/userAssignedIdentities"
IDENTITY = "{group}" + IDENTITIES + "/class-id?api-version=2023-01-31"
BLOBS = ACCOUNT + "/blobServices"
ROLES = "{group}/providers/Microsoft.Authorization/roleDefinitions"
OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
ASSIGNMENT = (
    "{group}/providers/Microsoft.Authorization/roleAssignments/11111111-1111-1111-1111-111111111111"
    "?api-version=2022-04-01"
)
# As az writes it after a deployment that has failed: without it, it does not say why.
LOGS = {
    "properties": {
        "applicationLogs": {"fileSystem": {"level": "True"}},
        "httpLogs": {"fileSystem": {"enabled": True, "retentionInDays": 3, "retentionInMb": 100}},
    }
}
BAD_LEVEL = {"properties": {"applicationLogs": {"fileSystem": {"level": "Loud"}}}}
SETTING = {"a": {"value": "x", "type": "Custom"}}
CALLS: list[tuple[str, str, Any, int]] = [
    ("GET", "/subscriptions", None, 200),
    ("GET", "{sub}", None, 200),
    ("GET", "{sub}/locations", None, 200),
    ("GET", "/tenants", None, 200),
    ("GET", "{sub}/providers", None, 200),
    ("GET", "{sub}/providers/Microsoft.Web?api-version=2025-04-01", None, 200),
    ("GET", "{sub}/providers/Microsoft.Nothing?api-version=2025-04-01", None, 404),
    ("GET", "{sub}/resourceGroups?$filter=tagName%20eq%20'x'", None, 200),
    ("GET", "{sub}/resources?$filter=resourceType%20eq%20'Microsoft.Web/sites'", None, 200),
    ("PATCH", "{group}", {"tags": {"a": "b"}}, 200),
    ("GET", "{sub}" + SIGNALR + "/SignalR", None, 200),
    ("POST", CHAT + "/restart", None, 202),
    ("GET", CHAT + "/skus", None, 200),
    ("PUT", CHAT, {"location": "eastus2", "sku": {"name": "Standard_S1", "capacity": 2}}, 200),
    ("POST", CHAT + "/regenerateKey", {"keyType": "Tertiary"}, 400),
    ("GET", "{sub}" + STORAGE + "/storageAccounts", None, 200),
    ("GET", "{group}" + STORAGE + "/storageAccounts", None, 200),
    ("PATCH", ACCOUNT, {"properties": {"accessTier": "Cool"}}, 200),
    ("POST", ACCOUNT + "/regenerateKey", {"keyName": "key2"}, 200),
    ("POST", ACCOUNT + "/regenerateKey", {"keyName": "key3"}, 400),
    (
        "POST",
        "{sub}" + STORAGE + "/checkNameAvailability",
        {"name": "free1", "type": "Microsoft.Storage/storageAccounts"},
        200,
    ),
    ("GET", BLOBS, None, 200),
    ("GET", BLOBS + "/default", None, 200),
    ("PUT", BLOBS + "/default", {"properties": {"deleteRetentionPolicy": {"enabled": False}}}, 200),
    ("PUT", BLOBS + "/default/containers/one", {}, 201),
    ("PUT", BLOBS + "/default/containers/one", {}, 200),
    ("PUT", BLOBS + "/default/containers/Not--Good", {}, 400),
    ("GET", BLOBS + "/default/containers", None, 200),
    ("PATCH", BLOBS + "/default/containers/one", {"properties": {"metadata": {"a": "b"}}}, 200),
    ("PATCH", BLOBS + "/default/containers/one", {"properties": {"publicAccess": "Blob"}}, 409),
    (
        "PATCH",
        BLOBS + "/default/containers/one",
        {"properties": {"publicAccess": "Everybody"}},
        400,
    ),
    ("PATCH", BLOBS + "/default/containers/none", {}, 404),
    ("GET", BLOBS + "/default/containers/one", None, 200),
    ("DELETE", BLOBS + "/default/containers/one", None, 200),
    ("DELETE", BLOBS + "/default/containers/one", None, 204),
    ("GET", BLOBS + "/default/containers/one", None, 404),
    ("GET", "{sub}" + WEB + "/serverfarms", None, 200),
    ("GET", "{group}" + WEB + "/serverfarms", None, 200),
    ("PATCH", "{group}" + WEB + "/serverfarms/chat-api-plan", {}, 200),
    ("GET", "{group}" + WEB + "/serverfarms/chat-api-plan/sites", None, 200),
    ("GET", "{sub}" + WEB + "/sites", None, 200),
    ("GET", "{group}" + WEB + "/sites", None, 200),
    ("GET", SITE + "/config", None, 200),
    ("PUT", SITE + "/config/connectionstrings", {"properties": SETTING}, 200),
    ("PUT", SITE + "/config/connectionstrings", {"properties": {"a": "x"}}, 400),
    ("POST", SITE + "/config/connectionstrings/list", None, 200),
    ("GET", SITE + "/config/web", None, 200),
    ("PUT", SITE + "/config/web", {"properties": {"http20Enabled": True}}, 200),
    (
        "PATCH",
        SITE + "/config/web",
        {"properties": {"cors": {"allowedOrigins": ["*"], "supportCredentials": True}}},
        400,
    ),
    ("PATCH", SITE + "/config/web", {"properties": {"linuxFxVersion": "Python|3.12"}}, 400),
    ("GET", SITE + "/config/authsettingsV2", None, 200),
    ("POST", SITE + "/config/authsettings/list", None, 200),
    ("GET", SITE + "/config/slotConfigNames", None, 200),
    ("PUT", SITE + "/config/slotConfigNames", {"properties": {"appSettingNames": ["a"]}}, 200),
    ("POST", SITE + "/config/publishingcredentials/list", None, 200),
    ("GET", SITE + "/basicPublishingCredentialsPolicies", None, 200),
    ("PUT", SITE + "/basicPublishingCredentialsPolicies/scm", {"properties": {"allow": True}}, 200),
    (
        "PUT",
        SITE + "/basicPublishingCredentialsPolicies/scm",
        {"properties": {"allow": "yes"}},
        400,
    ),
    ("GET", SITE + "/basicPublishingCredentialsPolicies/ssh", None, 404),
    ("PUT", SITE + "/host/default/functionKeys/mine", {"name": "mine", "value": "v1"}, 201),
    ("PUT", SITE + "/host/default/functionKeys/mine", {"name": "mine", "value": "v2"}, 200),
    ("DELETE", SITE + "/host/default/functionKeys/mine", None, 204),
    ("DELETE", SITE + "/host/default/functionKeys/mine", None, 404),
    ("POST", SITE + "/host/default/sync", None, 204),
    ("POST", SITE + "/host/default/listsyncstatus", None, 204),
    ("POST", SITE + "/listsyncfunctiontriggerstatus", None, 200),
    ("GET", SITE + "/functions/SendMessage", None, 200),
    ("GET", SITE + "/functions/Nothing", None, 404),
    ("POST", SITE + "/functions/SendMessage/listkeys", None, 200),
    (
        "PUT",
        SITE + "/functions/SendMessage/keys/mine",
        {"properties": {"name": "mine", "value": "v1"}},
        201,
    ),
    ("PUT", SITE + "/functions/SendMessage/keys/mine", {"name": "mine", "value": "v2"}, 200),
    ("POST", SITE + "/functions/SendMessage/listkeys", None, 200),
    ("DELETE", SITE + "/functions/SendMessage/keys/mine", None, 204),
    ("DELETE", SITE + "/functions/SendMessage/keys/mine", None, 404),
    ("PUT", SITE + "/functions/Nothing/keys/mine", {}, 404),
    ("POST", SITE + "/functions/SendMessage/listsecrets", None, 200),
    ("POST", SITE + "/start", None, 200),
    ("GET", SITE + "/slots", None, 200),
    ("GET", SITE + "/config/logs", None, 200),
    ("PUT", SITE + "/config/logs", LOGS, 200),
    ("PUT", SITE + "/config/logs", {"properties": {"applicationLogs": None}}, 200),
    ("PUT", SITE + "/config/logs", BAD_LEVEL, 400),
    ("PUT", SITE + "/hostNameBindings", {}, 405),
    ("POST", SITE + "/config/metadata/list", None, 200),
    ("POST", SITE + "/config/azurestorageaccounts/list", None, 200),
    ("POST", SITE + "/config/backup/list", None, 404),
    ("GET", SITE + "/hostNameBindings", None, 200),
    ("GET", SITE + "/virtualNetworkConnections", None, 200),
    ("GET", SITE + "/sitecontainers", None, 501),
    ("PUT", SITE + "/slots/blue", {"location": "eastus2"}, 501),
    ("HEAD", SITE, None, 204),
    ("HEAD", "{group}" + WEB + "/sites/nothing", None, 404),
    ("HEAD", CHAT, None, 204),
    ("HEAD", ACCOUNT.upper().replace("{GROUP}", "{group}"), None, 204),
    ("GET", "{sub}" + STORAGE + "/locations/eastus2/usages", None, 200),
    ("GET", "{sub}" + WEB + "/geoRegions?sku=FlexConsumption", None, 200),
    ("GET", WEB + "/functionAppStacks", None, 200),
    ("GET", WEB + "/locations/eastus2/functionAppStacks", None, 200),
    (
        "POST",
        "{sub}" + WEB + "/checknameavailability",
        {"name": "chat-api", "type": "Microsoft.Web/sites"},
        200,
    ),
    ("POST", "{sub}" + WEB + "/checknameavailability", {"name": "x", "type": "y"}, 400),
    ("PUT", INSIGHTS + "?api-version=2015-05-01", {"location": "eastus2", "kind": "web"}, 200),
    ("GET", INSIGHTS + "?api-version=2015-05-01", None, 200),
    ("GET", INSIGHTS.rpartition("/")[0] + "?api-version=2015-05-01", None, 200),
    ("PATCH", INSIGHTS + "?api-version=2015-05-01", {"tags": {"a": "b"}}, 200),
    ("PUT", INSIGHTS + "?api-version=2015-05-01", {"location": "eastus2"}, 200),
    ("GET", COMPONENTS + "?api-version=2015-05-01", None, 200),
    ("DELETE", INSIGHTS + "?api-version=2015-05-01", None, 200),
    ("DELETE", INSIGHTS + "?api-version=2015-05-01", None, 204),
    ("PUT", WORKSPACE, {"location": "eastus2", "properties": {"sku": "PerGB2018"}}, 400),
    ("PUT", WORKSPACE, {"location": "eastus2", "properties": {"sku": {"name": "Gold"}}}, 400),
    ("PUT", WORKSPACE, {"location": "eastus2", "properties": {"retentionInDays": 9999}}, 400),
    ("PUT", WORKSPACE, {"location": "eastus2", "properties": {"retentionInDays": 60}}, 201),
    ("PUT", WORKSPACE, {"location": "eastus2"}, 200),
    ("HEAD", WORKSPACE, None, 204),
    ("GET", WORKSPACE, None, 200),
    ("PATCH", WORKSPACE, {"tags": {"a": "b"}}, 200),
    ("POST", SHARED_KEYS, None, 200),
    ("GET", WORKSPACE.replace("/chat-logs?", "?"), None, 200),
    ("GET", "{sub}" + WORKSPACES + "?api-version=2025-02-01", None, 200),
    ("DELETE", WORKSPACE, None, 200),
    ("DELETE", WORKSPACE, None, 204),
    ("PUT", IDENTITY, {"location": "eastus2"}, 409),  # its namespace is not registered yet
    (
        "POST",
        "{sub}/providers/Microsoft.ManagedIdentity/register?api-version=2025-04-01",
        None,
        200,
    ),
    ("PUT", IDENTITY, {"location": "eastus2"}, 201),
    ("PUT", IDENTITY, {"location": "eastus2", "tags": {"a": "b"}}, 200),
    ("HEAD", IDENTITY, None, 204),
    ("GET", IDENTITY, None, 200),
    ("PATCH", IDENTITY, {"tags": {"a": "b"}}, 200),
    ("GET", IDENTITY.replace("/class-id?", "?"), None, 200),
    ("GET", "{sub}" + IDENTITIES + "?api-version=2023-01-31", None, 200),
    ("DELETE", IDENTITY, None, 200),
    ("DELETE", IDENTITY, None, 204),
    ("GET", ROLES + "?api-version=2022-04-01&$filter=roleName%20eq%20'Owner'", None, 200),
    ("GET", f"{ROLES}/{OWNER}?api-version=2022-04-01", None, 200),
    (
        "GET",
        "{sub}/providers/Microsoft.Authorization/roleAssignments?api-version=2022-04-01",
        None,
        200,
    ),
    ("GET", ASSIGNMENT, None, 404),
    ("DELETE", ASSIGNMENT, None, 204),
    ("POST", SITE + "/publishxml", {"format": "WebDeploy"}, 200),
    (
        "PUT",
        "{group}" + WEB + "/serverfarms/empty",
        {"location": "eastus2", "sku": {"name": "Y1"}},
        200,
    ),
    ("DELETE", "{group}" + WEB + "/serverfarms/empty", None, 200),
    ("DELETE", "{group}" + WEB + "/serverfarms/empty", None, 204),
    ("GET", "/metadata/endpoints?api-version=2022-09-01", None, 200),
    ("DELETE", ACCOUNT, None, 200),
    ("DELETE", ACCOUNT, None, 204),
    ("DELETE", SITE, None, 200),
]


def test_every_operation_answers_with_its_status(raw: Raw, clients: Clients) -> None:
    """One group with everything in it; each call has the status that Azure gives."""
    make_signalr(clients), make_storage(clients), make_site(clients)
    wrong = []
    for method, template, body, status in CALLS:
        path = template.replace("{group}", raw.group).replace(
            "{sub}", raw.group.removesuffix("/resourceGroups/class")
        )
        reply = raw(method, path, body, version="-" if "api-version" in path else "")
        if reply.status != status:
            wrong.append(
                f"{method} {template}: {reply.status} instead of {status}: {str(reply.body)[:200]}"
            )
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("version", ["3.8", "3.15", ""])
def test_consumption_runs_fewer_pythons(raw: Raw, version: str) -> None:
    """Linux Consumption refuses versions that it never had; without one the default runs."""
    config = {"linuxFxVersion": f"Python|{version}"} if version else {}
    body = {
        "location": "eastus2",
        "kind": "functionapp,linux",
        "properties": {"reserved": True, "siteConfig": config},
    }
    reply = raw("PUT", f"{raw.group}{WEB}/sites/old-api", body)
    assert reply.status == (400 if version else 200)
