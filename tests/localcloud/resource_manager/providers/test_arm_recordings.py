"""Recordings of az against Azure, played to the local cloud: the same statuses, the same fields."""

from __future__ import annotations

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
    ": tags": "those of the group are their test's own",
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
STACKS = "value[].properties.majorVersions[].minorVersions[].stackSettings."


class Player:
    """Sends the requests of a recording."""

    def __init__(self, raw: Raw) -> None:
        self._raw = raw
        self._polls = {"{status}": "", "{location}": ""}

    def play(self, step: Step) -> Reply:
        """Send one request; a poll goes where the answer before has said."""
        if step.url in self._polls:
            return self._raw(step.method, self._polls[step.url])
        path = step.url.replace("{sub}", self._raw.group.removesuffix("/resourceGroups/class"))
        answer = self._raw(step.method, path, step.body, version="-")
        self._polls["{status}"] = answer.headers.get("Azure-AsyncOperation", "")
        self._polls["{location}"] = answer.headers.get("Location", "")
        return answer


@pytest.fixture
def player(raw: Raw) -> Player:
    """The group of the recordings is there, and what az has made in it before they begin."""
    group = raw.group.replace("/class", "/clitest.rg000001")
    raw("PUT", group, {"location": "eastus"})
    account = {"location": "ukwest", "sku": {"name": "Standard_LRS"}, "kind": "StorageV2"}
    raw("PUT", f"{group}/providers/Microsoft.Storage/storageAccounts/clitest000002", account)
    raw(
        "POST", raw.group.partition("/resourceGroups")[0] + "/providers/Microsoft.Insights/register"
    )
    make_azds_app(raw)
    return Player(raw)


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


@pytest.mark.parametrize("name", recordings.names())
def test_a_recording_gets_azures_statuses_and_fields(player: Player, name: str) -> None:
    """Every status is Azure's, and every field is there but what is listed with its reason."""
    missing: set[str] = set()
    asked = ""
    for number, step in enumerate(recordings.load(name)):
        answer = player.play(step)
        assert answer.status == step.status, f"{number}: {step.method} {step.url}: {answer.body}"
        if step.url not in recordings.POLLS.values():
            asked = _asked(step)
        ours = recordings.shape(answer.body)
        missing |= {
            f"{asked}: {path.removeprefix(STACKS)}"
            for path, kind in step.shape.items()
            if ours.get(path) != kind
        }
    listed = tuple(DIFFERENCES[name])
    assert {field for field in missing if not field.startswith(listed)} == set()
    assert [known for known in listed if not any(f.startswith(known) for f in missing)] == []


def _asked(step: Step) -> str:
    """The type of what a request is about, and what of it."""
    parts = step.url.partition("?")[0].partition("/providers/")[2].split("/")
    if len(parts) > 2:
        del parts[2]  # its name
    return "/".join(parts)
