"""Shapes of answers as Azure's were recorded, in the places where people's tools read them."""

from __future__ import annotations

from typing import Any

import pytest

from chatkit.core.time import clock
from chatkit.localcloud.functions.host.spec import FunctionInfo
from chatkit.localcloud.resource_manager.providers.web import catalog
from tests.localcloud.resource_manager.arm_cloud import LocalCloud
from tests.localcloud.resource_manager.raw import Raw

SIGNALR = "/providers/Microsoft.SignalRService/SignalR/chat-signalr"
SITE = "/providers/Microsoft.Web/sites/chat-api-x1"
FREE = {"location": "eastus2", "sku": {"name": "Free_F1"}}
WEB = "2025-05-01"


@pytest.fixture
def site(raw: Raw) -> str:
    """A function app on the Consumption plan."""
    body = {"location": "eastus2", "kind": "functionapp,linux", "properties": {"reserved": True}}
    assert raw("PUT", raw.group + SITE, body, version=WEB).status == 200
    return raw.group + SITE


def offers(cloud: LocalCloud, *types: str) -> None:
    """Let every app have one function with bindings of some types."""
    bindings = tuple({"type": name, "name": "x"} for name in types)
    planes: Any = cloud.planes
    planes.list_functions = lambda name: [FunctionInfo("f", bindings, "")] if types else []


@pytest.mark.parametrize(
    ("bindings", "has_key"),
    [
        ((), False),
        (("httpTrigger", "http"), False),
        (("signalRTrigger",), True),
        (("httpTrigger", "http", "signalR"), True),
    ],
)
def test_an_extension_has_a_key_once_an_app_uses_it(
    raw: Raw, cloud: LocalCloud, site: str, bindings: tuple[str, ...], has_key: bool
) -> None:
    """Not before the first deployment, and not for an app of HTTP functions alone."""
    offers(cloud, *bindings)
    path = f"{site}/host/default/listkeys"
    keys = raw("POST", path, version=WEB).body
    assert list(keys["systemKeys"]) == (["signalr_extension"] if has_key else [])
    assert raw("POST", path, version=WEB).body == keys
    assert cloud.planes.sites["chat-api-x1"].host_keys.system_keys == keys["systemKeys"]


@pytest.mark.parametrize(
    ("path", "type_"),
    [
        ("host/default/functionKeys", "Microsoft.Web/sites/host/functionKeys"),
        ("host/default/systemKeys", "Microsoft.Web/sites/host/systemKeys"),
        ("functions/f/keys", "Microsoft.Web/sites/functions/keys"),
    ],
)
def test_a_new_key_is_answered_in_properties(
    raw: Raw, cloud: LocalCloud, site: str, path: str, type_: str
) -> None:
    """`az functionapp keys set` prints it from there."""
    offers(cloud, "httpTrigger")
    key = {"name": "k1", "value": "v1"}
    reply = raw("PUT", f"{site}/{path}/k1", {"properties": key}, version=WEB)
    assert reply.status == 201
    assert reply.body == {
        "id": f"{site}/{path}/k1",
        "name": "k1",
        "type": type_,
        "location": "East US 2",
        "properties": key,
    }


def test_a_site_lets_everybody_in(raw: Raw, site: str) -> None:
    """The rule that `az functionapp config access-restriction show` prints."""
    config = raw("GET", f"{site}/config/web", version=WEB).body["properties"]
    for name in ("ipSecurityRestrictions", "scmIpSecurityRestrictions"):
        [rule] = config[name]
        assert (rule["ipAddress"], rule["action"], rule["name"]) == ("Any", "Allow", "Allow all")
        assert rule["priority"] == 2**31 - 1


def test_people_must_sign_in_unless_it_is_said_otherwise(raw: Raw, site: str) -> None:
    """Settings that say nothing of it require it; that of two words one decides is ours."""
    path = f"{site}/config/authsettingsV2"
    assert raw("GET", path, version=WEB).body["properties"] == {"platform": {"enabled": False}}
    required = {"requireAuthentication": True}
    login = {**required, "unauthenticatedClientAction": "RedirectToLoginPage"}
    everybody = {"requireAuthentication": False, "unauthenticatedClientAction": "AllowAnonymous"}
    for given, filled in (
        ({}, login),
        (required, login),
        ({"requireAuthentication": False}, everybody),
        ({"unauthenticatedClientAction": "AllowAnonymous"}, everybody),
        (
            {"unauthenticatedClientAction": "Return401"},
            {**required, "unauthenticatedClientAction": "Return401"},
        ),
    ):
        wanted = {"platform": {"enabled": "TRUE"}, "globalValidation": given}
        made = raw("PUT", path, {"properties": wanted}, version=WEB).body["properties"]
        assert (made["platform"]["enabled"], made["globalValidation"]) == (True, filled), given


def test_slot_names_belong_to_the_site(raw: Raw, site: str) -> None:
    """No id, and the site's own name and type."""
    path = f"{site}/config/slotConfigNames"
    found = raw("GET", path, version=WEB).body
    assert (found["id"], found["name"]) == (None, "chat-api-x1")
    assert found["type"] == "Microsoft.Web/sites"
    given = {"appSettingNames": ["A"]}
    changed = raw("PUT", path, {"properties": given}, version=WEB).body
    none = {"connectionStringNames": None, "azureStorageConfigNames": None}
    assert changed == {**found, "properties": {**none, **given}}


def test_upstream_is_null_before_and_empty_after(raw: Raw) -> None:
    """`az signalr upstream clear` leaves an empty list."""
    path = raw.group + SIGNALR
    assert raw("PUT", path, FREE).status == 201
    assert raw("GET", path).body["properties"]["upstream"] == {"templates": None}
    raw("PATCH", path, {"properties": {"upstream": {"templates": []}}})
    assert raw("GET", path).body["properties"]["upstream"] == {"templates": []}
    raw("PATCH", path, {"tags": {"a": "b"}})
    assert raw("GET", path).body["properties"]["upstream"] == {"templates": []}


@pytest.mark.parametrize("version", ["2024-04", "2024-08", "2024-10", "2025-01"])
def test_previews_of_signalr_are_known(raw: Raw, version: str) -> None:
    """The .NET SDK's preview sends the newest."""
    path = raw.group + SIGNALR
    assert raw("PUT", path, FREE, version=f"{version}-01-preview").status == 201
    assert raw("GET", path, version=f"{version}-01-preview").status == 200


def test_a_list_shows_times_and_state_when_it_is_asked_to(
    raw: Raw, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`$expand=createdTime,changedTime,provisioningState`, as the portal asks."""
    path = raw.group + SIGNALR
    raw("PUT", path, FREE)
    made = clock.wall()
    monkeypatch.setattr(clock, "wall", lambda: made + 60)
    raw("PATCH", path, {"tags": {"a": "b"}})
    every = "createdTime,changedTime,provisioningState"

    def listed(expand: str) -> dict[str, Any]:
        query = f"?$expand={expand}" if expand else ""
        [entry] = raw("GET", f"{raw.group}/resources{query}", version="2025-04-01").body["value"]
        return {name: entry[name] for name in every.split(",") if name in entry}

    found = listed(every)
    assert found["provisioningState"] == "Succeeded"
    assert found["createdTime"] < found["changedTime"]
    assert list(listed("ChangedTime")) == ["changedTime"]
    assert listed("") == {}
    assert not {"createdTime", "changedTime"} & {*raw("GET", path).body}


def test_stacks_are_those_of_today(raw: Raw, monkeypatch: pytest.MonkeyPatch) -> None:
    """3.14 is generally available, 3.10 has ended on 31 October 2026."""
    monkeypatch.setattr(catalog, "iso", lambda: "2026-11-30T00:00:00Z")
    for path in ("/functionAppStacks", "/locations/eastus2/functionAppStacks"):
        body = raw("GET", f"/providers/Microsoft.Web{path}", version=WEB).body
        [major] = body["value"][0]["properties"]["majorVersions"]
        stacks = {
            minor["value"]: minor["stackSettings"]["linuxRuntimeSettings"]
            for minor in major["minorVersions"]
        }
        assert [name for name, stack in stacks.items() if stack["isPreview"]] == []
        assert [name for name, stack in stacks.items() if stack.get("isDeprecated")] == ["3.10"]
        # As Microsoft's page prints it, before the end of 3.13.
        assert stacks["3.14"]["endOfLifeDate"] == "2029-04-30T00:00:00Z"


def test_an_empty_plan_is_deleted_with_200(raw: Raw, site: str) -> None:
    """204 is for one that is not there."""
    plan = raw("GET", site, version=WEB).body["properties"]["serverFarmId"]
    raw("DELETE", f"{site}?deleteEmptyServerFarm=false", version=WEB)
    assert raw("DELETE", plan, version=WEB).status == 200
    assert raw("DELETE", plan, version=WEB).status == 204


# What `SignalRResource` of azure-mgmt-signalr has in the release of each version, beside what every
# version has; 2021-06-01-preview and 2022-08-01-preview by the examples of azure-rest-api-specs.
FIRST = {"features", "cors", "provisioningState", "externalIP", "hostName", "publicPort"}
FIRST |= {"serverPort", "version"}
NETWORK = {"upstream", "networkACLs", "privateEndpointConnections"}
LINKS = NETWORK | {"tls", "sharedPrivateLinkResources"}
ACCESS = LINKS | {"publicNetworkAccess", "disableLocalAuth", "disableAadAuth"}
LOGS = ACCESS | {"hostNamePrefix", "resourceLogConfiguration"}
IN_VERSION = {
    "2018-10-01": {"hostNamePrefix"},
    "2020-05-01": NETWORK | {"hostNamePrefix"},
    "2020-07-01-preview": NETWORK | {"tls"},
    "2021-04-01-preview": LINKS,
    "2021-06-01-preview": ACCESS,
    "2021-09-01-preview": ACCESS,
    "2021-10-01": LOGS,
    "2022-02-01": LOGS | {"liveTraceConfiguration"},
    "2022-08-01-preview": LOGS | {"liveTraceConfiguration", "serverless"},
    "2023-02-01": LOGS | {"liveTraceConfiguration", "serverless"},
}


def test_an_api_version_shows_what_it_knows(raw: Raw) -> None:
    """Of an instance alone, in lists, and in the answer that makes it."""
    path = f"{raw.group}/providers/Microsoft.SignalRService/SignalR"
    body = {"location": "eastus2", "identity": {"type": "SystemAssigned"}}
    made = raw("PUT", f"{path}/chat-1", body, version="2020-07-01-preview").body
    assert made["properties"].keys() == FIRST | IN_VERSION["2020-07-01-preview"]
    for version, known in IN_VERSION.items():
        one = raw("GET", f"{path}/chat-1", version=version).body
        assert one["properties"].keys() == FIRST | known, version
        assert ("kind" in one) == (version >= "2020-05-01")
        assert ("identity" in one) == (version >= "2020-07-01-preview")
        assert ("systemData" in one) == (version >= "2021-04-01-preview")
        assert raw("GET", path, version=version).body["value"] == [one]


def test_an_upstream_template_is_filled_in(raw: Raw) -> None:
    """As recorded: patterns that were not given are any."""
    path = f"{raw.group}/providers/Microsoft.SignalRService/SignalR/chat-1"
    template = {"urlTemplate": "http://host2.com", "categoryPattern": "messages"}
    raw("PUT", path, {"location": "eastus2", "properties": {"upstream": {"templates": [template]}}})
    filled = {"hubPattern": "*", "eventPattern": "*", "auth": None, **template}
    assert raw("GET", path).body["properties"]["upstream"] == {"templates": [filled]}
