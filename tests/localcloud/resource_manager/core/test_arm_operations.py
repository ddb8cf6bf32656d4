"""Long-running operations, time, faults and ETags."""

from __future__ import annotations

from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.mgmt.signalr import SignalRManagementClient
from azure.mgmt.signalr.models import ResourceSku, SignalRResource

from tests.localcloud.resource_manager.arm_cloud import Clients, LocalCloud
from tests.localcloud.resource_manager.providers.test_arm_tutorial import (
    make_signalr,
    make_site,
    make_storage,
)
from tests.localcloud.resource_manager.raw import Raw

SIGNALR = "/providers/Microsoft.SignalRService/SignalR"
STORAGE = "/providers/Microsoft.Storage/storageAccounts"
FREE = {"location": "eastus2", "sku": {"name": "Free_F1"}}
ACCOUNT = {"location": "eastus2", "sku": {"name": "Standard_LRS"}, "kind": "StorageV2"}


def slow_down(cloud: LocalCloud, scale: float) -> None:
    """Recorded durations, scaled."""
    clock = cloud.arm.context.clock
    clock.mode = "recorded"
    clock.scale = scale


def test_a_signalr_put_is_polled_at_an_absolute_url(raw: Raw) -> None:
    """201 Creating, a status document, then the resource Succeeded."""
    put = raw("PUT", f"{raw.group}{SIGNALR}/chat-1", FREE)
    assert (
        put.status,
        put.body["properties"]["provisioningState"],
        put.body["properties"]["externalIP"],
    ) == (
        201,
        "Creating",
        None,
    )
    status = raw("GET", put.headers["Azure-AsyncOperation"])
    assert (status.status, status.body["status"]) == (200, "Succeeded")
    assert {"id", "name", "startTime", "endTime"} < set(status.body)
    assert (
        raw("GET", put.headers["Location"]).body["properties"]["provisioningState"] == "Succeeded"
    )
    assert int(put.headers["Retry-After"]) >= 1


def test_patch_and_delete_of_signalr_are_202_without_a_body(raw: Raw) -> None:
    """Both are polled; the delete's result is 204."""
    raw("PUT", f"{raw.group}{SIGNALR}/chat-1", FREE)
    patch = raw("PATCH", f"{raw.group}{SIGNALR}/chat-1", {"tags": {"a": "b"}})
    assert (patch.status, patch.body) == (202, None)
    delete = raw("DELETE", f"{raw.group}{SIGNALR}/chat-1")
    assert delete.status == 202 and raw("GET", delete.headers["Location"]).status == 204
    assert raw("GET", delete.headers["Azure-AsyncOperation"]).body["status"] == "Succeeded"


def test_a_storage_account_comes_from_its_location_url(raw: Raw) -> None:
    """202 without a body, then 200 with the account; a second PUT is 200 at once."""
    put = raw("PUT", f"{raw.group}{STORAGE}/chatstore1", ACCOUNT)
    assert (put.status, put.body) == (202, None)
    assert raw("GET", put.headers["Location"]).body["name"] == "chatstore1"
    assert raw("PUT", f"{raw.group}{STORAGE}/chatstore1", ACCOUNT).status == 200


def test_recorded_time_keeps_an_operation_running(raw: Raw, cloud: LocalCloud) -> None:
    """Creating until the time is over; the status says Running and Retry-After how long to wait."""
    slow_down(cloud, 1.0)
    put = raw("PUT", f"{raw.group}{SIGNALR}/chat-1", FREE)
    status = raw("GET", put.headers["Azure-AsyncOperation"])
    assert (status.body["status"], put.headers["Retry-After"]) == ("Running", "30")
    assert (
        raw("GET", f"{raw.group}{SIGNALR}/chat-1").body["properties"]["provisioningState"]
        == "Creating"
    )
    assert raw("GET", put.headers["Location"]).status == 202


def test_polling_goes_on_after_a_restart(raw: Raw, cloud: LocalCloud) -> None:
    """The operation is in the store, not in the process."""
    slow_down(cloud, 1.0)
    put = raw("PUT", f"{raw.group}{STORAGE}/chatstore1", ACCOUNT)
    cloud.stop()
    cloud.start()
    assert raw("GET", put.headers["Location"]).status == 202


def test_the_sdk_waits_for_recorded_time(clients: Clients, cloud: LocalCloud) -> None:
    """1:100 of a SignalR create is about a second; the result is there afterwards."""
    slow_down(cloud, 0.01)
    assert make_signalr(clients).provisioning_state == "Succeeded"


def test_a_group_that_is_being_deleted_takes_nothing_new(raw: Raw, cloud: LocalCloud) -> None:
    """409 ResourceGroupBeingDeleted; the group shows Deleting."""
    slow_down(cloud, 1.0)
    delete = raw("DELETE", raw.group)
    assert (delete.status, delete.headers["Retry-After"]) == (202, "15")
    assert raw("GET", raw.group).body["properties"]["provisioningState"] == "Deleting"
    assert raw("PUT", f"{raw.group}{SIGNALR}/chat-1", FREE).code == "ResourceGroupBeingDeleted"


def test_a_deletion_that_was_cut_off_goes_on(raw: Raw, cloud: LocalCloud) -> None:
    """Stopped in the middle, finished after the start."""
    raw("PUT", f"{raw.group}{SIGNALR}/chat-1", FREE)
    slow_down(cloud, 1.0)
    delete = raw("DELETE", raw.group)
    cloud.stop()
    cloud.start()
    operation = cloud.call(cloud.arm.context.operations.open)[0]
    document = {**vars(operation), "ends": 0.0}
    cloud.call(cloud.platform.store.put, "operations", operation.id, document)
    cloud.stop()
    cloud.start()
    assert raw("GET", delete.headers["Location"]).status == 200
    assert raw("GET", raw.group).status == 404 and not cloud.planes.instances


def test_a_failing_data_plane_leaves_nothing_half_made(raw: Raw, cloud: LocalCloud) -> None:
    """500 in Azure's shape, no traceback, no resource; the name is free again."""
    cloud.planes.refuse.add("chat-1")
    reply = raw("PUT", f"{raw.group}{SIGNALR}/chat-1", FREE)
    assert (reply.status, reply.code) == (500, "InternalServerError") and "no room" not in str(
        reply.body
    )
    assert raw("GET", f"{raw.group}{SIGNALR}/chat-1").status == 404
    cloud.planes.refuse.clear()
    assert raw("PUT", f"{raw.group}{SIGNALR}/chat-1", FREE).status == 201


def test_web_takes_if_match(raw: Raw, clients: Clients) -> None:
    """A stale ETag is refused with 412, the current one goes through."""
    make_site(clients)
    path = f"{raw.group}/providers/Microsoft.Web/sites/chat-api"
    etag = raw("GET", path).headers["ETag"]
    assert raw("PATCH", path, {"tags": {"a": "b"}}, **{"If-Match": '"1D0"'}).status == 412
    changed = raw("PATCH", path, {"tags": {"a": "b"}}, **{"If-Match": etag})
    assert changed.status == 200 and changed.headers["ETag"] != etag
    config = f"{path}/config/appsettings"
    assert raw("PUT", config, {"properties": {}}, **{"If-Match": etag}).status == 412
    site = {"location": "eastus2", "kind": "functionapp,linux", "properties": {"reserved": True}}
    fresh = path.replace("chat-api", "other-api")
    assert raw("PUT", fresh, site, **{"If-None-Match": "*"}).status == 200
    again = raw("PUT", fresh, site, **{"If-None-Match": "*"})
    assert (again.status, again.code) == (412, "PreconditionFailed")


def test_publishing_passwords_follow_the_policy(
    raw: Raw, clients: Clients, cloud: LocalCloud
) -> None:
    """Off on Flex, on on Consumption; profile, credentials and data plane agree with it."""
    make_site(clients)
    site = {"location": "eastus2", "kind": "functionapp,linux", "properties": {"reserved": True}}
    sites = f"{raw.group}/providers/Microsoft.Web/sites"
    raw("PUT", f"{sites}/old-api", site)

    def state(name: str) -> list[bool]:
        password = raw("POST", f"{sites}/{name}/config/publishingcredentials/list").body[
            "properties"
        ]["publishingPassword"]
        profile = raw("POST", f"{sites}/{name}/publishxml", {"format": "WebDeploy"}).body
        policy = raw("GET", f"{sites}/{name}/basicPublishingCredentialsPolicies/scm").body[
            "properties"
        ]["allow"]
        return [
            policy,
            password in profile,
            cloud.planes.sites[name].publishing_password == password,
        ]

    assert (state("chat-api"), state("old-api")) == ([False] * 3, [True] * 3)
    for name, allow in (("chat-api", True), ("old-api", False)):
        raw(
            "PUT",
            f"{sites}/{name}/basicPublishingCredentialsPolicies/scm",
            {"properties": {"allow": allow}},
        )
        assert state(name) == [allow] * 3


def test_the_last_site_takes_its_plan_along(raw: Raw, clients: Clients) -> None:
    """Unless deleteEmptyServerFarm=false."""
    make_site(clients)
    make_site(clients, "other-api")
    sites = f"{raw.group}/providers/Microsoft.Web/sites"
    plans = f"{raw.group}/providers/Microsoft.Web/serverfarms"
    assert raw("DELETE", f"{plans}/chat-api-plan").code == "Conflict"
    raw("DELETE", f"{sites}/chat-api?deleteEmptyServerFarm=false")
    assert raw("GET", f"{plans}/chat-api-plan").status == 200
    raw("DELETE", f"{sites}/other-api")
    assert raw("GET", f"{plans}/other-api-plan").status == 404


def test_instances_and_accounts_have_identities_of_their_own(
    raw: Raw, cloud: LocalCloud, clients: Clients
) -> None:
    """A principal while it is asked for, gone with the resource."""
    own = {"identity": {"type": "SystemAssigned"}}
    none = {"identity": {"type": "None"}}
    for path, body in ((f"{SIGNALR}/chat-1", FREE), (f"{STORAGE}/chatstore1", ACCOUNT)):
        raw("PUT", raw.group + path, {**body, **own})
        principal = raw("GET", raw.group + path).body["identity"]["principalId"]
        raw("PATCH", raw.group + path, {"tags": {"a": "b"}})
        assert raw("GET", raw.group + path).body["identity"]["principalId"] == principal
        assert cloud.call(cloud.entra.directory.principal, principal) is not None
        assert raw("PATCH", raw.group + path, {"identity": {"type": "UserAssigned"}}).status == 400
        raw("DELETE", raw.group + path)
        assert cloud.call(cloud.entra.directory.principal, principal) is None
        raw("PUT", raw.group + path, {**body, **own})
        raw("PATCH", raw.group + path, none)
        assert "identity" not in raw("GET", raw.group + path).body


def test_an_app_with_an_identity_can_ask_for_tokens(clients: Clients, cloud: LocalCloud) -> None:
    """principalId in the answer; endpoint and secret in the environment, not in the settings."""
    make_site(clients)
    site = clients.web.web_apps.update(
        "class", "chat-api", {"identity": {"type": "SystemAssigned"}}
    )
    spec = cloud.planes.sites["chat-api"]
    assert spec.principal_id == site.identity.principal_id
    assert {"IDENTITY_ENDPOINT", "IDENTITY_HEADER"} <= set(spec.app_settings)
    assert (
        "IDENTITY_HEADER"
        not in clients.web.web_apps.list_application_settings("class", "chat-api").properties
    )


@pytest.mark.parametrize(
    ("kind", "path", "body", "status", "code"),
    [
        ("name-taken", f"{SIGNALR}/chat-1", FREE, 400, "BadArgument"),
        ("name-taken", f"{STORAGE}/chatstore1", ACCOUNT, 409, "StorageAccountAlreadyTaken"),
        (
            "not-registered",
            f"{STORAGE}/chatstore1",
            ACCOUNT,
            409,
            "MissingSubscriptionRegistration",
        ),
        ("free-quota", f"{SIGNALR}/chat-1", FREE, 400, "FreeTierQuotaExceeded"),
        ("throttled", f"{SIGNALR}/chat-1", FREE, 429, "SubscriptionRequestsThrottled"),
        ("no-shared-key", f"{STORAGE}/chatstore1", ACCOUNT, 403, "RequestDisallowedByPolicy"),
        ("server-error", "/providers/Microsoft.Web/sites/chat-api", {}, 500, "InternalServerError"),
        ("unavailable", "/providers/Microsoft.Web/sites/chat-api", {}, 503, "ServerTimeout"),
        ("gateway-timeout", "/providers/Microsoft.Web/sites/chat-api", {}, 504, "GatewayTimeout"),
        (
            "region-without-flex",
            "/providers/Microsoft.Web/serverfarms/p",
            {"sku": {"name": "FC1"}},
            400,
            "BadRequest",
        ),
    ],
)
def test_a_fault_hits_once_and_is_gone(
    raw: Raw, cloud: LocalCloud, kind: str, path: str, body: Any, status: int, code: str
) -> None:
    """The error in Azure's words, then the same request meets no fault."""
    cloud.call(cloud.arm.context.faults.set, kind)
    reply = raw("PUT", raw.group + path, body)
    assert (reply.status, reply.code) == (status, code)
    assert (
        raw("PUT", raw.group + path, body).status != status or not cloud.arm.context.faults.active
    )


def test_the_sdk_gets_over_a_throttled_put_and_an_unregistered_provider(
    clients: Clients, cloud: LocalCloud
) -> None:
    """azure-core repeats after Retry-After by itself."""
    cloud.call(cloud.arm.context.faults.set, "throttled", times=2)
    assert make_storage(clients).name == "chatstore1"


def test_a_dropped_connection_is_tried_again_by_the_sdk(
    clients: Clients, cloud: LocalCloud
) -> None:
    """No answer at all, then a good one."""
    cloud.call(cloud.arm.context.faults.set, "dropped", path="/resourcegroups/class")
    assert clients.resources.resource_groups.get("class").name == "class"


def test_faults_and_time_outlive_a_restart(cloud: LocalCloud) -> None:
    """They are in the store."""
    cloud.call(cloud.arm.context.faults.set, "slow", times=0, seconds=0.1)
    cloud.stop()
    cloud.start()
    assert cloud.arm.context.faults.active["slow"].seconds == 0.1
    cloud.call(cloud.arm.context.faults.clear)
    assert not cloud.arm.context.faults.active


def test_the_newest_signalr_error_is_parsed_by_the_sdk(cloud: LocalCloud, clients: Clients) -> None:
    """azure-core fills HttpResponseError.error from Resource Manager's shape."""
    client: SignalRManagementClient = clients.signalr
    wanted = SignalRResource(location="eastus2", sku=ResourceSku(name="Gold"))
    with pytest.raises(HttpResponseError) as refused:
        client.signal_r.begin_create_or_update("class", "chat-1", wanted)
    assert refused.value.error is not None and refused.value.error.code == "InvalidParameter"


def test_an_app_finds_an_account_that_a_setting_names_by_azures_domain(
    clients: Clients, cloud: LocalCloud
) -> None:
    """The app gets the address here; the setting stays as az has written it."""
    make_storage(clients), make_site(clients)
    domain = "DefaultEndpointsProtocol=https;EndpointSuffix=core.windows.net"
    text = f"{domain};AccountName=chatstore1;AccountKey=eA=="
    clients.web.web_apps.update_application_settings(
        "class", "chat-api", {"properties": {"AzureWebJobsStorage": text}}
    )
    assert (
        cloud.planes.sites["chat-api"]
        .app_settings["AzureWebJobsStorage"]
        .endswith(";BlobEndpoint=https://localhost:1/chatstore1")
    )
    assert (
        clients.web.web_apps.list_application_settings("class", "chat-api").properties[
            "AzureWebJobsStorage"
        ]
        == text
    )
