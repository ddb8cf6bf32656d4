"""App Service Authentication of the deployed app.

First the app registration, then its secret, then authsettingsV2. Follows Microsoft's page
"Configure your App Service or Azure Functions app to use Microsoft Entra sign-in".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from azure.mgmt.web.models import (
    AuthPlatform,
    AzureActiveDirectory,
    AzureActiveDirectoryLogin,
    AzureActiveDirectoryRegistration,
    AzureActiveDirectoryValidation,
    GlobalValidation,
    HttpSettings,
    IdentityProviders,
    Login,
    SiteAuthSettingsV2,
    SiteAuthSettingsV2Properties,
    TokenStore,
)

from chatkit.cloud.connection import Cloud
from chatkit.cloud.provision.app_registration import SECRET_SETTING, Registration
from chatkit.cloud.provision.app_settings import merge_app_settings
from chatkit.cloud.stack import Stack

PROVIDER = "aad"
CALLBACK = f"/.auth/login/{PROVIDER}/callback"
# offline_access: a refresh token, so that sessions can be renewed.
SCOPES = "openid profile email offline_access"


@dataclass(frozen=True)
class Addresses:
    """Where the function app and its page are.

    Attributes:
        web_url: Where people may be sent after sign-in: the website.
    """

    api_base_url: str
    web_url: str

    @property
    def callback(self) -> str:
        """Where the identity provider sends people back."""
        return self.api_base_url + CALLBACK


def enable_authentication(stack: Stack, addresses: Addresses, registration: Registration) -> None:
    """Make sure people can sign in to the deployed app. Nothing is written that is there already.

    Args:
        stack: Whose function app it is.
        addresses: Where app and page are.
        registration: Of the app, as Entra knows it.
    """
    merge_app_settings(stack, {SECRET_SETTING: registration.secret})
    wanted = _settings(stack.cloud, addresses, registration.client_id)
    current = _read_settings(stack).as_dict().get("properties")
    names = stack.names
    write = stack.cloud.web().web_apps.update_auth_settings_v2
    if _holds(current, wanted.as_dict()["properties"]):
        stack.calls.would_call(write, names.resource_group, names.function_app, wanted)
    else:
        stack.calls.call(write, names.resource_group, names.function_app, wanted)


def provider_of(stack: Stack) -> str:
    """Alias of the identity provider of the app, empty while authentication is off."""
    found = _read_settings(stack).as_dict().get("properties") or {}
    if not (found.get("platform") or {}).get("enabled"):
        return ""
    microsoft = (found.get("identityProviders") or {}).get("azureActiveDirectory") or {}
    if microsoft.get("enabled") is False:
        return ""
    return PROVIDER if (microsoft.get("registration") or {}).get("clientId") else ""


def _read_settings(stack: Stack) -> SiteAuthSettingsV2:
    ask = stack.cloud.web().web_apps.get_auth_settings_v2_without_secrets
    return stack.calls.call(ask, stack.names.resource_group, stack.names.function_app)


def _settings(cloud: Cloud, addresses: Addresses, client_id: str) -> SiteAuthSettingsV2:
    """Let anonymous requests pass: the page says what is missing, the app what needs a name."""
    microsoft = AzureActiveDirectory(
        enabled=True,
        registration=AzureActiveDirectoryRegistration(
            open_id_issuer=f"{cloud.authority}/{cloud.tenant_id}/v2.0",
            client_id=client_id,
            client_secret_setting_name=SECRET_SETTING,
        ),
        login=AzureActiveDirectoryLogin(login_parameters=[f"scope={SCOPES}"]),
        validation=AzureActiveDirectoryValidation(allowed_audiences=[f"api://{client_id}"]),
    )
    return SiteAuthSettingsV2(
        properties=SiteAuthSettingsV2Properties(
            platform=AuthPlatform(enabled=True, runtime_version="~1"),
            global_validation=GlobalValidation(
                require_authentication=False, unauthenticated_client_action="AllowAnonymous"
            ),
            identity_providers=IdentityProviders(azure_active_directory=microsoft),
            login=Login(
                token_store=TokenStore(enabled=True),
                allowed_external_redirect_urls=[addresses.web_url],
            ),
            http_settings=HttpSettings(require_https=True),
        )
    )


def _holds(current: Any, wanted: Any) -> bool:
    """Whether everything wanted stands in the current document, whatever else does."""
    if not isinstance(wanted, dict):
        return bool(current == wanted)
    if not isinstance(current, dict):
        return False
    return all(_holds(current.get(name), value) for name, value in wanted.items())
