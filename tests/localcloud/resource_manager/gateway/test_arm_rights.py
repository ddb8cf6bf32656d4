"""What those see and may use in Resource Manager who have a role in a part of it."""

from __future__ import annotations

import uuid

import pytest

from chatkit.localcloud.entra.core.roles import BY_NAME, Assignment
from tests.localcloud.resource_manager.arm_cloud import LocalCloud
from tests.localcloud.resource_manager.raw import Raw

EAST = {"location": "eastus2"}
ACCOUNT = {**EAST, "kind": "StorageV2", "sku": {"name": "Standard_LRS"}}
FLEX = {**EAST, "sku": {"name": "FC1", "tier": "FlexConsumption"}, "properties": {"reserved": True}}
STORAGE = "/providers/Microsoft.Storage/storageAccounts"
PLANS = "/providers/Microsoft.Web/serverFarms"


def with_role(cloud: LocalCloud, role: str, scope: str) -> Raw:
    """A caller with one role."""
    identity = cloud.call(cloud.entra.directory.create_identity, "robot")
    id_ = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}"
    if role:
        made = Assignment(id_, scope, BY_NAME[role], identity)
        cloud.call(cloud.entra.tokens.roles.assign, made)
    return Raw(cloud, cloud.entra.tokens.issue("https://management.azure.com", {"oid": identity}))


@pytest.fixture
def two_groups(raw: Raw) -> Raw:
    """An account in the group "class", another one in the group "other"."""
    for group, name in (("class", "oursx1"), ("other", "theirsx1")):
        path = raw.group.replace("class", group)
        raw("PUT", path, EAST)
        assert raw("PUT", f"{path}{STORAGE}/{name}", ACCOUNT).status in (200, 202)
    return raw


def names(raw: Raw, path: str) -> list[str]:
    """Names of the entries of a list."""
    reply = raw("GET", path)
    assert reply.status == 200, reply.body
    return [entry["name"] for entry in reply.body["value"]]


def test_a_list_has_what_its_reader_may_read(two_groups: Raw, cloud: LocalCloud) -> None:
    """A Reader of one group sees the subscription, that group and what is in it."""
    reader = with_role(cloud, "Reader", two_groups.group)
    subscription = two_groups.group.removesuffix("/resourceGroups/class")
    assert names(reader, f"{subscription}/resourceGroups") == ["class"]
    assert names(reader, f"{subscription}/resources") == ["oursx1"]
    assert names(reader, f"{subscription}{STORAGE}") == ["oursx1"]
    assert names(two_groups, f"{subscription}{STORAGE}") == ["oursx1", "theirsx1"]
    assert len(reader("GET", "/subscriptions").body["value"]) == 1
    assert reader("GET", subscription).status == 200
    for path in ("", "/resources", STORAGE, f"{STORAGE}/theirsx1"):
        other = two_groups.group.replace("class", "other")
        assert reader("GET", other + path).code == "AuthorizationFailed"
    with_role(cloud, "Owner", f"{two_groups.group}2")
    roles = f"{two_groups.group}/providers/Microsoft.Authorization/roleAssignments"
    listed = reader("GET", roles, version="2022-04-01").body["value"]
    assert {entry["properties"]["scope"] for entry in listed} == {subscription, two_groups.group}


def test_one_account_is_enough_to_be_listed(two_groups: Raw, cloud: LocalCloud) -> None:
    """A role on the resource alone: its group's list shows it, and nothing else."""
    scope = f"{two_groups.group}{STORAGE}/oursx1"
    raw = with_role(cloud, "Storage Account Contributor", scope)
    assert names(raw, f"{two_groups.group}/resources") == ["oursx1"]
    assert names(raw, two_groups.group + STORAGE) == ["oursx1"]
    assert raw("GET", two_groups.group).code == "AuthorizationFailed"
    assert (
        raw("GET", f"{two_groups.group}/providers/Microsoft.Resources/tags/default").status == 403
    )


def test_who_has_no_role_sees_no_subscription(two_groups: Raw, cloud: LocalCloud) -> None:
    """An empty list, and refusals: 403 for what is there and for what is not."""
    mallory = with_role(cloud, "", "")
    assert mallory("GET", "/subscriptions").body["value"] == []
    subscription = two_groups.group.removesuffix("/resourceGroups/class")
    for path in (
        subscription,
        f"{subscription}/resourceGroups",
        f"{subscription}/resources",
        f"{subscription}{STORAGE}",
        f"{subscription}/locations",
        f"{subscription}/providers",
        f"{two_groups.group}/resources",
        f"{two_groups.group}{STORAGE}/nobody",
        f"{two_groups.group}2",
    ):
        assert mallory("GET", path).code == "AuthorizationFailed", path


def test_who_works_in_one_group_polls_operations(raw: Raw, cloud: LocalCloud) -> None:
    """Their addresses lie in the subscription, where a Contributor of a group has no role."""
    robot = with_role(cloud, "Contributor", raw.group)
    reply = robot("PUT", f"{raw.group}{STORAGE}/madex1", ACCOUNT)
    assert reply.status == 202
    assert robot("GET", reply.headers["Location"]).status in (200, 202)
    reply = robot("DELETE", raw.group)
    assert reply.status == 202
    assert robot("GET", reply.headers["Location"]).status in (200, 202)


def test_a_site_goes_on_a_plan_that_its_maker_may_use(raw: Raw, cloud: LocalCloud) -> None:
    """LinkedAuthorizationFailed: the plan is named in the body, not in the path."""
    plan = f"{raw.group}{PLANS}/plan"
    assert raw("PUT", plan, FLEX).status == 200
    other = raw.group.replace("class", "other")
    raw("PUT", other, EAST)
    site = {**EAST, "kind": "functionapp,linux", "properties": {"serverFarmId": plan}}
    path = f"{other}/providers/Microsoft.Web/sites/theirs-api"
    contributor = with_role(cloud, "Contributor", other)
    assert contributor("PUT", path, site).code == "LinkedAuthorizationFailed"
    assert raw("GET", path).status == 404


def test_a_data_role_creates_containers(two_groups: Raw, cloud: LocalCloud) -> None:
    """Storage Blob Data Contributor has `containers/write`, and nothing else of the account."""
    scope = f"{two_groups.group}{STORAGE}/oursx1"
    robot = with_role(cloud, "Storage Blob Data Contributor", scope)
    container = f"{scope}/blobServices/default/containers/box"
    assert robot("PUT", container, {"properties": {}}).status == 201
    assert robot("POST", f"{scope}/listKeys").code == "AuthorizationFailed"
    assert robot("PUT", f"{scope}/blobServices/default", {}).code == "AuthorizationFailed"
