"""Sign-in without a client secret: a managed identity that the app's registration trusts.

Follows Microsoft's page "Configure your App Service or Azure Functions app to use Microsoft Entra
sign-in", section "Use a managed identity instead of a secret".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from azure.mgmt.web.models import SiteAuthSettingsV2

from chatkit.cloud.how.references import SECRET_ID, SECRET_NAME
from chatkit.cloud.provision.app_registration import APPLICATIONS, SECRET_SETTING
from chatkit.cloud.provision.app_settings import read_app_settings, write_app_settings
from chatkit.cloud.provision.keyless import identify
from chatkit.cloud.stack import Stack
from chatkit.core.errors import ServiceError, SetupError

IDENTITY_SETTING = "OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID"
PROVIDER = "Microsoft.ManagedIdentity"
IDENTITY_VERSION = "2023-01-31"
EXCHANGE = "api://AzureADTokenExchange"
CREDENTIAL = "app-service-authentication"
CONSISTENT_S = 300.0  # Graph and Entra learn of what is new only after a while
KNOWN = 409
REFUSED = 403
NOT_FOUND = 404
NOT_YOURS = (
    "This account may not change the app's registration. People sign in with the client secret"
    " as before."
)
ASK = (
    "Ask whoever made the registration to make you an owner of it, then call"
    " workshop.remove_client_secret() again."
)


def trust_identity(stack: Stack) -> str:
    """Let a user-assigned identity prove the app to Entra, in the place of its client secret.

    Returns:
        The client id of the app's registration.

    Raises:
        SetupError: Authentication is off.
    """
    names = stack.names
    properties = _settings(stack)
    registration = _registration(properties)
    client_id = str(registration.get("clientId") or "")
    if not client_id:
        raise SetupError(
            "Nobody can sign in to the app yet.",
            hint="workshop.enable_authentication() turns sign-in on.",
        )
    identity = _create(stack)
    identify(stack, assigned=str(identity["id"]))
    _trust(stack, client_id, str(identity["properties"]["principalId"]))
    current = read_app_settings(stack)
    wanted = {**current, IDENTITY_SETTING: str(identity["properties"]["clientId"])}
    write_app_settings(stack, wanted, current=current, meant=(IDENTITY_SETTING,))
    registration["clientSecretSettingName"] = IDENTITY_SETTING
    settings = SiteAuthSettingsV2({"properties": properties})
    write = stack.cloud.web().web_apps.update_auth_settings_v2
    stack.calls.call(write, names.resource_group, names.function_app, settings)
    return client_id


def client_id_of(stack: Stack) -> str:
    """The client id of the registration that people sign in with, whoever has made it."""
    return str(_registration(_settings(stack)).get("clientId") or "")


def is_used(stack: Stack) -> bool:
    """Whether an identity proves the app already, and no secret is left."""
    settings = read_app_settings(stack)
    return IDENTITY_SETTING in settings and SECRET_SETTING not in settings


def delete_secrets(stack: Stack, client_id: str) -> None:
    """Delete the client secrets that `register` has made, and the app setting with one."""
    address = f"{APPLICATIONS}(appId='{client_id}')"
    application = _graph(stack, "GET", address)
    secrets = application.get("passwordCredentials") or ()
    remove = f"{address}/removePassword"
    mine = [one["keyId"] for one in secrets if one.get("displayName") == SECRET_NAME]
    for key_id in mine:
        _graph(stack, "POST", remove, json={"keyId": key_id})
    if not mine:
        # They were deleted before: how that is done can be told all the same.
        gone = {"keyId": SECRET_ID}
        stack.calls.would_call(stack.cloud.graph_rest().send, "POST", remove, json=gone)
    current = read_app_settings(stack)
    kept = {name: value for name, value in current.items() if name != SECRET_SETTING}
    write_app_settings(stack, kept, current=current, meant=(SECRET_SETTING,))


def _settings(stack: Stack) -> dict[str, Any]:
    """The app's authentication settings."""
    names = stack.names
    ask = stack.cloud.web().web_apps.get_auth_settings_v2_without_secrets
    found = stack.calls.call(ask, names.resource_group, names.function_app).as_dict()
    properties: dict[str, Any] = found.get("properties") or {}
    return properties


def _registration(properties: dict[str, Any]) -> dict[str, Any]:
    providers = properties.get("identityProviders") or {}
    provider = providers.get("azureActiveDirectory") or {}
    registration: dict[str, Any] = provider.get("registration") or {}
    return registration


def _create(stack: Stack) -> dict[str, Any]:
    """Make the identity; it is there at once when it was there before."""
    names = stack.names
    providers = stack.cloud.resources().providers
    stack.calls.call(providers.register, PROVIDER)
    group = f"/subscriptions/{stack.cloud.subscription_id}/resourceGroups/{names.resource_group}"
    path = f"{group}/providers/{PROVIDER}/userAssignedIdentities/{names.sign_in_identity}"
    url = f"{path}?api-version={IDENTITY_VERSION}"
    send = stack.cloud.rest(stack.cloud.resource_manager).send
    # A subscription needs a moment after its provider was registered.
    for _ in stack.calls.waiting(CONSISTENT_S, f"{PROVIDER} is registered"):
        answer = stack.calls.call(send, "PUT", url, json={"location": names.region})
        if answer.status_code != KNOWN:
            break
    answer.raise_for_status()
    made: dict[str, Any] = answer.json()
    return made


def _trust(stack: Stack, client_id: str, subject: str) -> None:
    body = {
        "name": CREDENTIAL,
        "issuer": f"{stack.cloud.authority}/{stack.cloud.tenant_id}/v2.0",
        "subject": subject,
        "audiences": [EXCHANGE],
    }
    address = f"{APPLICATIONS}(appId='{client_id}')/federatedIdentityCredentials"
    known = _graph(stack, "GET", address)["value"]
    mine = [one for one in known if one["name"] == CREDENTIAL]
    if mine and mine[0]["subject"] == subject:
        stack.calls.would_call(stack.cloud.graph_rest().send, "POST", address, json=body)
        return
    if mine:  # of an identity that was deleted since
        _graph(stack, "DELETE", f"{address}/{mine[0]['id']}")
    _graph(stack, "POST", address, json=body, allowed=(KNOWN,))


def _graph(
    stack: Stack, method: str, url: str, *, json: object = None, allowed: Sequence[int] = ()
) -> Any:
    send = stack.cloud.graph_rest().send
    for _ in stack.calls.waiting(CONSISTENT_S, "Graph knows the app registration"):
        answer = stack.calls.call(send, method, url, json=json)
        if answer.status_code != NOT_FOUND or method == "DELETE":
            break
    if answer.status_code == REFUSED:
        raise ServiceError(REFUSED, "Authorization_RequestDenied", NOT_YOURS, hint=ASK)
    if answer.status_code not in allowed:
        answer.raise_for_status()
    return answer.json() if answer.content else {}
