"""The SignalR Service instance, over the real SDK client."""

from __future__ import annotations

from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError

from chatkit.cloud.provision.signalr import create_signalr
from chatkit.cloud.stack import Stack
from chatkit.core.errors import ServiceError
from tests.cloud.fake_azure import FakeAzure

INSTANCE: dict[str, Any] = {
    "name": "chatkit-x",
    "location": "eastus2",
    "sku": {"name": "Free_F1", "tier": "Free", "capacity": 1},
    "properties": {
        "provisioningState": "Succeeded",
        "features": [{"flag": "ServiceMode", "value": "Serverless"}],
    },
}
PATH = "Microsoft.SignalRService/signalR/chatkit-x"


def usages(current: int) -> dict[str, Any]:
    """The region's quotas."""
    return {
        "value": [{"name": {"value": "FreeTierInstances"}, "currentValue": current, "limit": 5}]
    }


@pytest.fixture
def empty(azure: FakeAzure) -> FakeAzure:
    """A subscription where the name is free."""
    azure.on("POST", "checkNameAvailability", (200, {"nameAvailable": True}, {}))
    azure.on("GET", "usages", (200, usages(2), {}))
    azure.on("PUT", PATH, (201, INSTANCE, {}))
    return azure


def test_one_request_makes_a_free_serverless_instance(empty: FakeAzure, stack: Stack) -> None:
    """Every later change would take another minute."""
    create_signalr(stack)
    (put,) = empty.sent("PUT")
    assert put.body["sku"] == {"name": "Free_F1", "tier": "Free", "capacity": 1}
    assert put.body["properties"]["features"] == [{"flag": "ServiceMode", "value": "Serverless"}]
    assert put.body["properties"]["cors"] == {"allowedOrigins": ["*"]}
    assert not empty.sent("PATCH")


def test_the_second_time_only_looks(empty: FakeAzure, stack: Stack) -> None:
    """A PUT on an existing instance takes Azure a minute as well."""
    empty.on("GET", PATH, (200, INSTANCE, {}))
    create_signalr(stack)
    assert [(call.verb, call.method) for call in stack.calls.made] == [
        ("GET", "SignalROperations.get")
    ]


def test_an_instance_in_another_mode_is_made_serverless(empty: FakeAzure, stack: Stack) -> None:
    """In default mode negotiate works, and every message is refused."""
    wrong = {**INSTANCE, "properties": {"provisioningState": "Succeeded", "features": []}}
    empty.on("GET", PATH, (200, wrong, {}))
    empty.on("PUT", PATH, (200, INSTANCE, {}))
    create_signalr(stack)
    assert len(empty.sent("PUT")) == 1


def test_a_taken_name_is_said_before_anything_is_made(empty: FakeAzure, stack: Stack) -> None:
    """The service's own sentence, and what to do."""
    answer = {
        "nameAvailable": False,
        "reason": "AlreadyExists",
        "message": "The name is already taken.",
    }
    empty.on("POST", "checkNameAvailability", (200, answer, {}))
    with pytest.raises(ServiceError, match="already taken") as caught:
        create_signalr(stack)
    assert "suffix" in caught.value.hint
    assert not empty.sent("PUT")


def test_an_error_of_the_service_passes_unwrapped_with_a_hint(
    empty: FakeAzure, stack: Stack
) -> None:
    """Learners meet azure.core.exceptions, and a remedy below it."""
    body = {"error": {"code": "QuotaExceeded", "message": "Free instances of this region: 5 of 5."}}
    empty.on("PUT", PATH, (409, body, {}))
    with pytest.raises(HttpResponseError) as caught:
        create_signalr(stack)
    assert "free SignalR instances" in "".join(caught.value.__notes__)


def test_a_used_up_quota_is_said_before_a_minute_is_spent(empty: FakeAzure, stack: Stack) -> None:
    """The limit is the region's own figure."""
    empty.on("GET", "usages", (200, usages(5), {}))
    with pytest.raises(ServiceError, match="All 5 free SignalR instances of eastus2"):
        create_signalr(stack)
    assert not empty.sent("PUT")
