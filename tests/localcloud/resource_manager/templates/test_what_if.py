"""What-if: what a deployment would change, by kind, with properties; nothing is changed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.localcloud.resource_manager.raw import Raw
from tests.localcloud.resource_manager.templates.deploying import (
    VERSION,
    account,
    deploy,
    nested,
    path,
    request,
    second_group,
    signalr,
    template,
)

SIGNALR = "/providers/Microsoft.SignalRService/SignalR"


def what_if(raw: Raw, what: Any, *, group: str = "class", **options: Any) -> Any:
    """The result of a what-if."""
    format_ = options.pop("format_", None)
    body = request(what, **options)
    if not group:
        body["location"] = "eastus2"
    if format_:
        body["properties"]["whatIfSettings"] = {"resultFormat": format_}
    reply = raw("POST", path(raw, group=group) + "/whatIf", body, version=VERSION)
    assert reply.status == 202, reply.body
    return raw("GET", reply.headers["Location"]).body


def kinds(result: Any) -> dict[str, str]:
    """The kinds of changes, by the last part of the resource's id."""
    assert result["status"] == "Succeeded", result
    return {
        one["resourceId"].rpartition("/")[2]: one["changeType"]
        for one in result["properties"]["changes"]
    }


def test_each_resource_has_a_kind_of_change(raw: Raw) -> None:
    """Create, Modify, NoChange, and Ignore or Delete for what the template does not have."""
    deploy(raw, template(signalr("chat-1"), signalr("chat-2"), account("chatstore1")))
    what = template(
        signalr("chat-1"),
        signalr("chat-2", sku={"name": "Standard_S1", "capacity": 2}),
        account("chatstore2"),
    )
    expected = {"chat-1": "NoChange", "chat-2": "Modify", "chatstore2": "Create"}
    assert kinds(what_if(raw, what)) == {**expected, "chatstore1": "Ignore"}
    assert kinds(what_if(raw, what, mode="Complete")) == {**expected, "chatstore1": "Delete"}
    short = what_if(raw, what, format_="ResourceIdOnly")
    assert kinds(short) == {
        "chat-1": "Deploy",
        "chat-2": "Deploy",
        "chatstore2": "Create",
        "chatstore1": "Ignore",
    }
    assert not any("after" in one for one in short["properties"]["changes"])
    found = raw("GET", f"{raw.group}/providers/Microsoft.Storage/storageAccounts").body["value"]
    assert [one["name"] for one in found] == ["chatstore1"]


def test_a_modified_resource_tells_its_properties(raw: Raw) -> None:
    """With before and after; tags that the template leaves out are deleted; lists by element."""
    cors = {"cors": {"allowedOrigins": ["https://a.example"]}}
    deploy(raw, template(signalr("chat-1", tags={"a": "1", "b": "2"}, properties=cors)))
    other = {
        "cors": {"allowedOrigins": ["https://b.example", "https://c.example"]},
        "features": [{"flag": "ServiceMode", "value": "Serverless"}],
    }
    what = template(
        signalr(
            "chat-1",
            location="East US 2",
            tags={"a": "3"},
            sku={"name": "Standard_S1", "capacity": 2},
            properties=other,
        )
    )
    (change,) = what_if(raw, what)["properties"]["changes"]
    found = {one["path"]: one for one in change["delta"]}
    assert found["tags.a"]["propertyChangeType"] == "Modify"
    assert (found["tags.b"]["propertyChangeType"], found["tags.b"]["before"]) == ("Delete", "2")
    assert (found["sku.capacity"]["before"], found["sku.capacity"]["after"]) == (1, 2)
    origins = found["properties.cors.allowedOrigins"]
    assert origins["propertyChangeType"] == "Array"
    assert [one["propertyChangeType"] for one in origins["children"]] == ["Modify", "Create"]
    assert "location" not in found and "name" not in found
    assert change["before"]["apiVersion"] == change["after"]["apiVersion"] == "2023-02-01"


def test_what_is_not_known_yet_stays_an_expression(raw: Raw) -> None:
    """The state of a resource that will be made; of one that is there it is known."""
    host = "[reference('chat-1').hostName]"
    what = template(signalr("chat-1"), account("chatstore1", properties={"hint": host}))
    changes = what_if(raw, what)["properties"]["changes"]
    assert [one["changeType"] for one in changes] == ["Create", "Create"]
    assert changes[1]["after"]["properties"]["hint"] == host
    deploy(raw, template(signalr("chat-1")))
    changes = what_if(raw, what)["properties"]["changes"]
    shown = raw("GET", f"{raw.group}{SIGNALR}/chat-1").body["properties"]["hostName"]
    assert changes[1]["after"]["properties"]["hint"] == shown


def test_deployments_within_are_looked_into(raw: Raw) -> None:
    """Also into a group that the template makes."""
    inside = nested(
        template(signalr("chat-2", location="[resourceGroup().location]")),
        "fill",
        resourceGroup="second",
        dependsOn=["second"],
    )
    result = what_if(raw, template(second_group(), inside), group="")
    assert kinds(result) == {"second": "Create", "chat-2": "Create"}
    (chat,) = [one for one in result["properties"]["changes"] if "chat-2" in one["resourceId"]]
    assert chat["after"]["location"] == "westus2"


def test_secure_values_are_masked(raw: Raw) -> None:
    """In what would be, too."""
    what = template(
        signalr("chat-1", tags={"pass": "[parameters('password')]"}),
        parameters={"password": {"type": "securestring"}},
    )
    (change,) = what_if(raw, what, password="correct-horse")["properties"]["changes"]
    assert change["after"]["tags"] == {"pass": "***"}


@pytest.mark.parametrize(
    ("what", "code"),
    [
        (template({"type": "x"}), "InvalidTemplate"),
        (template(account("Bad_Name")), "InvalidTemplateDeployment"),
        (template(signalr("[nothing()]")), "InvalidTemplate"),
    ],
)
def test_a_template_that_cannot_be_deployed_says_so_in_the_result(
    raw: Raw, what: Any, code: str
) -> None:
    """The operation itself goes well, as in Azure; az reads the error there."""
    result = what_if(raw, what)
    assert result["status"] == "Failed" and result["error"]["code"] == code


def test_a_result_is_for_who_asked(raw: Raw) -> None:
    """Another address knows nothing."""
    at = f"{path(raw)}/whatIfOperationResults/none"
    assert raw("GET", at, version=VERSION).status == 404
    body = request(template())
    body["properties"]["whatIfSettings"] = {"resultFormat": "Poem"}
    assert raw("POST", f"{path(raw)}/whatIf", body, version=VERSION).status == 400
