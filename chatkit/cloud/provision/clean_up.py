"""Clean-up with a receipt: everything is deleted, and every line of the receipt says how we know."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from azure.core.exceptions import AzureError, ResourceNotFoundError

from chatkit.cloud.calls import Calls
from chatkit.cloud.connection import Cloud
from chatkit.cloud.provision.receipt import Item
from chatkit.wire.connection_strings import SignalRConnectionString
from chatkit.wire.tokens import rest_token

PROBE_HUB = "chat"
REST_API = "2022-06-01"


@dataclass(frozen=True)
class Names:
    """What is to be deleted."""

    resource_group: str
    signalr: str
    storage_account: str
    plan: str
    function_app: str


def delete_everything(cloud: Cloud, calls: Calls, names: Names) -> list[Item]:
    """Delete the resource group with all it holds, then ask for each thing again.

    Returns:
        The receipt: the group and its resources by Resource Manager, the access key by the service itself.
    """
    key = _signalr_key(cloud, calls, names)
    try:
        calls.finish(cloud.resources().resource_groups.begin_delete, names.resource_group)
    except ResourceNotFoundError:
        pass
    return [*_receipt(cloud, calls, names), _key_item(cloud, key)]


def _receipt(cloud: Cloud, calls: Calls, names: Names) -> list[Item]:
    group, accounts = names.resource_group, cloud.storage().storage_accounts
    return [
        _item("resource group", lambda: calls.call(cloud.resources().resource_groups.get, group)),
        _item(
            "SignalR Service instance",
            lambda: calls.call(cloud.signalr().signal_r.get, group, names.signalr),
        ),
        _item(
            "storage account",
            lambda: calls.call(accounts.get_properties, group, names.storage_account),
        ),
        _item(
            "function app", lambda: calls.call(cloud.web().web_apps.get, group, names.function_app)
        ),
        _item("plan", lambda: calls.call(cloud.web().app_service_plans.get, group, names.plan)),
    ]


def _item(what: str, ask: Callable[[], object]) -> Item:
    try:
        ask()
    except ResourceNotFoundError:
        return Item(what, "GET answers 404", gone=True)
    return Item(what, "GET still finds it", gone=False)


def _signalr_key(cloud: Cloud, calls: Calls, names: Names) -> str:
    try:
        keys = calls.call(cloud.signalr().signal_r.list_keys, names.resource_group, names.signalr)
    except ResourceNotFoundError:
        return ""
    return str(keys.primary_connection_string or "")


def _key_item(cloud: Cloud, key: str) -> Item:
    """Try the key that worked a minute ago: the service must refuse it, or be gone."""
    if not key:
        return Item("access key", "there was none", gone=True)
    connection = SignalRConnectionString.parse(key)
    path = f"/api/hubs/{PROBE_HUB}/:send?api-version={REST_API}"
    headers = {
        "Authorization": f"Bearer {rest_token(connection, path)}",
        "Content-Type": "application/json",
    }
    body = b'{"target":"keyProbe","arguments":[]}'
    try:
        answer = cloud.rest(connection.server_url, signed_in=False).post(
            path, content=body, headers=headers, retry_total=0
        )
    except AzureError:
        return Item("access key", "its service no longer answers", gone=True)
    if answer.status_code < 300:
        return Item("access key", "its service still takes it", gone=False)
    return Item("access key", f"its service answers {answer.status_code}", gone=True)
