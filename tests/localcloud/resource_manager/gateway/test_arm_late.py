"""Resource Manager on a clock that knows changes late, as Azure does."""

from __future__ import annotations

from uuid import uuid4

import pytest

from chatkit.core.time.propagation import (
    APP_HOST,
    DELETED,
    HOST_NAME,
    LIST,
    NAME,
    REGISTRATION,
    REVOKED,
    ROLE,
    SCM,
    SETTINGS,
    drawn_s,
)
from chatkit.localcloud.entra.core.roles import BY_NAME, Assignment, Roles
from tests.localcloud.resource_manager.arm_cloud import Clients, LocalCloud
from tests.localcloud.resource_manager.raw import Raw
from tests.times import Times

ACCOUNT = "/providers/Microsoft.Storage/storageAccounts/chatkit0late"
NEW = {"location": "eastus2", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}}
ASSIGNMENTS = "/providers/Microsoft.Authorization/roleAssignments"
READER = BY_NAME["Reader"]
SEED = 5


@pytest.fixture
def late(clients: Clients, cloud: LocalCloud, times: Times) -> Times:
    """The mode, at a scale at which operations themselves take no time worth waiting for."""
    clock = cloud.arm.context.clock
    cloud.call(clock.choose, "azure", 1e-4, cloud.platform.store, seed=SEED)
    clock.propagating.length_s = lambda seconds: seconds
    return times


def names(raw: Raw, path: str) -> list[str]:
    """What a list has."""
    version = "2024-03-01" if path.endswith("/resources") else ""
    return [one["name"] for one in raw("GET", path, version=version).body["value"]]


def test_a_new_resource_is_in_the_lists_of_a_cache_late(raw: Raw, late: Times) -> None:
    """Its provider's list of the group, and its own address, have it at once."""
    assert raw("PUT", raw.group + ACCOUNT, NEW).status < 300
    subscription = raw.group.rpartition("/resourceGroups")[0]
    type_ = ACCOUNT.rpartition("/")[0]
    cached = (f"{raw.group}/resources", f"{subscription}/resources", subscription + type_)
    assert [names(raw, path) for path in cached] == [[], [], []]
    assert raw("GET", raw.group + ACCOUNT).status == 200
    assert names(raw, raw.group + type_) == ["chatkit0late"]
    late.suspend(drawn_s(LIST, 0, SEED))
    token = Raw(raw.cloud)
    assert [names(token, path) for path in cached] == [["chatkit0late"]] * 3
    assert token("PUT", raw.group + ACCOUNT, NEW).status < 300
    assert names(token, cached[0]) == ["chatkit0late"]


def test_a_role_counts_late(raw: Raw, late: Times, cloud: LocalCloud) -> None:
    """403 before, though it is kept and listed at once."""
    directory = cloud.entra.directory
    made = cloud.call(directory.create_application, "mallory", owner="", changes={})
    principal = cloud.call(directory.create_service_principal, made["appId"]).id
    given = {
        "roleDefinitionId": f"/providers/Microsoft.Authorization/roleDefinitions/{READER}",
        "principalId": principal,
        "principalType": "ServicePrincipal",
    }
    path = f"{raw.group}{ASSIGNMENTS}/{uuid4()}"
    answer = raw("PUT", path, {"properties": given}, version="2022-04-01")
    assert answer.status == 201
    assert raw("GET", path, version="2022-04-01").status == 200
    roles = cloud.arm.context.roles
    assert not roles.allows(principal, raw.group, "Microsoft.Web/sites/read")
    late.suspend(drawn_s(ROLE, 0, SEED))
    assert roles.allows(principal, raw.group, "Microsoft.Web/sites/read")


def test_a_new_identity_gets_a_role_at_once_only_with_its_type(raw: Raw, late: Times) -> None:
    """PrincipalNotFound else: Azure looks for the principal in the directory."""
    subscription = raw.group.rpartition("/resourceGroups")[0]
    raw(
        "POST", f"{subscription}/providers/Microsoft.ManagedIdentity/register", version="2024-03-01"
    )
    identity = f"{raw.group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/late"
    made = raw("PUT", identity, {"location": "eastus2"})
    assert made.status < 300
    given = {
        "roleDefinitionId": f"/providers/Microsoft.Authorization/roleDefinitions/{READER}",
        "principalId": made.body["properties"]["principalId"],
    }
    path = f"{raw.group}{ASSIGNMENTS}/{uuid4()}"
    refused = raw("PUT", path, {"properties": given}, version="2022-04-01")
    assert refused.code == "PrincipalNotFound"
    typed = {**given, "principalType": "ServicePrincipal"}
    other = f"{raw.group}{ASSIGNMENTS}/{uuid4()}"
    assert raw("PUT", other, {"properties": typed}, version="2022-04-01").status == 201
    assert raw("DELETE", other, version="2022-04-01").status == 200
    late.suspend(drawn_s(REGISTRATION, 0, SEED))
    answer = Raw(raw.cloud)("PUT", path, {"properties": given}, version="2022-04-01")
    assert answer.status == 201


def test_a_role_that_was_taken_away_counts_on(raw: Raw, late: Times, cloud: LocalCloud) -> None:
    """It is in no list, and opens what it opened; a restart of the local cloud ends that."""
    directory = cloud.entra.directory
    made = cloud.call(directory.create_application, "mallory", owner="", changes={})
    principal = cloud.call(directory.create_service_principal, made["appId"]).id
    path = f"{raw.group}{ASSIGNMENTS}/{uuid4()}"
    roles = cloud.arm.context.roles
    cloud.call(roles.assign, Assignment(path, raw.group, READER, principal))
    assert raw("DELETE", path, version="2022-04-01").status == 200
    assert raw("GET", path, version="2022-04-01").status == 404
    assert roles.allows(principal, raw.group, "Microsoft.Web/sites/read")
    anew = cloud.call(Roles, cloud.platform.store)
    assert not anew.allows(principal, raw.group, "Microsoft.Web/sites/read")
    late.suspend(drawn_s(REVOKED, 0, SEED))
    assert not roles.allows(principal, raw.group, "Microsoft.Web/sites/read")


def test_a_deleted_resource_stays_in_the_lists_of_a_cache(raw: Raw, late: Times) -> None:
    """Its own address and its provider's list of the group know better."""
    account = raw.group + ACCOUNT
    assert raw("PUT", account, NEW).status < 300
    late.suspend(drawn_s(LIST, 0, SEED))
    token = Raw(raw.cloud)
    subscription = raw.group.rpartition("/resourceGroups")[0]
    type_ = ACCOUNT.rpartition("/")[0]
    cached = (f"{raw.group}/resources", f"{subscription}/resources", subscription + type_)
    assert token("DELETE", account).status == 200
    assert token("GET", account).status == 404
    assert names(token, raw.group + type_) == []
    assert [names(token, path) for path in cached] == [["chatkit0late"]] * 3
    assert token("DELETE", account).status == 204
    late.suspend(drawn_s(DELETED, 0, SEED))
    assert [names(Raw(raw.cloud), path) for path in cached] == [[], [], []]


def test_a_deleted_group_stays_in_the_list_of_groups(raw: Raw, late: Times) -> None:
    """Nothing can be made in it, and it can be made anew."""
    subscription, _, _ = raw.group.rpartition("/")
    group = f"{subscription}/away"
    version = "2024-03-01"
    assert raw("PUT", group, {"location": "eastus2"}, version=version).status == 201
    answer = raw("DELETE", group, version=version)
    while answer.status == 202:
        answer = raw("GET", answer.headers["Location"])
    assert raw("GET", group, version=version).status == 404
    listed = raw("GET", subscription, version=version).body["value"]
    gone = next(one for one in listed if one["name"] == "away")
    assert gone["properties"]["provisioningState"] == "Deleting"
    assert raw("PUT", group + ACCOUNT, NEW).code == "ResourceGroupNotFound"
    assert raw("PUT", group, {"location": "eastus2"}, version=version).status == 201
    listed = raw("GET", subscription, version=version).body["value"]
    again = next(one for one in listed if one["name"] == "away")
    assert again["properties"]["provisioningState"] == "Succeeded"


def test_a_deleted_name_is_free_late(raw: Raw, late: Times) -> None:
    """It is refused as one that somebody has; the question whether it is free says so, too."""
    account = raw.group + ACCOUNT
    assert raw("PUT", account, NEW).status < 300
    assert raw("DELETE", account).status == 200
    assert raw("PUT", account, NEW).code == "StorageAccountAlreadyTaken"
    subscription = raw.group.rpartition("/resourceGroups")[0]
    check = f"{subscription}/providers/Microsoft.Storage/checkNameAvailability"
    asked = {"name": "chatkit0late", "type": "Microsoft.Storage/storageAccounts"}
    assert raw("POST", check, asked).body["nameAvailable"] is False
    late.suspend(drawn_s(NAME, 0, SEED))
    token = Raw(raw.cloud)
    assert token("POST", check, asked).body["nameAvailable"] is True
    assert token("PUT", account, NEW).status < 300


def test_another_mode_makes_all_of_it_known(raw: Raw, late: Times, cloud: LocalCloud) -> None:
    """Who goes back to `fast` has a cloud without surprises, from the next request on."""
    account = raw.group + ACCOUNT
    assert raw("PUT", account, NEW).status < 300
    assert raw("DELETE", account).status == 200
    cloud.call(cloud.arm.context.clock.choose, "fast", 1.0, cloud.platform.store)
    assert names(raw, f"{raw.group}/resources") == []
    assert raw("PUT", account, NEW).status < 300
    assert names(raw, f"{raw.group}/resources") == ["chatkit0late"]


def test_a_new_site_and_its_changed_settings_are_known_late(
    raw: Raw, late: Times, cloud: LocalCloud
) -> None:
    """Each kind under the site's name, and again for the next change."""
    site = f"{raw.group}/providers/Microsoft.Web/sites/chat-late"
    body = {"location": "eastus2", "kind": "functionapp,linux", "properties": {"reserved": True}}
    assert raw("PUT", site, body).status < 300
    clock = cloud.arm.context.clock

    def late_now() -> list[bool]:
        names = {HOST_NAME: APP_HOST.format("chat-late"), SCM: "chat-late", SETTINGS: "chat-late"}
        return [clock.is_late(kind, name) for kind, name in names.items()]

    assert late_now() == [True, True, False]
    late.suspend(max(drawn_s(HOST_NAME, 0, SEED), drawn_s(SCM, 0, SEED)))
    token = Raw(cloud)
    settings = f"{site}/config/appsettings"
    assert token("PUT", settings, {"properties": {"A": "1"}}).status == 200
    assert late_now() == [False, False, True]
    late.suspend(drawn_s(SETTINGS, 0, SEED))
    assert not clock.is_late(SETTINGS, "chat-late")
