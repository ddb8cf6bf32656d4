"""What the kit sends to Resource Manager, and what it gets back, fits Azure's own models."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from chatkit.cloud.calls import Calls
from chatkit.cloud.connection import Cloud
from chatkit.cloud.provision.app_settings import merge_app_settings, origin_of, set_cors
from chatkit.cloud.provision.clean_up import delete_everything
from chatkit.cloud.provision.everything import provision
from chatkit.cloud.provision.signalr import connection_string
from chatkit.cloud.provision.storage import enable_static_website
from chatkit.cloud.publish.functions import wait_until_listed
from chatkit.cloud.stack import Stack
from chatkit.core.settings import Names
from tests.localcloud.resource_manager.arm_cloud import LocalCloud, Planes

USED = {
    "ResourceGroups_CreateOrUpdate",
    "SignalR_CreateOrUpdate",
    "SignalR_ListKeys",
    "StorageAccounts_Create",
    "StorageAccounts_ListKeys",
    "BlobContainers_Create",
    "BlobServices_SetServiceProperties",
    "AppServicePlans_CreateOrUpdate",
    "WebApps_CreateOrUpdate",
    "WebApps_UpdateApplicationSettings",
    "WebApps_UpdateConfiguration",
    "WebApps_ListFunctions",
    "ResourceGroups_Delete",
}


def kit_of(running: LocalCloud) -> Cloud:
    """The kit's own clients, pointed at a Resource Manager that is watched."""
    known = running.endpoints
    return Cloud(
        "local",
        known["subscription_id"],
        known["tenant_id"],
        running.credential(),
        known["resource_manager"],
        ca_file=Path(known["ca_file"]),
        app_scheme="http",
        graph=known["graph"],
        authority=known["authority"],
    )


@pytest.fixture
def running(tmp_path: Path) -> LocalCloud:
    """A Resource Manager whose operations are all checked; it has stopped after the sequence."""
    made = LocalCloud(tmp_path, Planes())
    made.start()
    try:
        whole_sequence(kit_of(made))
    finally:
        made.stop()
    return made


def whole_sequence(cloud: Cloud) -> None:
    """Every verb that talks to Resource Manager, in the tutorial's order; the first ones twice."""
    stack = Stack(cloud, Calls(), Names.of("abc123"))
    for _ in range(2):
        provision(stack)
    key = connection_string(stack)
    merge_app_settings(stack, {"AzureSignalRConnectionString": key})
    page = enable_static_website(stack)
    set_cors(stack, origin_of(page))
    wait_until_listed(stack)
    list(delete_everything(stack))


def test_nothing_the_kit_sends_or_gets_is_outside_the_models(running: LocalCloud) -> None:
    """In requests and answers no required property is missing, and none is unknown."""
    assert running.specs.problems == []
    assert running.specs.seen >= USED, json.dumps(sorted(USED - running.specs.seen))
