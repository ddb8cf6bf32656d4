"""Blob service and containers: one state, whether Resource Manager or the service sets it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import requests
from azure.core.exceptions import HttpResponseError
from azure.mgmt.storage.models import (
    BlobContainer,
    BlobServiceProperties,
    StorageAccountUpdateParameters,
)
from azure.storage.blob import BlobServiceClient, CorsRule, RetentionPolicy

from chatkit.cloud import local_cloud
from chatkit.cloud.calls import Calls
from chatkit.cloud.connection import Cloud
from chatkit.cloud.provision import storage
from chatkit.cloud.provision.resource_group import create_resource_group, register_providers
from chatkit.cloud.stack import Stack
from chatkit.cloud.targets import connect_local
from chatkit.core.settings import Names

GROUP = "cors"
ACCOUNT = "corsstore1"
PAGE = "http://127.0.0.1:5500"
RULE = {
    "allowedOrigins": [PAGE],
    "allowedMethods": ["GET", "PUT"],
    "allowedHeaders": ["x-ms-*", "content-type"],
    "exposedHeaders": ["x-ms-request-id"],
    "maxAgeInSeconds": 120,
}
ASKED = {
    "Origin": PAGE,
    "Access-Control-Request-Method": "PUT",
    "Access-Control-Request-Headers": "x-ms-blob-type",
}


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """A local cloud of its own with one storage account."""
    home = tmp_path_factory.mktemp("home")
    local_cloud.start(home / "local")
    made = connect_local(home)
    names = replace(Names.of("blobs1"), resource_group=GROUP, storage_account=ACCOUNT)
    stack = Stack(made, Calls(), names)
    register_providers(stack)
    create_resource_group(stack)
    storage.create_storage_account(stack)
    yield made
    local_cloud.stop(home / "local")


@pytest.fixture
def blobs(cloud: Cloud) -> Iterator[BlobServiceClient]:
    """The account's blob service, without rules."""
    account = cloud.storage().storage_accounts.get_properties(GROUP, ACCOUNT)
    with cloud.blobs(storage.blob_url(account)) as client:
        client.set_service_properties(cors=[])
        yield client


def put_rules(cloud: Cloud, *rules: dict[str, Any]) -> Any:
    """Set the rules through Resource Manager; returns what it shows afterwards."""
    wanted = BlobServiceProperties({"properties": {"cors": {"corsRules": [*rules]}}})
    services = cloud.storage().blob_services
    services.set_service_properties(GROUP, ACCOUNT, wanted)
    return services.get_service_properties(GROUP, ACCOUNT).as_dict()["properties"]["cors"][
        "corsRules"
    ]


def browser(
    cloud: Cloud, blobs: BlobServiceClient, method: str, headers: dict[str, str]
) -> requests.Response:
    """A browser's request to a blob."""
    return requests.request(
        method, f"{blobs.url}box/a.txt", headers=headers, verify=str(cloud.ca_file), timeout=30
    )


def test_rules_set_through_resource_manager_count_for_browsers(
    cloud: Cloud, blobs: BlobServiceClient
) -> None:
    """The page's origin passes, another does not; the storage client sees the same rule."""
    assert put_rules(cloud, RULE) == [RULE]
    asked = browser(cloud, blobs, "OPTIONS", ASKED)
    assert (asked.status_code, asked.headers["Access-Control-Allow-Origin"]) == (200, PAGE)
    assert (
        asked.headers["Access-Control-Max-Age"] == "120"
        and asked.headers["Access-Control-Allow-Methods"] == "PUT"
    )
    assert (
        browser(cloud, blobs, "OPTIONS", {**ASKED, "Origin": "http://evil.example"}).status_code
        == 403
    )
    answer = browser(cloud, blobs, "GET", {"Origin": PAGE})
    assert answer.headers["Access-Control-Allow-Origin"] == PAGE
    assert answer.headers["Access-Control-Expose-Headers"] == "x-ms-request-id"
    (seen,) = blobs.get_service_properties()["cors"]
    assert (seen.allowed_origins, seen.allowed_methods, seen.max_age_in_seconds) == (
        PAGE,
        "GET,PUT",
        120,
    )


def test_rules_set_at_the_service_are_seen_by_resource_manager(
    cloud: Cloud, blobs: BlobServiceClient
) -> None:
    """And a PUT without rules leaves them alone, one with none takes them away."""
    blobs.set_service_properties(
        cors=[CorsRule([PAGE], ["GET"], allowed_headers=["*"], max_age_in_seconds=5)]
    )
    services = cloud.storage().blob_services
    kept = services.set_service_properties(
        GROUP, ACCOUNT, BlobServiceProperties({"properties": {}})
    ).as_dict()
    (rule,) = kept["properties"]["cors"]["corsRules"]
    assert (rule["allowedOrigins"], rule["maxAgeInSeconds"], rule["exposedHeaders"]) == (
        [PAGE],
        5,
        [],
    )
    assert put_rules(cloud) == [] and blobs.get_service_properties()["cors"] == []
    assert browser(cloud, blobs, "OPTIONS", ASKED).status_code == 403


@pytest.mark.parametrize(
    "rules", [[{**RULE, "allowedMethods": ["FETCH"]}], [{**RULE, "allowedOrigins": []}], [RULE] * 6]
)
def test_rules_that_the_service_does_not_take_change_nothing(
    cloud: Cloud, blobs: BlobServiceClient, rules: list[dict[str, Any]]
) -> None:
    """400 in Azure's shape; what was there stays."""
    put_rules(cloud, RULE)
    with pytest.raises(HttpResponseError) as refused:
        put_rules(cloud, *rules)
    assert refused.value.status_code == 400 and refused.value.error is not None
    assert len(blobs.get_service_properties()["cors"]) == 1


def test_a_containers_access_and_metadata_are_one_state(
    cloud: Cloud, blobs: BlobServiceClient
) -> None:
    """Changed through Resource Manager, seen by the service; and the other way round."""
    accounts = cloud.storage().storage_accounts
    containers = cloud.storage().blob_containers
    accounts.update(
        GROUP,
        ACCOUNT,
        StorageAccountUpdateParameters({"properties": {"allowBlobPublicAccess": True}}),
    )
    wanted = BlobContainer({"properties": {"publicAccess": "Blob", "metadata": {"by": "arm"}}})
    containers.create(GROUP, ACCOUNT, "shown", wanted)
    box = blobs.get_container_client("shown")
    box.upload_blob("a.txt", b"hello")
    url = f"{blobs.url}shown/a.txt"
    assert requests.get(url, verify=str(cloud.ca_file), timeout=30).text == "hello"
    assert (
        box.get_container_properties().metadata,
        box.get_container_properties().public_access,
    ) == ({"by": "arm"}, "blob")
    containers.update(
        GROUP, ACCOUNT, "shown", BlobContainer({"properties": {"publicAccess": "None"}})
    )
    assert requests.get(url, verify=str(cloud.ca_file), timeout=30).status_code == 404
    box.set_container_access_policy({}, public_access="container")
    assert (
        containers.get(GROUP, ACCOUNT, "shown").as_dict()["properties"]["publicAccess"]
        == "Container"
    )
    assert {item.name for item in containers.list(GROUP, ACCOUNT)} >= {"shown"}


@pytest.mark.parametrize("name", ["deleteRetentionPolicy", "isVersioningEnabled"])
def test_what_would_have_no_effect_is_refused(
    cloud: Cloud, blobs: BlobServiceClient, name: str
) -> None:
    """Soft delete and versions are not provided: nothing says that they are on, on either side."""
    wanted = {name: True if name.startswith("is") else {"enabled": True, "days": 7}}
    with pytest.raises(HttpResponseError) as refused:
        cloud.storage().blob_services.set_service_properties(
            GROUP, ACCOUNT, BlobServiceProperties({"properties": wanted})
        )
    assert refused.value.status_code == 501
    with pytest.raises(HttpResponseError) as refused:
        blobs.set_service_properties(delete_retention_policy=RetentionPolicy(enabled=True, days=7))
    assert (
        refused.value.status_code == 501
        and not blobs.get_service_properties()["delete_retention_policy"].enabled
    )
