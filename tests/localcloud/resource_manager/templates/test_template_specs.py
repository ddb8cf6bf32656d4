"""Template specs: kept as resources, deployed by their ids, with the templates they link to."""

from __future__ import annotations

from typing import Any

import pytest

from tests.localcloud.resource_manager.gateway.test_arm_rights import with_role
from tests.localcloud.resource_manager.raw import Raw, Reply
from tests.localcloud.resource_manager.templates.deploying import (
    VERSION,
    deploy,
    ended,
    outputs,
    path,
    signalr,
    template,
)

SPECS = "/providers/Microsoft.Resources/templateSpecs"
API = "2022-02-01"
UNITS = {"units": {"type": "int", "defaultValue": 1}}


def linked(name: str, relative: str) -> dict[str, Any]:
    """A deployment of a linked template."""
    properties = {"mode": "Incremental", "templateLink": {"relativePath": relative}}
    return {
        "type": "Microsoft.Resources/deployments",
        "apiVersion": VERSION,
        "name": name,
        "properties": properties,
    }


MAIN = template(linked("first", "parts/first.json"), outputs={"a": {"type": "int", "value": 1}})
PARTS = [
    {"path": "parts/first.json", "template": template(linked("second", "../other/second.json"))},
    {"path": "other\\second.json", "template": template(signalr("chat-1"))},
]


def spec(raw: Raw, name: str = "chat", **properties: Any) -> Reply:
    """A template spec."""
    body = {"location": "eastus2", "properties": properties}
    return raw("PUT", f"{raw.group}{SPECS}/{name}", body, version=API)


def version(raw: Raw, main: Any, name: str = "1.0", **properties: Any) -> Reply:
    """A version of the template spec "chat"."""
    body = {"location": "eastus2", "properties": {"mainTemplate": main, **properties}}
    return raw("PUT", f"{raw.group}{SPECS}/chat/versions/{name}", body, version=API)


def begin(raw: Raw, id_: str) -> Reply:
    """Begin a deployment of a version."""
    properties = {"mode": "Incremental", "templateLink": {"id": id_}}
    return raw("PUT", path(raw), {"properties": properties}, version=VERSION)


def test_a_spec_and_its_versions_are_kept(raw: Raw) -> None:
    """Created, shown, listed, changed, deleted with its versions."""
    url = f"{raw.group}{SPECS}/chat"
    subscription = raw.group.removesuffix("/resourceGroups/class")
    assert version(raw, MAIN).status == 404
    assert spec(raw, description="A chat.").status == 201
    assert version(raw, MAIN, linkedTemplates=PARTS, description="First.").status == 201
    assert version(raw, MAIN, linkedTemplates=PARTS).status == 200
    shown = raw("GET", f"{url}/versions/1.0", version=API).body
    assert shown["properties"]["mainTemplate"] == MAIN and shown["name"] == "1.0"
    assert [one["name"] for one in raw("GET", f"{url}/versions", version=API).body["value"]] == [
        "1.0"
    ]
    assert (
        "1.0" in raw("GET", f"{url}?$expand=versions", version=API).body["properties"]["versions"]
    )
    assert "versions" not in raw("GET", url, version=API).body["properties"]
    for scope in (subscription, raw.group):
        found = raw("GET", scope + SPECS, version=API).body["value"]
        assert [one["name"] for one in found] == ["chat"]
    tags = {"tags": {"a": "b"}}
    assert raw("PATCH", f"{url}/versions/1.0", tags, version=API).body["tags"] == {"a": "b"}
    assert raw("PATCH", url, tags, version=API).body["tags"] == {"a": "b"}
    assert raw("HEAD", url, version=API).status == 204
    assert version(raw, MAIN, "2.0").status == 201
    assert raw("DELETE", f"{url}/versions/2.0", version=API).status == 200
    assert raw("DELETE", f"{url}/versions/2.0", version=API).status == 204
    assert raw("DELETE", url, version=API).status == 200
    assert raw("GET", f"{url}/versions/1.0", version=API).status == 404
    assert spec(raw).status == 201
    assert raw("GET", f"{url}/versions", version=API).body["value"] == []


@pytest.mark.parametrize(
    ("main", "more"),
    [
        (None, {}),
        ("text", {}),
        (MAIN, {"linkedTemplates": "x"}),
        (MAIN, {"linkedTemplates": [{"path": "a.json"}]}),
    ],
)
def test_a_version_that_is_none_is_refused(raw: Raw, main: Any, more: Any) -> None:
    """400, and nothing is kept."""
    spec(raw)
    reply = version(raw, main, **more)
    assert (reply.status, reply.code) == (400, "InvalidRequestContent")
    assert version(raw, MAIN, "no%20name").code == "InvalidResourceName"
    assert raw("GET", f"{raw.group}{SPECS}/chat/versions", version=API).body["value"] == []


def test_a_version_is_deployed_with_what_it_links_to(raw: Raw) -> None:
    """A relative path leads from the template that has it."""
    spec(raw)
    id_ = version(raw, MAIN, linkedTemplates=PARTS).body["id"]
    assert ended(raw, begin(raw, id_))["status"] == "Succeeded"
    shown = raw("GET", path(raw), version=VERSION).body
    assert shown["properties"]["templateLink"] == {"id": id_} and outputs(shown) == {"a": 1}
    second = raw("GET", path(raw, "second"), version=VERSION).body["properties"]["templateLink"]
    assert second == {"id": id_, "relativePath": "other/second.json"}
    assert (
        raw("GET", f"{raw.group}/providers/Microsoft.SignalRService/SignalR/chat-1").status == 200
    )


def test_what_is_not_in_a_spec_is_named(raw: Raw) -> None:
    """A version that is not there, and a path."""
    spec(raw)
    id_ = version(raw, template(linked("first", "none.json")), linkedTemplates=PARTS).body["id"]
    reply = begin(raw, id_)
    assert "InvalidContentLink" in str(reply.body) and "parts/first.json" in str(reply.body)
    assert begin(raw, id_.replace("1.0", "9.9")).code == "ResourceNotFound"


def test_a_spec_is_read_with_the_rights_of_who_deploys(raw: Raw) -> None:
    """One of another group needs a role there."""
    spec(raw)
    id_ = version(raw, template()).body["id"]
    other = raw.group.replace("class", "other")
    raw("PUT", other, {"location": "eastus2"}, version=VERSION)
    mallory = with_role(raw.cloud, "Contributor", other)
    properties = {"mode": "Incremental", "templateLink": {"id": id_}}
    at = path(raw, group="other")
    reply = mallory("PUT", at, {"properties": properties}, version=VERSION)
    assert (reply.status, reply.code) == (403, "AuthorizationFailed")
    assert raw("PUT", at, {"properties": properties}, version=VERSION).status == 201


def test_the_keys_of_a_workspace_are_for_who_may_change_it(raw: Raw) -> None:
    """A reader sees the workspace, without them."""
    url = f"{raw.group}/providers/Microsoft.OperationalInsights/workspaces/logs-1"
    raw("PUT", url, {"location": "eastus2"}, version="2025-02-01")
    reader = with_role(raw.cloud, "Reader", raw.group)
    assert "keys" not in reader("GET", url, version="2025-02-01").body
    assert reader("POST", f"{url}/sharedKeys", version="2025-02-01").code == "AuthorizationFailed"


def test_a_spec_can_be_deployed_itself(raw: Raw) -> None:
    """A template of template specs; complete mode removes them."""
    made = template(
        {
            "type": "Microsoft.Resources/templateSpecs",
            "apiVersion": API,
            "name": "chat",
            "location": "eastus2",
        },
        {
            "type": "Microsoft.Resources/templateSpecs/versions",
            "apiVersion": API,
            "name": "chat/1.0",
            "location": "eastus2",
            "properties": {"mainTemplate": template()},
            "dependsOn": ["[resourceId('Microsoft.Resources/templateSpecs', 'chat')]"],
        },
    )
    deploy(raw, made)
    deploy(raw, template(), mode="Complete")
    assert raw("GET", raw.group + SPECS, version=API).body["value"] == []
