"""Clean-up with a receipt: everything is deleted, and each line says how we know."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress

from azure.core.exceptions import AzureError, HttpResponseError, ResourceNotFoundError

from chatkit.cloud.provision.receipt import Item
from chatkit.cloud.provision.signalr import KEYS_REFUSED
from chatkit.cloud.recent import DELETED
from chatkit.cloud.stack import Stack
from chatkit.wire.connection_strings import SignalRConnectionString
from chatkit.wire.tokens import rest_token

NOT_FOUND = 404
NO_RIGHT = 403
REST_API = "2022-06-01"


def delete_everything(stack: Stack) -> Iterator[Item]:
    """Delete the resource group with all it holds, then ask for each thing again.

    Yields:
        The receipt: the group and its resources as Resource Manager says it, the access key as the
        service itself does.
    """
    key = _signalr_key(stack)
    group = stack.names.resource_group
    groups = stack.cloud.resources().resource_groups
    with suppress(ResourceNotFoundError):
        stack.calls.finish(groups.begin_delete, group)
        stack.recent.note(DELETED, group)
    try:
        yield _item("resource group", lambda: stack.calls.call(groups.get, group))
    except AzureError:
        yield Item("resource group", "its deletion was reported", gone=True)
        raise
    yield from _receipt(stack)
    yield _key_item(stack, key)


def _receipt(stack: Stack) -> Iterator[Item]:
    names = stack.names
    call = stack.calls.call
    group = names.resource_group
    instances = stack.cloud.signalr().signal_r
    accounts = stack.cloud.storage().storage_accounts
    sites = stack.cloud.web().web_apps
    plans = stack.cloud.web().app_service_plans
    if names.shared:
        yield Item("SignalR Service instance", "it is your class's, and stays", gone=True)
    else:
        yield _item("SignalR Service instance", lambda: call(instances.get, group, names.signalr))
    yield _item(
        "storage account", lambda: call(accounts.get_properties, group, names.storage_account)
    )
    yield _item("function app", lambda: call(sites.get, group, names.function_app))
    yield _item("plan", lambda: call(plans.get, group, names.plan))


def _item(what: str, ask: Callable[[], object]) -> Item:
    try:
        ask()
    except ResourceNotFoundError:
        return Item(what, "GET answers 404", gone=True)
    except HttpResponseError as error:
        # Who had rights on the group alone has them no more: they are deleted with it.
        if error.status_code != NO_RIGHT:
            raise
        return Item(what, "GET answers 403: your rights went with the group", gone=True)
    return Item(what, "GET still finds it", gone=False)


def _signalr_key(stack: Stack) -> str:
    if stack.names.shared:
        return ""
    list_keys = stack.cloud.signalr().signal_r.list_keys
    try:
        keys = stack.calls.call(list_keys, stack.names.resource_group, stack.names.signalr)
    except HttpResponseError as error:
        if error.status_code not in (NOT_FOUND, KEYS_REFUSED):
            raise
        return ""
    return str(keys.primary_connection_string or "")


def _key_item(stack: Stack, key: str) -> Item:
    """Try the key that worked a minute ago: the service must refuse it, or be gone."""
    if not key:
        return Item("access key", "there was none", gone=True)
    connection = SignalRConnectionString.parse(key)
    path = f"/api/hubs/{stack.names.hub}/:send?api-version={REST_API}"
    headers = {
        "Authorization": f"Bearer {rest_token(connection, path)}",
        "Content-Type": "application/json",
    }
    body = b'{"target":"keyProbe","arguments":[]}'
    service = stack.cloud.rest(connection.server_url, signed_in=False)
    try:
        answer = service.post(path, content=body, headers=headers, retry_total=0)
    except AzureError:
        return Item("access key", "its service no longer answers", gone=True)
    if answer.status_code < 300:
        return Item("access key", "its service still takes it", gone=False)
    return Item("access key", f"its service answers {answer.status_code}", gone=True)
