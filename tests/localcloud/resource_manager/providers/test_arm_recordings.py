"""Recordings of az against Azure, played to the local cloud: the same statuses, the same fields."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.localcloud.resource_manager import recordings
from tests.localcloud.resource_manager.raw import Raw, Reply
from tests.localcloud.resource_manager.recordings import Step

# Fields of Azure's answers that ours lack, by resource and the beginning of their path, and why.
INTERNAL = "of App Service's own machinery; no tool that we know reads it"
DIFFERENCES: dict[str, dict[str, str]] = {
    "signalr_commands": {},
    "signalr_identity": {},
    "signalr_upstream": {},
    "renew_account_key": {},
    "show_usage": {},
    "storage_account_show_exit_codes": {},
}
PLAN = (
    *("asyncScalingEnabled", "currentNumberOfZonesUtilized", "eligibleLogCategories"),
    *("isCustomMode", "maximumNumberOf", "powerState", "vnetConnections"),
)
SITE = (
    *("afdEnabled", "blockPathTraversal", "clientAffinityProxyEnabled", "csrs"),
    *("eligibleLogCategories", "endToEndEncryptionEnabled", "ftp"),
    *("functionsRuntimeAdminIsolationEnabled", "hostNamePrivateStates"),
    *("hostNameSslStates[].ipBasedSslState", "inFlightFeatures", "siteConfig.clusteringEnabled"),
    *("siteConfig.webJobsEnabled", "siteDisabledReason", "siteScopedCertificatesEnabled"),
    *("useQueryStringAffinity", "vnetBackupRestoreEnabled"),
)
IPV6 = (
    "inboundIpv6Address",
    "ipMode",
    "outboundIpv6",
    "possibleInboundIpv6",
    "possibleOutboundIpv6",
)
DIFFERENCES["cli_up_down_funcapp"] = {
    ": value[].managedBy": "left out of a group that nothing manages",
    ": value[].tags.DeleteAfter": "a tag that a policy of their subscription adds",
    "Microsoft.Web/serverfarms: properties.tags": "the same as `tags`",
    "Microsoft.Web/sites: properties.tags": "the same as `tags`",
    **{f"Microsoft.Web/serverfarms: properties.{name}": INTERNAL for name in PLAN},
    **{f"Microsoft.Web/sites: properties.{name}": INTERNAL for name in SITE},
    **{f"Microsoft.Web/sites: properties.{name}": "127.0.0.1 is the address" for name in IPV6},
}
ONE_REGION = {
    "Microsoft.Storage/storageAccounts: properties.secondary": "there is one region",
    "Microsoft.Storage/storageAccounts: properties.statusOfSecondary": "there is one region",
}
DIFFERENCES["create_storage_account_v2"] = ONE_REGION
DIFFERENCES["storage_create_default_sku"] = {
    **ONE_REGION,
}
DIFFERENCES["functionapp_on_linux_consumption_python_39"] = {
    "Microsoft.Insights/components: etag": "a component is kept and shown, nothing more",
    "Microsoft.Web/functionAppStacks: windowsRuntimeSettings": "Python runs on Linux alone",
    "Microsoft.Web/functionAppStacks: linuxRuntimeSettings.isAutoUpdate": "of other languages",
    "Microsoft.Web/sites/config/web: properties.antivirusScanEnabled": INTERNAL,
    "Microsoft.Web/sites/config/web: properties.customAppPoolIdentity": INTERNAL,
    "Microsoft.Web/sites/config/web: properties.fileChangeAuditEnabled": INTERNAL,
    "Microsoft.Web/sites/config/web: properties.http20ProxyFlag": INTERNAL,
    "Microsoft.Web/sites/config/web: properties.routingRules": INTERNAL,
    "Microsoft.Web/sites/config/web: properties.siteAuth": "authentication is authsettingsV2",
    "Microsoft.Web/sites/config/web: properties.storageType": INTERNAL,
    "Microsoft.Web/sites/config/web: properties.winAuth": "of Windows",
    "Microsoft.Web/sites/config/web: properties.windowsConfiguredStacks": "of Windows",
    "Microsoft.Web/sites: properties.csrs": INTERNAL,
    "Microsoft.Web/sites: properties.defaultHostNameScope": INTERNAL,
    "Microsoft.Web/sites: properties.eligibleLogCategories": "there is no log analytics",
    "Microsoft.Web/sites: properties.ftp": "there is no FTP",
    "Microsoft.Web/sites: properties.hostNameSslStates[].ipBasedSslState": INTERNAL,
    "Microsoft.Web/sites: properties.siteConfig.ipSecurityRestrictions": "config/web has them",
    "Microsoft.Web/sites: properties.siteConfig.scmIpSecurityRestrictions": "config/web has them",
    "Microsoft.Web/sites: properties.siteDisabledReason": INTERNAL,
}
IDENTITIES = "Microsoft.ManagedIdentity/userAssignedIdentities"
DIFFERENCES["identity_management"] = {
    "Microsoft.ManagedIdentity/operations: GET 501": "no provider's operations are listed",
    f"{IDENTITIES}/listAssociatedResources: POST 501": "of previews, and no longer in Azure",
}
DIFFERENCES["identity_revoke_token"] = {
    f"{IDENTITIES}/revokeTokens: POST 501": "of one preview",
}
DIFFERENCES["identity_federated_credential"] = {
    f"{IDENTITIES}/federatedIdentityCredentials": "applications have them, identities do not",
}
BLOBS = "Microsoft.Storage/storageAccounts/blobServices/default"
NO_EFFECT = "refused with 501, for it would have no effect"
DIFFERENCES["storage_account_static_website"] = {}
DIFFERENCES["storage_account_blob_cors_rule"] = {}
DIFFERENCES["storage_account_update_versioning"] = {
    f"{BLOBS}: PUT 501": NO_EFFECT,
    f"{BLOBS}: properties.isVersioningEnabled": NO_EFFECT,
}
DIFFERENCES["storage_account_update_delete_retention_policy"] = {
    f"{BLOBS}: PUT 501": NO_EFFECT,
    f"{BLOBS}: properties.deleteRetentionPolicy": NO_EFFECT,
}
DIFFERENCES["storage_account_allow_cross_tenant_replication"] = {
    **ONE_REGION,
    "Microsoft.Storage/storageAccounts: properties.allowBlobPublicAccess": (
        "the recording is of 2022; false is the default since November 2023"
    ),
}
# The recordings are of 2022. Azure's page on applications names AzureADMyOrg as the default.
AUDIENCE = {
    f"applications: {prefix}{name}": "of another audience by default"
    for prefix in ("", "value[].")
    for name in ("signInAudience", "api.requestedAccessTokenVersion")
}
NOT_KEPT = {"directory/deletedItems: DELETE 501": "what is deleted is not kept for 30 days"}
DIFFERENCES["app_credential"] = {**AUDIENCE, **NOT_KEPT}
DIFFERENCES["app_federated_credential"] = {**AUDIENCE, **NOT_KEPT}
AS_GIVEN = "roles and claims are shown as they were given"
DIFFERENCES["app_scenario"] = {
    **AUDIENCE,
    "applications: appRoles[].origin": AS_GIVEN,
    "applications: value[].appRoles[].origin": AS_GIVEN,
    "applications: optionalClaims": AS_GIVEN,
    "applications: value[].optionalClaims": AS_GIVEN,
}
AUTH = "Microsoft.Web/sites/config/authSettings"
UNUSED = "Azure shows every provider it knows, ours those that are set"
DIFFERENCES["authV2_excluded_paths_parsing"] = {
    f"{AUTH}V2: properties.identityProviders": UNUSED,
    f"{AUTH}V2/list: properties.identityProviders": UNUSED,
    f"{AUTH}/list: properties.aadClaimsAuthorization": "the old settings' form of V2's policy",
}
WINDOWS = "theirs is an app on Windows"
CONFIG = "Microsoft.Web/sites/config/web: properties."
DIFFERENCES["functionapp_cors"] = {
    f"{CONFIG}antivirusScanEnabled": INTERNAL,
    f"{CONFIG}customAppPoolIdentity": INTERNAL,
    f"{CONFIG}fileChangeAuditEnabled": INTERNAL,
    f"{CONFIG}ftpsState": "the recording is of 2022; FtpsOnly is the default now",
    f"{CONFIG}http20ProxyFlag": INTERNAL,
    f"{CONFIG}remoteDebuggingVersion": WINDOWS,
    f"{CONFIG}routingRules": INTERNAL,
    f"{CONFIG}siteAuth": "authentication is authsettingsV2",
    f"{CONFIG}use32BitWorkerProcess": WINDOWS,
    f"{CONFIG}virtualApplications[].preloadEnabled": "of alwaysOn, which Consumption has not",
    f"{CONFIG}winAuth": WINDOWS,
}
DIFFERENCES["functionapp_assign_system_identity"] = {
    "Microsoft.Web/sites: kind": WINDOWS,
    "Microsoft.Web/sites: properties.csrs": INTERNAL,
    "Microsoft.Web/sites: properties.eligibleLogCategories": "there is no log analytics",
    "Microsoft.Web/sites: properties.ftp": "there is no FTP",
    "Microsoft.Web/sites: properties.hostNameSslStates[].ipBasedSslState": INTERNAL,
    "Microsoft.Web/sites: properties.kind": WINDOWS,
    "Microsoft.Web/sites: properties.reserved": WINDOWS,
    "Microsoft.Web/sites: properties.siteConfig.ipSecurity": "config/web has them",
    "Microsoft.Web/sites: properties.siteConfig.scmIpSecurity": "config/web has them",
    "Microsoft.Web/sites: properties.siteDisabledReason": INTERNAL,
}
STACKS = "value[].properties.majorVersions[].minorVersions[].stackSettings."


class Player:
    """Sends the requests of a recording, and fills in what this cloud has named otherwise."""

    def __init__(self, raw: Raw) -> None:
        self._arm = raw
        self._words = {"{sub}": raw.group.removesuffix("/resourceGroups/class")}
        self._words["{graph}"] = raw.cloud.endpoints["graph"]
        self._graph: Raw | None = None

    def play(self, step: Step) -> Reply:
        """Send one request; a poll goes where the answer before has said."""
        text = json.dumps([step.url, step.body])
        for word, meant in self._words.items():
            text = text.replace(word, meant)
        url, body = json.loads(text)
        answer = self._client(step)(step.method, url, body, version="-")
        if step.url not in recordings.POLLS.values():
            self._words["{status}"] = answer.headers.get("Azure-AsyncOperation", "")
            self._words["{location}"] = answer.headers.get("Location", "")
        for word, path in step.keeps.items():
            self._words[word] = _at(answer.body, path)
        return answer

    def _client(self, step: Step) -> Raw:
        if not step.url.startswith("{graph}"):
            return self._arm
        if self._graph is None:
            scope = "https://graph.microsoft.com/.default"
            token = self._arm.cloud.credential().get_token(scope).token
            self._graph = Raw(self._arm.cloud, token)
        return self._graph


def _at(body: Any, path: str) -> str:
    for name in path.split("."):
        body = body[name]
    return str(body)


@pytest.fixture
def player(raw: Raw) -> Player:
    """The group of the recordings is there, and what az has made in it before they begin."""
    group = raw.group.replace("/class", "/clitest.rg000001")
    raw("PUT", group, {"location": "eastus", "tags": {"product": "azurecli"}})
    account = {"location": "ukwest", "sku": {"name": "Standard_LRS"}, "kind": "StorageV2"}
    raw("PUT", f"{group}/providers/Microsoft.Storage/storageAccounts/clitest000002", account)
    subscription = raw.group.removesuffix("/resourceGroups/class")
    for namespace in ("Microsoft.Insights", "Microsoft.ManagedIdentity"):
        raw("POST", f"{subscription}/providers/{namespace}/register", version="2025-04-01")
    return Player(raw)


def make_site(raw: Raw) -> None:
    """A function app with an identity, as the commands before have made; on Consumption here."""
    group = raw.group.replace("/class", "/clitest.rg000001")
    site = {
        "location": "francecentral",
        "kind": "functionapp,linux",
        "identity": {"type": "SystemAssigned"},
        "properties": {"reserved": True, "siteConfig": {"http20Enabled": True}},
    }
    answer = raw("PUT", f"{group}/providers/Microsoft.Web/sites/clitest-app000003", site)
    assert answer.status == 200, answer.body


def make_azds_app(raw: Raw) -> None:
    """What azd's template has made: a plan, a function app on Flex Consumption, its storage."""
    group = raw.group.replace("/class", "/rg-azdtest-daa0f52")
    tags = {"azd-env-name": "azdtest-daa0f52"}
    made: dict[str, object] = {"location": "eastus2", "tags": tags}
    raw("PUT", group, made)
    account = {**made, "sku": {"name": "Standard_LRS"}, "kind": "StorageV2"}
    storage = f"{group}/providers/Microsoft.Storage/storageAccounts/stlvi65vsqwleik"
    raw("PUT", storage, account)
    raw("PUT", f"{storage}/blobServices/default/containers/func-deploy", {})
    endpoint = raw("GET", storage).body["properties"]["primaryEndpoints"]["blob"]
    plan = f"{group}/providers/Microsoft.Web/serverfarms/plan-lvi65vsqwleik"
    flex = {"name": "FC1", "tier": "FlexConsumption"}
    raw("PUT", plan, {**made, "sku": flex, "properties": {"reserved": True}})
    where = {
        "type": "blobContainer",
        "value": f"{endpoint.rstrip('/')}/func-deploy",
        "authentication": {"type": "SystemAssignedIdentity"},
    }
    site = {
        "location": "eastus2",
        "kind": "functionapp,linux",
        "tags": {**tags, "azd-service-name": "func"},
        "identity": {"type": "SystemAssigned"},
        "properties": {
            "serverFarmId": plan,
            "functionAppConfig": {
                "deployment": {"storage": where},
                "runtime": {"name": "python", "version": "3.11"},
                "scaleAndConcurrency": {"maximumInstanceCount": 100, "instanceMemoryMB": 2048},
            },
        },
    }
    answer = raw("PUT", f"{group}/providers/Microsoft.Web/sites/func-lvi65vsqwleik", site)
    assert answer.status == 200, answer.body


# What the commands before a recording's first have made.
MADE_BEFORE = {
    "cli_up_down_funcapp": make_azds_app,
    "authV2_excluded_paths_parsing": make_site,
    "functionapp_cors": make_site,
    "functionapp_assign_system_identity": make_site,
}


# Of each subject one or two; the others are long.
ORDINARY = {
    *("app_federated_credential", "authV2_excluded_paths_parsing", "cli_up_down_funcapp"),
    *("create_storage_account_v2", "functionapp_on_linux_consumption_python_39"),
    *("renew_account_key", "signalr_commands", "signalr_identity", "signalr_upstream"),
    "storage_account_show_exit_codes",
}


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[] if name in ORDINARY else [pytest.mark.long])
        for name in recordings.names()
    ],
)
def test_a_recording_gets_azures_statuses_and_fields(player: Player, raw: Raw, name: str) -> None:
    """Every status, field and fixed value is Azure's, but what is listed with its reason."""
    if name in MADE_BEFORE:
        MADE_BEFORE[name](raw)
    differing: set[str] = set()
    asked = ""
    for step in recordings.load(name):
        answer = player.play(step)
        if step.url not in recordings.POLLS.values():
            asked = _asked(step)
        if answer.status != step.status:
            differing.add(f"{asked}: {step.method} {answer.status} for {step.status}")
            continue
        ours = recordings.shape(answer.body)
        values = recordings.fixed(answer.body)
        unlike = {path for path, kind in step.shape.items() if ours.get(path) != kind}
        unlike |= {path for path, value in step.fixed.items() if values.get(path) != value}
        differing |= {f"{asked}: {path.removeprefix(STACKS)}" for path in unlike}
    listed = tuple(DIFFERENCES[name])
    assert {found for found in differing if not found.startswith(listed)} == set()
    assert [known for known in listed if not any(f.startswith(known) for f in differing)] == []


def _asked(step: Step) -> str:
    """The type of what a request is about, and what of it."""
    path = step.url.partition("?")[0]
    if path.startswith("{graph}"):
        return "/".join(part for part in path.split("/")[2:] if "{" not in part)
    parts = path.partition("/providers/")[2].split("/")
    if len(parts) > 2:
        del parts[2]  # its name
    return "/".join(parts)
