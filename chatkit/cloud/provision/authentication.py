"""App Service Authentication of the deployed app: app registration, secret, authsettingsV2, always in that order.

Follows Microsoft's page "Configure your App Service or Azure Functions app to use Microsoft Entra sign-in".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from azure.core.exceptions import AzureError
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

from chatkit.cloud.calls import Calls
from chatkit.cloud.connection import Cloud
from chatkit.cloud.provision.app_settings import merge_app_settings, read_app_settings
from chatkit.cloud.provision.receipt import Item
from chatkit.core.errors import ServiceError

if TYPE_CHECKING:
    from azure.core.rest import HttpResponse

SECRET_SETTING = "MICROSOFT_PROVIDER_AUTHENTICATION_SECRET"
PROVIDER = "aad"
CALLBACK = f"/.auth/login/{PROVIDER}/callback"
SCOPES = "openid profile email offline_access"  # offline_access: a refresh token, so that sessions can be renewed
APPLICATIONS = "/v1.0/applications"
GRAPH_APP = "00000003-0000-0000-c000-000000000000"
USER_READ = "e1fe6dd8-ba31-4d61-89e7-88639da4683d"
CONSISTENT_S = 30.0  # Graph finds what was just made only after a while
MANUAL = (
    "Ask somebody who may register applications for one with the redirect URI {callback} and a client secret, then call"
    " workshop.enable_authentication(client_id=..., client_secret=...)."
)


@dataclass(frozen=True)
class Site:
    """The function app and its page.

    Attributes:
        web_url: Where people may be sent after sign-in: the website.
    """

    resource_group: str
    name: str
    api_base_url: str
    web_url: str

    @property
    def callback(self) -> str:
        """Where the identity provider sends people back."""
        return self.api_base_url + CALLBACK


@dataclass(frozen=True)
class Registration:
    """An app registration with a secret."""

    client_id: str
    secret: str = field(repr=False)


def enable_authentication(
    cloud: Cloud, calls: Calls, site: Site, *, given: Registration | None = None
) -> str:
    """Make sure people can sign in to the deployed app. Nothing is written that is there already.

    Args:
        cloud: The target.
        calls: Takes note of what is called.
        site: The function app.
        given: A registration made by hand; None makes one.

    Returns:
        The client id in use.

    Raises:
        ServiceError: The signed-in account may not register applications; the hint says what to do instead.
    """
    registration = given or _registration(cloud, calls, site)
    merge_app_settings(
        cloud, calls, site.resource_group, site.name, {SECRET_SETTING: registration.secret}
    )
    apps, wanted = cloud.web().web_apps, _settings(cloud, site, registration.client_id)
    current = calls.call(apps.get_auth_settings_v2_without_secrets, site.resource_group, site.name)
    if not _holds(current.as_dict().get("properties"), wanted.as_dict()["properties"]):
        calls.call(apps.update_auth_settings_v2, site.resource_group, site.name, wanted)
    return registration.client_id


def provider_of(cloud: Cloud, calls: Calls, group: str, site: str) -> str:
    """Alias of the identity provider that people can sign in with at a site, empty while authentication is off."""
    found = (
        calls.call(cloud.web().web_apps.get_auth_settings_v2_without_secrets, group, site)
        .as_dict()
        .get("properties")
        or {}
    )
    registration = (found.get("identityProviders") or {}).get("azureActiveDirectory") or {}
    on = (found.get("platform") or {}).get("enabled") and (
        registration.get("registration") or {}
    ).get("clientId")
    return PROVIDER if on and registration.get("enabled") is not False else ""


def is_registered(cloud: Cloud, calls: Calls, name: str) -> bool:
    """Whether Graph finds an app registration of a site's name; False, too, where this account may not look."""
    answer = calls.call(cloud.graph_rest().send, "GET", _by_name(name))
    return answer.status_code == 200 and bool(answer.json()["value"])


def delete_registration(cloud: Cloud, calls: Calls, client_id: str) -> Item:
    """Delete the app registration, and ask for it again."""
    graph, address = cloud.graph_rest(), f"{APPLICATIONS}(appId='{client_id}')"
    try:
        answer = calls.call(graph.send, "DELETE", address)
        if answer.status_code not in (204, 404):
            return Item(
                "app registration",
                f"Graph answers {answer.status_code} to its deletion",
                gone=False,
            )
        for _ in calls.waiting(CONSISTENT_S):
            if calls.call(graph.send, "GET", address).status_code == 404:
                return Item("app registration", "GET answers 404", gone=True)
    except AzureError as error:
        return Item(
            "app registration", f"Graph could not be asked ({type(error).__name__})", gone=False
        )
    return Item("app registration", "GET still finds it", gone=False)


def _registration(cloud: Cloud, calls: Calls, site: Site) -> Registration:
    """The site's app registration, made when there is none, with a secret that works."""
    found = _find(cloud, calls, site)
    application = (
        _ask(cloud, calls, site, "POST", APPLICATIONS, json=_wanted(site))
        if found is None
        else found
    )
    address = f"{APPLICATIONS}/{application['id']}"
    if site.callback not in application.get("web", {}).get("redirectUris", ()):
        _ask(cloud, calls, site, "PATCH", address, json={"web": _wanted(site)["web"]})
    if found is None:
        _ask(
            cloud,
            calls,
            site,
            "POST",
            "/v1.0/servicePrincipals",
            json={"appId": application["appId"]},
            fine=(409,),
        )
    secret = read_app_settings(cloud, calls, site.resource_group, site.name).get(SECRET_SETTING, "")
    if not _is_current(application, secret):
        body = {"passwordCredential": {"displayName": "App Service Authentication"}}
        secret = _ask(cloud, calls, site, "POST", f"{address}/addPassword", json=body)["secretText"]
    return Registration(application["appId"], secret)


def _find(cloud: Cloud, calls: Calls, site: Site) -> dict[str, Any] | None:
    """The registration of this site's name that leads back to this site, else one that leads nowhere yet."""
    known: list[dict[str, Any]] = _ask(cloud, calls, site, "GET", _by_name(site.name))["value"]
    mine = [one for one in known if site.callback in one.get("web", {}).get("redirectUris", ())]
    idle = [one for one in known if not one.get("web", {}).get("redirectUris")]
    return next(iter(mine or idle), None)


def _by_name(name: str) -> str:
    return f"{APPLICATIONS}?$filter=" + quote(f"displayName eq '{name}'")


def _wanted(site: Site) -> dict[str, Any]:
    return {
        "displayName": site.name,
        "signInAudience": "AzureADMyOrg",
        "web": {
            "redirectUris": [site.callback],
            "implicitGrantSettings": {"enableIdTokenIssuance": True},
        },
        "requiredResourceAccess": [
            {"resourceAppId": GRAPH_APP, "resourceAccess": [{"id": USER_READ, "type": "Scope"}]}
        ],
    }


def _is_current(application: dict[str, Any], secret: str) -> bool:
    """Whether a secret may be one of the application's: Graph shows the first characters of each, and its end."""
    now = datetime.now(UTC).isoformat()
    return bool(secret) and any(
        secret.startswith(str(one.get("hint"))) and str(one.get("endDateTime")) > now
        for one in application.get("passwordCredentials", ())
        if one.get("hint")
    )


def _ask(
    cloud: Cloud,
    calls: Calls,
    site: Site,
    method: str,
    url: str,
    *,
    json: Any = None,
    fine: tuple[int, ...] = (),
) -> dict[str, Any]:
    """Ask Graph; something made a moment ago may not be found yet."""
    for _ in calls.waiting(CONSISTENT_S):
        answer = calls.call(cloud.graph_rest().send, method, url, json=json)
        if answer.status_code != 404:
            break
    if answer.status_code < 300 or answer.status_code in fine:
        return dict(answer.json()) if answer.content else {}
    raise _refusal(answer, site)


def _refusal(answer: HttpResponse, site: Site) -> ServiceError:
    try:
        error = dict(answer.json()["error"])
    except (ValueError, KeyError, TypeError):
        error = {}
    code, said = (
        str(error.get("code") or "GraphError"),
        str(error.get("message") or f"Graph answers {answer.status_code}."),
    )
    if answer.status_code == 403:
        said = f"This account may not register applications. Graph says: {said}"
    return ServiceError(answer.status_code, code, said, hint=MANUAL.format(callback=site.callback))


def _settings(cloud: Cloud, site: Site, client_id: str) -> SiteAuthSettingsV2:
    """Anonymous requests pass, so that the page can say what is missing; the app decides what needs a name."""
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
                token_store=TokenStore(enabled=True), allowed_external_redirect_urls=[site.web_url]
            ),
            http_settings=HttpSettings(require_https=True),
        )
    )


def _holds(current: Any, wanted: Any) -> bool:
    """Whether everything wanted stands in the current document, whatever else does."""
    if isinstance(wanted, dict):
        return isinstance(current, dict) and all(
            _holds(current.get(name), value) for name, value in wanted.items()
        )
    return bool(current == wanted)
