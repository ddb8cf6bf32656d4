"""Deployments of plain resources: what is made, what is told of it, and the other operations."""

from __future__ import annotations

from typing import Any

import pytest

from tests.localcloud.resource_manager.arm_cloud import Hold
from tests.localcloud.resource_manager.raw import Raw
from tests.localcloud.resource_manager.templates.deploying import (
    VERSION,
    account,
    begin,
    deploy,
    ended,
    failed,
    operations,
    path,
    request,
    second_group,
    signalr,
    template,
    unknown_principal,
)

ASSIGNMENT = "11111111-1111-1111-1111-111111111111"
SIGNALR = "/providers/Microsoft.SignalRService/SignalR"


def test_a_deployment_makes_its_resources(raw: Raw) -> None:
    """They are there as after a PUT from outside, and the deployment lists them."""
    made = deploy(raw, template(signalr("chat-1"), account("chatstore1")))
    assert raw("GET", f"{raw.group}{SIGNALR}/chat-1").status == 200
    assert made["properties"]["provisioningState"] == "Succeeded"
    assert [one["id"].rpartition("/")[2] for one in made["properties"]["outputResources"]] == [
        "chat-1",
        "chatstore1",
    ]
    assert made["properties"]["providers"][0]["namespace"] == "Microsoft.SignalRService"


def test_a_deployment_answers_as_azure_does(raw: Raw) -> None:
    """201 for a new one, 200 for one of that name, Accepted with an address to poll."""
    reply = begin(raw, template(signalr("chat-1")))
    assert reply.status == 201
    assert reply.body["properties"]["provisioningState"] == "Accepted"
    assert reply.body["type"] == "Microsoft.Resources/deployments"
    ended(raw, reply)
    again = begin(raw, template(signalr("chat-1")))
    assert again.status == 200
    ended(raw, again)


def test_every_resource_has_an_operation(raw: Raw) -> None:
    """With its target and its status; the outputs are one more."""
    deploy(raw, template(signalr("chat-1"), account("chatstore1")))
    found = operations(raw)
    assert sorted(one["properties"]["statusCode"] for one in found) == ["Created", "OK", "OK"]
    named = {
        one["properties"]["targetResource"]["resourceName"]
        for one in found
        if "targetResource" in one["properties"]
    }
    assert named == {"chat-1", "chatstore1"}
    one = raw("GET", f"{path(raw)}/operations/{found[0]['operationId']}", version=VERSION)
    assert one.body == found[0]
    assert raw("GET", f"{path(raw)}/operations/NONE", version=VERSION).status == 404
    as_the_sdks_write_it = f"{raw.group}/deployments/main/operations"
    assert raw("GET", as_the_sdks_write_it, version=VERSION).body["value"] == found


def test_a_refused_resource_fails_the_deployment(raw: Raw) -> None:
    """Its own error is among the details; what does not depend on it is made all the same."""
    error = failed(raw, template(signalr("chat-1"), unknown_principal()))
    assert error["code"] == "DeploymentFailed"
    (detail,) = error["details"]
    assert detail["code"] == "PrincipalNotFound"
    assert detail["target"].endswith("/roleAssignments/" + ASSIGNMENT)
    assert raw("GET", f"{raw.group}{SIGNALR}/chat-1").status == 200
    shown = raw("GET", path(raw), version=VERSION).body["properties"]
    assert shown["provisioningState"] == "Failed"
    assert [one["id"].rpartition("/")[2] for one in shown["outputResources"]] == ["chat-1"]
    (bad,) = [one for one in operations(raw) if one["properties"]["statusCode"] == "BadRequest"]
    assert bad["properties"]["statusMessage"]["error"]["code"] == "PrincipalNotFound"


def test_what_waits_for_a_failed_resource_is_not_tried(raw: Raw) -> None:
    """It has no operation."""
    failed(raw, template(unknown_principal(), signalr("chat-1", dependsOn=[ASSIGNMENT])))
    assert raw("GET", f"{raw.group}{SIGNALR}/chat-1").status == 404
    assert len(operations(raw)) == 1


def test_deployments_are_listed_and_found(raw: Raw) -> None:
    """All of a scope, those in a state, and some at a time."""
    deploy(raw, template(signalr("chat-1")), "first")
    failed(raw, template(unknown_principal()), "second")
    many = path(raw).rpartition("/")[0]

    def names(query: str) -> list[str]:
        found = raw("GET", many + query, version=VERSION).body
        return [one["name"] for one in found["value"]]

    assert names("") == ["first", "second"]
    assert names("?$filter=provisioningState%20eq%20'Failed'") == ["second"]
    assert names("?$top=1") == ["first"]
    assert raw("HEAD", path(raw, "first"), version=VERSION).status == 204
    assert raw("HEAD", path(raw, "none"), version=VERSION).status == 404
    missing = raw("GET", path(raw, "none"), version=VERSION)
    assert (missing.status, missing.code) == (404, "DeploymentNotFound")


def test_a_deleted_deployment_leaves_its_resources(raw: Raw) -> None:
    """It is gone from the list with its operations; 204 when there is none."""
    deploy(raw, template(signalr("chat-1")))
    reply = raw("DELETE", path(raw), version=VERSION)
    assert reply.status == 202
    assert raw("GET", reply.headers["Location"]).status == 204
    assert raw("GET", path(raw), version=VERSION).status == 404
    assert raw("DELETE", path(raw), version=VERSION).status == 204
    assert raw("GET", f"{raw.group}{SIGNALR}/chat-1").status == 200


def test_a_deployment_can_be_exported(raw: Raw) -> None:
    """Its template is what was sent."""
    what = template(signalr("chat-1"))
    deploy(raw, what)
    exported = raw("POST", f"{path(raw)}/exportTemplate", version=VERSION)
    assert exported.body == {"template": what}


def test_a_deployment_registers_its_providers(raw: Raw) -> None:
    """As Azure does: the templates of the documentation have no other step for it."""
    deploy(
        raw,
        template(
            {
                "type": "Microsoft.ManagedIdentity/userAssignedIdentities",
                "apiVersion": "2023-01-31",
                "name": "class-id",
                "location": "eastus2",
            }
        ),
    )


@pytest.mark.parametrize(
    ("body", "code", "word"),
    [
        (b"", "MissingRequestBody", "missing"),
        (b"{", "InvalidRequestContent", "line 1, position"),
        ({}, "InvalidRequestContent", "properties"),
        ({"properties": {"mode": "Incremental"}}, "InvalidDeployment", "template"),
        (request(template(), "Sideways"), "InvalidRequestContent", "Sideways"),
        (request([]), "InvalidTemplate", "not a JSON object"),
        (request({**template(), "resource": []}), "InvalidTemplate", "'resource'"),
        (request({"resources": []}), "InvalidTemplate", "'$schema'"),
        (request(template({"type": "x"})), "InvalidTemplate", "'apiVersion'"),
    ],
)
def test_what_is_no_deployment_is_refused(raw: Raw, body: Any, code: str, word: str) -> None:
    """Before anything is kept, with what is wrong."""
    reply = raw("PUT", path(raw), body, version=VERSION)
    assert (reply.status, reply.code) == (400, code)
    assert word in reply.body["error"]["message"]
    assert raw("GET", path(raw), version=VERSION).status == 404


def test_a_type_that_is_not_here_is_named_with_those_that_are(raw: Raw) -> None:
    """Before anything is deployed, in the details of InvalidTemplateDeployment."""
    other = {
        "type": "Microsoft.Compute/virtualMachines",
        "apiVersion": "2024-07-01",
        "name": "vm",
        "location": "eastus2",
    }
    slot = {**other, "type": "Microsoft.Web/sites/slots", "name": "chat-api/blue"}
    reply = begin(raw, template(other, slot, signalr("chat-1")))
    assert (reply.status, reply.code) == (400, "InvalidTemplateDeployment")
    first, second = reply.body["error"]["details"]
    assert first["code"] == "InvalidResourceNamespace"
    assert "'Microsoft.Compute'" in first["message"]
    assert "Microsoft.SignalRService/SignalR" in first["message"]
    assert second["code"] == "InvalidResourceType"
    assert raw("GET", f"{raw.group}{SIGNALR}/chat-1").status == 404


def test_everything_is_there_at_a_subscription_too(raw: Raw) -> None:
    """Each operation once, with its status."""
    group = second_group()
    body = {**request(template(group)), "location": "eastus2", "tags": {"course": "chat"}}
    at = path(raw, "all", group="")
    reply = raw("PUT", at, body, version=VERSION)
    assert reply.status == 201 and reply.body["location"] == "eastus2"
    assert ended(raw, reply) == {"status": "Succeeded"}
    shown = raw("GET", at, version=VERSION).body
    assert shown["tags"] == {"course": "chat"}
    many = at.rpartition("/")[0]
    assert raw("GET", many, version=VERSION).body["value"] == [shown]
    found = raw("GET", f"{at}/operations", version=VERSION).body["value"]
    one = raw("GET", f"{at}/operations/{found[0]['operationId']}", version=VERSION)
    assert one.body["properties"]["targetResource"]["resourceName"] == "second"
    assert raw("HEAD", at, version=VERSION).status == 204
    assert raw("POST", f"{at}/validate", body, version=VERSION).status == 200
    assert raw("POST", f"{at}/exportTemplate", version=VERSION).body["template"] == template(group)
    assert raw("POST", f"{at}/cancel", version=VERSION).status == 409
    nowhere = raw("PUT", at, request(template(group)), version=VERSION)
    assert (nowhere.status, nowhere.code) == (400, "LocationRequired")
    elsewhere = {**body, "location": "West US 2"}
    for method, url in (("PUT", at), ("POST", f"{at}/validate")):
        moved = raw(method, url, elsewhere, version=VERSION)
        assert (moved.status, moved.code) == (409, "InvalidDeploymentLocation")
    complete = raw("PUT", at, {**request(template(group), "Complete")}, version=VERSION)
    assert (complete.status, complete.code) == (400, "InvalidDeploymentMode")
    gone = raw("DELETE", at, version=VERSION)
    assert raw("GET", gone.headers["Location"]).status == 204


def test_validating_changes_nothing(raw: Raw) -> None:
    """It tells what would be deployed, or why it cannot be."""
    what = template(signalr("chat-1"), parameters={"pass": {"type": "securestring"}})
    values = {"pass": "correct-horse"}
    reply = raw("POST", f"{path(raw)}/validate", request(what, **values), version=VERSION)
    shown = reply.body["properties"]
    assert reply.status == 200 and shown["provisioningState"] == "Succeeded"
    assert shown["validatedResources"] == [{"id": f"{raw.group}{SIGNALR}/chat-1"}]
    assert "correct-horse" not in str(reply.body)
    bad = request(template(account("Bad_Name")))
    reply = raw("POST", f"{path(raw)}/validate", bad, version=VERSION)
    assert (reply.status, reply.code) == (400, "InvalidTemplateDeployment")
    (detail,) = reply.body["error"]["details"]
    assert detail["code"] == "AccountNameInvalid"
    assert raw("GET", path(raw), version=VERSION).status == 404
    assert raw("GET", f"{raw.group}{SIGNALR}/chat-1").status == 404


def test_a_deployment_that_runs_can_be_cancelled(raw: Raw) -> None:
    """Nothing more is begun; meanwhile it cannot be replaced or deleted."""
    hold = Hold()
    raw.cloud.planes.holds["chat-1"] = hold
    what = template(signalr("chat-1"), account("chatstore1", dependsOn=["chat-1"]))
    reply = begin(raw, what)
    assert hold.reached.wait(20)
    assert raw("GET", path(raw), version=VERSION).body["properties"]["provisioningState"] == (
        "Running"
    )
    busy = begin(raw, what)
    assert (busy.status, busy.code) == (409, "DeploymentActive")
    assert raw("DELETE", path(raw), version=VERSION).status == 409
    assert raw("POST", f"{path(raw)}/cancel", version=VERSION).status == 204
    hold.released.set()
    assert ended(raw, reply) == {"status": "Canceled"}
    assert raw("POST", f"{path(raw)}/cancel", version=VERSION).status == 409
    assert raw(
        "GET", f"{raw.group}/providers/Microsoft.Storage/storageAccounts/chatstore1"
    ).status == (404)
