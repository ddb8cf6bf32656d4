"""All resources in one go, over the real SDK clients."""

from __future__ import annotations

from dataclasses import replace
from threading import Event
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError

from chatkit.cloud.calls import Calls
from chatkit.cloud.connection import Cloud
from chatkit.cloud.provision.everything import create_function_app, provision
from chatkit.cloud.provision.function_app import create_plan
from chatkit.cloud.stack import Stack
from chatkit.core.errors import SetupError
from chatkit.core.settings import Names
from tests.cloud.fake_azure import Answer, FakeAzure, Request

ACCOUNT = {
    "name": "chatkitabc123",
    "location": "eastus2",
    "sku": {"name": "Standard_LRS"},
    "kind": "StorageV2",
    "properties": {
        "provisioningState": "Succeeded",
        "accessTier": "Hot",
        "primaryEndpoints": {
            "blob": "https://acc.blob.example/",
            "web": "https://acc.web.example/",
        },
    },
}
INSTANCE = {
    "name": "chatkit-abc123",
    "location": "eastus2",
    "sku": {"name": "Free_F1"},
    "properties": {
        "provisioningState": "Succeeded",
        "features": [{"flag": "ServiceMode", "value": "Serverless"}],
    },
}
PLAN = {
    "id": "/plan",
    "name": "p",
    "location": "East US 2",
    "properties": {"provisioningState": "Succeeded"},
}
SITE = {
    "name": "chatkit-abc123-api",
    "location": "East US 2",
    "properties": {"defaultHostName": "chatkit-abc123-api.example"},
}


@pytest.fixture
def stack(cloud: Cloud, calls: Calls) -> Stack:
    """A chat room with the names that its suffix gives it."""
    return Stack(cloud, calls, Names.of("abc123"))


def remember(azure: FakeAzure, pattern: str, made: Any) -> None:
    """A resource that exists once it was put."""

    def put(request: Request) -> Answer:
        azure.on("GET", pattern, (200, made, {}))
        return 200, made, {}

    azure.on("PUT", pattern, put)


@pytest.fixture
def subscription(azure: FakeAzure) -> FakeAzure:
    """An empty subscription that grants everything."""
    azure.on(
        "GET", "providers/Microsoft.[A-Za-z]+[?]", (200, {"registrationState": "Registered"}, {})
    )
    azure.on("POST", "checkNameAvailability", (200, {"nameAvailable": True}, {}))
    azure.on("GET", "locations/eastus2/usages", (200, {"value": []}, {}))
    azure.on(
        "GET", "geoRegions", (200, {"value": [{"name": "East US 2"}, {"name": "West US 2"}]}, {})
    )
    azure.on("POST", "listKeys", (200, {"keys": [{"keyName": "key1", "value": "a2V5"}]}, {}))
    azure.on(
        "POST", "config/appsettings/list", (200, {"properties": {"AzureWebJobsStorage": "old"}}, {})
    )
    azure.on("PUT", "config/appsettings", (200, {"properties": {}}, {}))
    remember(
        azure,
        "resourcegroups/[^/]+[?]",
        {"location": "eastus2", "properties": {"provisioningState": "Succeeded"}},
    )
    remember(azure, "signalR/[^/]+[?]", INSTANCE)
    remember(azure, "storageAccounts/[^/]+[?]", ACCOUNT)
    remember(azure, "containers/app-package", {"name": "app-package"})
    remember(azure, "serverfarms/[^/]+[?]", PLAN)
    remember(azure, "sites/[^/]+[?]", SITE)
    azure.on("GET", "blobServices/default", (200, {"properties": {}}, {}))
    azure.on("PUT", "blobServices/default[?]", lambda request: (200, request.body, {}))
    return azure


def test_everything_exists_afterwards(subscription: FakeAzure, stack: Stack) -> None:
    """And its addresses are known."""
    assert provision(stack) == {
        "resource_group": "chatkit-abc123",
        "signalr": "chatkit-abc123",
        "storage_account": "chatkitabc123",
        "function_app": "chatkit-abc123-api",
        "api_base_url": "https://chatkit-abc123-api.example",
        "web_url": "https://acc.web.example/",
    }


def test_a_flex_site_gets_runtime_package_container_and_storage(
    subscription: FakeAzure, stack: Stack
) -> None:
    """And none of the settings that Flex refuses."""
    provision(stack)
    (put,) = subscription.sent("PUT", "sites/chatkit")
    config = put.body["properties"]["functionAppConfig"]
    assert config["runtime"] == {"name": "python", "version": "3.12"}
    assert config["deployment"]["storage"]["value"] == "https://acc.blob.example/app-package"
    names = [pair["name"] for pair in put.body["properties"]["siteConfig"]["appSettings"]]
    assert names == ["AzureWebJobsStorage", "DEPLOYMENT_STORAGE_CONNECTION_STRING"]


def test_instance_account_and_plan_are_made_at_the_same_time(
    subscription: FakeAzure, stack: Stack
) -> None:
    """Each waits until the two others have begun: in sequence this would never end."""
    begun = {name: Event() for name in ("signalR/", "storageAccounts/", "serverfarms/")}

    def together(name: str, made: Any) -> Any:
        def put(request: Request) -> Answer:
            begun[name].set()
            assert all(event.wait(10) for event in begun.values())
            subscription.on("GET", f"{name}[^/]+[?]", (200, made, {}))
            return 200, made, {}

        return put

    for name, made in (
        ("signalR/", INSTANCE),
        ("storageAccounts/", ACCOUNT),
        ("serverfarms/", PLAN),
    ):
        subscription.on("PUT", f"{name}[^/]+[?]", together(name, made))
    provision(stack)


def test_the_second_time_only_looks(subscription: FakeAzure, stack: Stack) -> None:
    """No resource is written again; settings are merged."""
    provision(stack)
    before = len(
        subscription.sent(
            "PUT",
            "resourcegroups/[^/]+[?]|signalR/|storageAccounts/[^/]+[?]|serverfarms|sites/[^/]+[?]",
        )
    )
    provision(stack)
    after = len(
        subscription.sent(
            "PUT",
            "resourcegroups/[^/]+[?]|signalR/|storageAccounts/[^/]+[?]|serverfarms|sites/[^/]+[?]",
        )
    )
    assert before == after == 5


def test_a_failure_does_not_stop_what_does_not_depend_on_it(
    subscription: FakeAzure, stack: Stack
) -> None:
    """The next run has less to do."""
    refused = {"error": {"code": "QuotaExceeded", "message": "no more free instances"}}
    subscription.on("PUT", "signalR/", (409, refused, {}))
    with pytest.raises(HttpResponseError, match="no more free instances"):
        provision(stack)
    assert subscription.sent("PUT", "sites/chatkit")


def test_two_failures_are_both_told_but_the_same_one_once(
    subscription: FakeAzure, stack: Stack
) -> None:
    """The second is in a note of the first."""
    for path in ("signalR/", "storageAccounts/"):
        subscription.on(
            "PUT", path, (409, {"error": {"code": "Conflict", "message": f"no {path}"}}, {})
        )
    with pytest.raises(HttpResponseError, match="no signalR/") as caught:
        provision(stack)
    assert "no storageAccounts/" in "".join(caught.value.__notes__)
    subscription.on(
        "GET",
        "serverfarms/",
        (404, {"error": {"code": "ResourceGroupNotFound", "message": "gone"}}, {}),
    )
    subscription.on(
        "GET",
        "storageAccounts/",
        (404, {"error": {"code": "ResourceGroupNotFound", "message": "gone"}}, {}),
    )
    subscription.on(
        "PUT", "/", (404, {"error": {"code": "ResourceGroupNotFound", "message": "gone"}}, {})
    )
    with pytest.raises(HttpResponseError, match="gone") as caught:
        create_function_app(stack)
    assert not [note for note in caught.value.__notes__ if note.startswith("Besides")]


def test_calls_read_the_same_however_threads_ran(subscription: FakeAzure, cloud: Cloud) -> None:
    """A stored notebook and a new run agree."""
    names = Names.of("abc123")
    provision(Stack(cloud, Calls(), names))
    orders = set()
    for _ in range(5):
        stack = Stack(cloud, Calls(), names)
        provision(stack)
        orders.add(tuple((call.method, call.resource) for call in stack.calls.made))
    assert len(orders) == 1


def test_a_region_without_flex_is_said_before_anything_is_made(
    subscription: FakeAzure, stack: Stack
) -> None:
    """With the regions that have it."""
    with pytest.raises(SetupError, match="moonbase1 does not offer") as caught:
        create_plan(replace(stack, names=Names.of("abc123", region="moonbase1")))
    assert "eastus2, westus2" in caught.value.hint
    assert not subscription.sent("PUT")
