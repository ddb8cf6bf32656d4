"""Complete mode, rights, and a local cloud that stops while a deployment runs."""

from __future__ import annotations

from tests.localcloud.resource_manager.arm_cloud import Hold
from tests.localcloud.resource_manager.gateway.test_arm_rights import with_role
from tests.localcloud.resource_manager.raw import Raw
from tests.localcloud.resource_manager.templates.deploying import (
    VERSION,
    account,
    begin,
    deploy,
    operations,
    path,
    signalr,
    template,
)

SIGNALR = "/providers/Microsoft.SignalRService/SignalR"
ACCOUNTS = "/providers/Microsoft.Storage/storageAccounts"


def test_complete_mode_deletes_what_the_template_has_not(raw: Raw) -> None:
    """Each with an operation; what a condition leaves out goes, too."""
    deploy(raw, template(signalr("chat-1"), signalr("chat-2"), account("chatstore1")), "before")
    what = template(signalr("chat-1"), signalr("chat-2", condition=False))
    deploy(raw, what, mode="Complete")
    assert raw("GET", f"{raw.group}{SIGNALR}/chat-1").status == 200
    assert raw("GET", f"{raw.group}{SIGNALR}/chat-2").status == 404
    assert raw("GET", f"{raw.group}{ACCOUNTS}/chatstore1").status == 404
    deleted = [
        one["properties"]["targetResource"]["resourceName"]
        for one in operations(raw)
        if one["properties"]["provisioningOperation"] == "Delete"
    ]
    assert sorted(deleted) == ["chat-2", "chatstore1"]


def test_complete_mode_keeps_what_something_in_the_template_is_below(raw: Raw) -> None:
    """A container keeps its account."""
    deploy(raw, template(account("chatstore1")), "before")
    container = {
        "type": "Microsoft.Storage/storageAccounts/blobServices/containers",
        "apiVersion": "2025-08-01",
        "name": "chatstore1/default/history",
    }
    deploy(raw, template(container), mode="Complete")
    assert raw("GET", f"{raw.group}{ACCOUNTS}/chatstore1").status == 200


def test_a_stopped_local_cloud_leaves_a_failed_deployment(raw: Raw) -> None:
    """At the next start: Failed, with what was made, and nothing that still seems to run."""
    cloud = raw.cloud
    hold = Hold()
    cloud.planes.holds["chatstore1"] = hold
    what = template(
        signalr("chat-1"),
        account("chatstore1", dependsOn=["chat-1"]),
        signalr("chat-2", dependsOn=["chatstore1"]),
        parameters={"password": {"type": "securestring"}},
    )
    begin(raw, what, password="correct-horse")
    assert hold.reached.wait(20)
    cloud.stop()
    hold.released.set()
    cloud.start()
    again = Raw(cloud)
    shown = again("GET", path(again), version=VERSION).body["properties"]
    assert shown["provisioningState"] == "Failed"
    assert shown["error"]["code"] == "DeploymentFailed"
    assert "was stopped" in shown["error"]["message"]
    made = [one["id"].rpartition("/")[2] for one in shown["outputResources"]]
    assert made[0] == "chat-1" and "chat-2" not in made
    states = [one["properties"]["provisioningState"] for one in operations(again)]
    assert len(states) == 2 and "Running" not in states
    assert again("GET", f"{again.group}{SIGNALR}/chat-2").status == 404
    repeated = deploy(again, what, password="correct-horse")
    assert repeated["properties"]["provisioningState"] == "Succeeded"


def test_a_deleted_group_takes_its_deployments_along(raw: Raw) -> None:
    """A group of the same name begins without a history."""
    deploy(raw, template(signalr("chat-1")))
    reply = raw("DELETE", raw.group)
    while raw("GET", reply.headers["Location"]).status == 202:
        pass
    assert raw("PUT", raw.group, {"location": "eastus2"}).status == 201
    many = path(raw).rpartition("/")[0]
    assert raw("GET", many, version=VERSION).body["value"] == []


def test_a_deployment_has_the_rights_of_who_deploys(raw: Raw) -> None:
    """The right to deploy, and each resource's own: both are asked beforehand."""
    what = template(signalr("chat-1"))
    reader = with_role(raw.cloud, "Reader", raw.group)
    assert begin(reader, what).code == "AuthorizationFailed"
    of_storage = with_role(raw.cloud, "Storage Account Contributor", raw.group)
    reply = begin(of_storage, what)
    assert (reply.status, reply.code) == (400, "InvalidTemplateDeployment")
    (detail,) = reply.body["error"]["details"]
    assert detail["code"] == "AuthorizationFailed"
    assert "'Microsoft.SignalRService/SignalR/write'" in detail["message"]
    deploy(raw, template(), "mine")
    assert reader("GET", path(raw, "mine"), version=VERSION).status == 200
    mallory = with_role(raw.cloud, "", "")
    assert mallory("GET", path(raw, "mine"), version=VERSION).code == "AuthorizationFailed"
    at_subscription = path(raw, "all", group="")
    assert reader("GET", at_subscription, version=VERSION).code == "AuthorizationFailed"
