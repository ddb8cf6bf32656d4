"""A deployed chat without keys: the app's managed identity, its roles, and keys switched off.

Follows Microsoft's pages "Use identity-based connections" of Azure Functions and "Disable local
authentication" of SignalR Service.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

import jwt
from azure.core.exceptions import ServiceRequestError, ServiceResponseError
from azure.core.rest import HttpResponse
from azure.mgmt.storage.models import (
    StorageAccountPropertiesUpdateParameters,
    StorageAccountUpdateParameters,
)

from chatkit.cloud.calls import lasting
from chatkit.cloud.connection import without_syntax_warnings
from chatkit.cloud.hints import code_of_answer
from chatkit.cloud.provision import signalr, storage
from chatkit.cloud.provision.app_registration import SECRET_SETTING
from chatkit.cloud.provision.app_settings import (
    HOST_STORAGE,
    read_app_settings,
    write_app_settings,
)
from chatkit.cloud.provision.function_app import DEPLOYMENT_SETTING
from chatkit.cloud.stack import Stack
from chatkit.core.errors import ServiceError

with without_syntax_warnings():
    from azure.mgmt.signalr.models import SignalRResource

SIGNALR_SETTING = "AzureSignalRConnectionString"
SERVICE_URI = f"{SIGNALR_SETTING}__serviceUri"
# Role definitions have these ids in every tenant.
SIGNALR_SERVICE_OWNER = "7e4f1700-ea5a-4f59-8f37-079cfe29dce3"
STORAGE_BLOB_DATA_OWNER = "b7e6dc6d-f1e8-4753-8033-0f276bb0955b"
ROLES = (SIGNALR_SERVICE_OWNER, STORAGE_BLOB_DATA_OWNER)
ROLE_VERSION = "2022-04-01"
ASSIGNMENTS = "/providers/Microsoft.Authorization/roleAssignments"
SITE_VERSION = "2025-05-01"
SAME_ROLE = 409
ROLE_EXISTS = "RoleAssignmentExists"
NO_RIGHT = 403
ROLES_LIMIT_S = 900.0
SIGNALR_SCOPE = "https://signalr.azure.com/.default"
TOKEN_VERSION = "2022-11-01"
SYSTEM_ASSIGNED = "SystemAssigned"
USER_ASSIGNED = "UserAssigned"
# Settings that hold a key, and what a connection without one is told instead.
KEYS = (SIGNALR_SETTING, HOST_STORAGE, DEPLOYMENT_SETTING)


def remove_keys(stack: Stack) -> Mapping[str, str]:
    """Let a deployed chat work without keys, and switch the keys off.

    The roles come first, the keys go last: the chat works in between.

    Returns:
        The app settings that came in the place of keys; none of them is secret.
    """
    assign_roles(stack, identify(stack))
    settings = use_identity(stack)
    publish_with_identity(stack)
    disable_keys(stack)
    return settings


def assign_roles(stack: Stack, principal: str) -> None:
    """Give the app's identity what the chat needs: both roles, each at one resource alone."""
    names = stack.names
    instances = stack.cloud.signalr().signal_r
    instance = stack.calls.call(instances.get, names.signalr_group, names.signalr)
    account = storage.read_account(stack)
    assign_role(stack, SIGNALR_SERVICE_OWNER, principal, str(instance.id))
    assign_role(stack, STORAGE_BLOB_DATA_OWNER, principal, str(account.id))


def has_roles(stack: Stack) -> bool:
    """Whether the app's identity has both roles; some take minutes more until they count."""
    names = stack.names
    get = stack.cloud.web().web_apps.get
    site = stack.calls.call(get, names.resource_group, names.function_app).as_dict()
    principal = (site.get("identity") or {}).get("principalId")
    group = f"/subscriptions/{stack.cloud.subscription_id}/resourceGroups/{names.resource_group}"
    url = f"{group}{ASSIGNMENTS}?api-version={ROLE_VERSION}"
    manager = stack.cloud.rest(stack.cloud.resource_manager)
    answer = stack.calls.call(manager.send, "GET", url)
    answer.raise_for_status()
    found = [one["properties"] for one in answer.json()["value"]]
    mine = [one["roleDefinitionId"] for one in found if one["principalId"] == principal]
    return all(any(id.endswith(role) for id in mine) for role in ROLES)


def keys_in_use(stack: Stack) -> list[str]:
    """Names of the app's settings with a key of SignalR Service or of the storage account."""
    return [name for name in KEYS if name in read_app_settings(stack)]


def use_identity(stack: Stack) -> Mapping[str, str]:
    """Name the services in the app's settings, in the place of their keys.

    Returns:
        The settings that came; none of them is secret.
    """
    names = stack.names
    instances = stack.cloud.signalr().signal_r
    instance = stack.calls.call(instances.get, names.signalr_group, names.signalr)
    settings = {
        SERVICE_URI: signalr.address(stack, instance),
        f"{HOST_STORAGE}__accountName": names.storage_account,
        f"{HOST_STORAGE}__credential": "managedidentity",
    }
    _change_settings(stack, settings)
    return settings


def disable_keys(stack: Stack) -> None:
    """Let SignalR Service and the storage account refuse keys from now on."""
    names = stack.names
    instances = stack.cloud.signalr().signal_r
    instance = stack.calls.call(instances.get, names.signalr_group, names.signalr)
    switched = SignalRResource(location=instance.location, disable_local_auth=True)
    stack.calls.finish(instances.begin_update, names.signalr_group, names.signalr, switched)
    stack.calls.call(
        stack.cloud.storage().storage_accounts.update,
        names.resource_group,
        names.storage_account,
        StorageAccountUpdateParameters(
            properties=StorageAccountPropertiesUpdateParameters(allow_shared_key_access=False)
        ),
    )


def sign_in_secret(stack: Stack) -> str:
    """Name of the app setting that still holds a secret: the one of sign-in; empty without it."""
    return SECRET_SETTING if read_app_settings(stack).get(SECRET_SETTING) else ""


def let_caller_in(stack: Stack) -> None:
    """Let the signed-in account use SignalR Service without a key: local functions run as it.

    It returns when that works; on Azure it takes minutes after the role was given.

    Raises:
        ServiceError: It does not work in a quarter of an hour.
    """
    names = stack.names
    instances = stack.cloud.signalr().signal_r
    instance = stack.calls.call(instances.get, names.signalr_group, names.signalr)
    token = stack.cloud.credential.get_token(*stack.cloud.credential_scopes).token
    claims = jwt.decode(token, options={"verify_signature": False})
    kind = "User" if claims.get("idtyp") == "user" else "ServicePrincipal"
    # A class has given the role at its instance already, and nobody in it may give roles there.
    if not names.shared:
        assign_role(stack, SIGNALR_SERVICE_OWNER, str(claims["oid"]), str(instance.id), kind=kind)
    _wait_until_let_in(stack, signalr.address(stack, instance))


def _wait_until_let_in(stack: Stack, address: str) -> None:
    service = stack.cloud.rest(address, signed_in=False)
    token = stack.cloud.credential.get_token(SIGNALR_SCOPE).token
    headers = {"Authorization": f"Bearer {token}"}
    url = f"{address}/api/hubs/{stack.names.hub}/:generateToken?api-version={TOKEN_VERSION}"
    for _ in stack.calls.waiting(ROLES_LIMIT_S, "SignalR Service knows the role"):
        try:
            answer = service.post(url, headers=headers, retry_total=0)
        except (ServiceRequestError, ServiceResponseError):
            continue  # a new instance's host name is known late
        if answer.status_code != NO_RIGHT:
            return
    raise ServiceError(
        NO_RIGHT,
        "RolesMissing",
        "SignalR Service does not let the signed-in account in after"
        f" {lasting(ROLES_LIMIT_S)}. A new role counts only after a while.",
        hint="Run the cell again: the role stays.",
    )


def identify(stack: Stack, *, assigned: str = "") -> str:
    """Give the function app a system-assigned identity beside those it has.

    Args:
        stack: Whose function app it is.
        assigned: Id of a user-assigned identity that it gets, too.

    Returns:
        The object id of the system-assigned one.
    """
    names = stack.names
    get = stack.cloud.web().web_apps.get
    site = stack.calls.call(get, names.resource_group, names.function_app).as_dict()
    known = (site.get("identity") or {}).get("userAssignedIdentities") or {}
    others: dict[str, dict[str, str]] = dict.fromkeys(known, {})
    # Azure may spell an id in other letters than those it was assigned with.
    if assigned and assigned.lower() not in {one.lower() for one in known}:
        others[assigned] = {}
    identity: dict[str, Any] = {"type": SYSTEM_ASSIGNED}
    if others:
        identity["type"] += f", {USER_ASSIGNED}"
        identity["userAssignedIdentities"] = others
    answer = _patch_site(stack, {"identity": identity})
    return str(answer.json()["identity"]["principalId"])


def publish_with_identity(stack: Stack) -> None:
    """Let the deployment reach its container with the identity, too."""
    names = stack.names
    get = stack.cloud.web().web_apps.get
    site = stack.calls.call(get, names.resource_group, names.function_app)
    config = site.as_dict()["properties"]["functionAppConfig"]
    config["deployment"]["storage"]["authentication"] = {"type": "SystemAssignedIdentity"}
    _patch_site(stack, {"properties": {"functionAppConfig": config}})


def _patch_site(stack: Stack, body: dict[str, Any]) -> HttpResponse:
    names = stack.names
    group = f"/subscriptions/{stack.cloud.subscription_id}/resourceGroups/{names.resource_group}"
    path = f"{group}/providers/Microsoft.Web/sites/{names.function_app}?api-version={SITE_VERSION}"
    manager = stack.cloud.rest(stack.cloud.resource_manager)
    answer = stack.calls.call(manager.send, "PATCH", path, json=body)
    answer.raise_for_status()
    return answer


def assign_role(
    stack: Stack, role: str, principal: str, scope: str, *, kind: str = "ServicePrincipal"
) -> None:
    """Make sure that a principal has a role at a resource."""
    # The same name each time, so that a second run makes no second assignment.
    name = uuid.uuid5(uuid.UUID(principal), f"{scope}/{role}".lower())
    path = f"{scope}{ASSIGNMENTS}/{name}"
    subscription = f"/subscriptions/{stack.cloud.subscription_id}"
    wanted = {
        "roleDefinitionId": f"{subscription}/providers/Microsoft.Authorization"
        f"/roleDefinitions/{role}",
        "principalId": principal,
        # With its type, Azure does not look for a principal that its directory has yet to learn of.
        "principalType": kind,
    }
    manager = stack.cloud.rest(stack.cloud.resource_manager)
    url = f"{path}?api-version={ROLE_VERSION}"
    answer = stack.calls.call(manager.send, "PUT", url, json={"properties": wanted})
    if answer.status_code != SAME_ROLE or code_of_answer(answer) != ROLE_EXISTS:
        answer.raise_for_status()


def _change_settings(stack: Stack, wanted: Mapping[str, str]) -> None:
    """Put settings in the place of those that hold a key, in one write: each restarts the app."""
    current = read_app_settings(stack)
    kept = {name: value for name, value in current.items() if name not in KEYS}
    meant = {*wanted, *KEYS}
    write_app_settings(stack, {**kept, **wanted}, current=current, meant=meant)
