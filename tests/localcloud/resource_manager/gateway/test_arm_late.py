"""Resource Manager on a clock that knows changes late, as Azure does."""

from __future__ import annotations

from uuid import uuid4

import pytest

from chatkit.core.time.propagation import HOST_NAME, LIST, ROLE, SCM, SETTINGS, drawn_s
from chatkit.localcloud.entra.core.roles import BY_NAME
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


def test_a_new_site_and_its_changed_settings_are_known_late(
    raw: Raw, late: Times, cloud: LocalCloud
) -> None:
    """Each kind under the site's name, and again for the next change."""
    site = f"{raw.group}/providers/Microsoft.Web/sites/chat-late"
    body = {"location": "eastus2", "kind": "functionapp,linux", "properties": {"reserved": True}}
    assert raw("PUT", site, body).status < 300
    clock = cloud.arm.context.clock
    kinds = (HOST_NAME, SCM, SETTINGS)
    assert [clock.is_late(kind, "chat-late") for kind in kinds] == [True, True, False]
    late.suspend(max(drawn_s(HOST_NAME, 0, SEED), drawn_s(SCM, 0, SEED)))
    token = Raw(cloud)
    settings = f"{site}/config/appsettings"
    assert token("PUT", settings, {"properties": {"A": "1"}}).status == 200
    assert [clock.is_late(kind, "chat-late") for kind in kinds] == [False, False, True]
    late.suspend(drawn_s(SETTINGS, 0, SEED))
    assert not clock.is_late(SETTINGS, "chat-late")
