"""Resource group, resource providers, and what is left after their deletion."""

from __future__ import annotations

from dataclasses import replace
from threading import Barrier
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError

from chatkit.cloud.provision import clean_up, resource_group
from chatkit.cloud.stack import Stack
from chatkit.core.errors import ServiceError
from tests.cloud.fake_azure import Answer, FakeAzure, Request

GROUP: dict[str, Any] = {
    "name": "g",
    "location": "eastus2",
    "properties": {"provisioningState": "Succeeded"},
}
KEY = "Endpoint=https://localhost;Port=1;AccessKey=" + "c2VjcmV0" * 8 + ";Version=1.0;"


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatkit.cloud.calls.time.sleep", lambda seconds: None)


def test_a_group_that_exists_is_left_alone(azure: FakeAzure, stack: Stack) -> None:
    """Its tags may be somebody's."""
    azure.on("GET", "resourcegroups/g", (200, GROUP, {}))
    assert resource_group.create_resource_group(stack).location == "eastus2"
    assert not azure.sent("PUT")


def test_a_group_that_is_being_deleted_is_waited_for(azure: FakeAzure, stack: Stack) -> None:
    """Clean-up and a new start right after it."""
    left = iter([204, 204, 404])
    azure.on(
        "GET",
        "resourcegroups/g",
        (200, {**GROUP, "properties": {"provisioningState": "Deleting"}}, {}),
    )
    azure.on("HEAD", "resourcegroups/g", lambda request: (next(left), None, {}))
    azure.on("PUT", "resourcegroups/g", (201, GROUP, {}))
    resource_group.create_resource_group(stack)
    assert len(azure.sent("HEAD")) == 3
    assert azure.sent("PUT")[0].body["tags"] == {"made-by": "chatkit"}


def test_providers_register_at_the_same_time(azure: FakeAzure, stack: Stack) -> None:
    """Each takes Azure up to a minute: all three must have begun before one is done."""
    together = Barrier(3)
    registered = set()

    def register(request: Request) -> Answer:
        together.wait(10)
        registered.add(request.path.split("/")[3])
        return 200, {"registrationState": "Registering"}, {}

    def state(request: Request) -> Answer:
        name = request.path.split("/")[3].partition("?")[0]
        return (
            200,
            {"registrationState": "Registered" if name in registered else "NotRegistered"},
            {},
        )

    azure.on("GET", "providers/", state)
    azure.on("POST", "register", register)
    resource_group.register_providers(stack)
    assert registered == {*resource_group.PROVIDERS}


def test_a_provider_that_never_gets_ready_is_named(
    azure: FakeAzure, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a time, not for ever."""
    monkeypatch.setattr(resource_group, "REGISTER_LIMIT_S", -1)
    azure.on("GET", "providers/", (200, {"registrationState": "Registering"}, {}))
    azure.on("POST", "register", (200, {"registrationState": "Registering"}, {}))
    with pytest.raises(ServiceError, match="is still Registering"):
        resource_group.register_providers(stack)


def test_no_right_to_register_is_said_with_the_remedy(azure: FakeAzure, stack: Stack) -> None:
    """Somebody else has to do it once."""
    azure.on("GET", "providers/", (200, {"registrationState": "NotRegistered"}, {}))
    azure.on(
        "POST", "register", (403, {"error": {"code": "AuthorizationFailed", "message": "no"}}, {})
    )
    with pytest.raises(HttpResponseError) as caught:
        resource_group.register_providers(stack)
    assert "Contributor" in "".join(caught.value.__notes__)


def test_what_is_still_found_is_not_called_gone(azure: FakeAzure, stack: Stack) -> None:
    """A receipt that cannot fail proves nothing."""
    azure.on("DELETE", "resourcegroups/g", (200, None, {}))
    azure.on("GET", "sites/site[?]", (200, {"name": "site", "properties": {}}, {}))
    items = {item.what: item for item in clean_up.delete_everything(stack)}
    assert not items["function app"].gone
    assert items["plan"].gone and items["plan"].proof == "GET answers 404"


@pytest.mark.parametrize(
    ("status", "gone", "proof"),
    [(401, True, "its service answers 401"), (202, False, "its service still takes it")],
)
def test_the_old_key_is_tried(
    azure: FakeAzure, stack: Stack, status: int, gone: bool, proof: str
) -> None:
    """The service itself says whether it still opens anything."""
    azure.on(
        "POST",
        "signalR/chatkit-x/listKeys",
        (200, {"primaryConnectionString": KEY}, {}),
    )
    azure.on("DELETE", "resourcegroups/g", (200, None, {}))
    azure.on("POST", "api/hubs/chat/:send", (status, None, {}))
    (item,) = [item for item in clean_up.delete_everything(stack) if item.what == "access key"]
    assert (item.gone, item.proof) == (gone, proof)


def test_nothing_to_clean_up_is_a_receipt_as_well(azure: FakeAzure, stack: Stack) -> None:
    """A cell can be run again."""
    assert all(item.gone for item in clean_up.delete_everything(stack))


def test_the_old_key_is_tried_at_the_rooms_own_hub(azure: FakeAzure, stack: Stack) -> None:
    """A key opens every hub, and the one that people chat in is the one that must be closed."""
    azure.on("POST", "listKeys", (200, {"primaryConnectionString": KEY}, {}))
    room = replace(stack, names=replace(stack.names, hub="lobby"))
    list(clean_up.delete_everything(room))
    assert azure.sent("POST", "api/hubs/lobby/:send") and not azure.sent("POST", "hubs/chat")


def test_an_instance_without_keys_is_deleted_all_the_same(azure: FakeAzure, stack: Stack) -> None:
    """After `remove_keys` it answers 403 to who asks for them."""
    refusal = {"error": {"code": "LocalAuthDisabled", "message": "There are no access keys."}}
    azure.on("POST", "listKeys", (403, refusal, {}))
    azure.on("DELETE", "resourcegroups/g", (200, None, {}))
    (item,) = [one for one in clean_up.delete_everything(stack) if one.what == "access key"]
    assert item.gone and item.proof == "there was none"
    assert azure.sent("DELETE")
