"""The stored authsettingsV2 of a site, read into what the module needs.

Follows Microsoft's page "File-based configuration in Azure App Service authentication" and the Web resource provider's
SiteAuthSettingsV2 model. Secrets never stand here: a registration names the app setting that holds its secret.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

Json = Any
# Path segment of /.auth/login/<alias> for the built-in Microsoft provider.
MICROSOFT = "aad"
ACTIONS = ("AllowAnonymous", "RedirectToLoginPage", "Return401", "Return403")
SCOPES = ("openid", "profile", "email")


@dataclass(frozen=True)
class Provider:
    """One enabled identity provider.

    Attributes:
        alias: What stands in `/.auth/login/<alias>`: "aad", or the name of a custom OpenID Connect provider.
        discovery_url: Its OpenID Connect configuration document.
        client_id: This app's id at the provider.
        secret_setting: Name of the app setting with the client secret.
        audiences: Accepted audiences of tokens handed in by clients; the client id always counts.
        scopes: Asked for at sign-in.
        name_claim: Claim that becomes the principal's name, empty for the default order.
    """

    alias: str
    discovery_url: str
    client_id: str
    secret_setting: str
    audiences: tuple[str, ...] = ()
    scopes: tuple[str, ...] = SCOPES
    name_claim: str = ""


@dataclass(frozen=True)
class AuthSettings:
    """What the module needs to know about one site."""

    enabled: bool = False
    action: str = "AllowAnonymous"
    redirect_to: str = ""
    excluded_paths: tuple[str, ...] = ()
    providers: tuple[Provider, ...] = ()
    allowed_redirects: tuple[str, ...] = ()
    token_store: bool = True
    session_life: timedelta = timedelta(hours=8)
    refresh_grace: timedelta = timedelta(hours=72)
    nonce_life: timedelta = timedelta(minutes=5)
    prefix: str = "/.auth"

    @classmethod
    def parse(cls, properties: Mapping[str, Json] | None) -> AuthSettings:
        """Read the `properties` of authsettingsV2; whatever is missing or null takes the service's default."""
        if not _at(properties, "platform", "enabled"):
            return cls()
        validation = _at(properties, "globalValidation") or {}
        login = _at(properties, "login") or {}
        return cls(
            enabled=True,
            action=_action(validation),
            redirect_to=_alias(validation.get("redirectToProvider") or ""),
            excluded_paths=tuple(validation.get("excludedPaths") or ()),
            providers=tuple(_providers(_at(properties, "identityProviders") or {})),
            allowed_redirects=tuple(login.get("allowedExternalRedirectUrls") or ()),
            token_store=_at(login, "tokenStore", "enabled") is not False,
            session_life=_duration(_at(login, "cookieExpiration", "timeToExpiration"), timedelta(hours=8)),
            refresh_grace=timedelta(hours=float(_at(login, "tokenStore", "tokenRefreshExtensionHours") or 72)),
            nonce_life=_duration(_at(login, "nonce", "nonceExpirationInterval"), timedelta(minutes=5)),
            prefix=(_at(properties, "httpSettings", "routes", "apiPrefix") or "/.auth").rstrip("/"),
        )

    def provider(self, alias: str) -> Provider | None:
        """The enabled provider of that name, whatever its case."""
        return next((provider for provider in self.providers if provider.alias == _alias(alias)), None)

    @property
    def default_provider(self) -> Provider | None:
        """Where RedirectToLoginPage sends people: the one named, or the only one there is."""
        return self.provider(self.redirect_to) if self.redirect_to else next(iter(self.providers), None)


def _action(validation: Mapping[str, Json]) -> str:
    action = str(validation.get("unauthenticatedClientAction") or "")
    known = next((name for name in ACTIONS if name.lower() == action.lower()), "")
    if known:
        return known
    return "RedirectToLoginPage" if validation.get("requireAuthentication") else "AllowAnonymous"


def _alias(name: str) -> str:
    return MICROSOFT if name.lower() in ("aad", "azureactivedirectory", "microsoft") else name.lower()


def _providers(section: Mapping[str, Json]) -> list[Provider]:
    found = []
    microsoft = section.get("azureActiveDirectory") or {}
    registration = microsoft.get("registration") or {}
    if microsoft.get("enabled", True) and registration.get("clientId") and registration.get("openIdIssuer"):
        found.append(
            Provider(
                alias=MICROSOFT,
                discovery_url=registration["openIdIssuer"].rstrip("/") + "/.well-known/openid-configuration",
                client_id=registration["clientId"],
                secret_setting=registration.get("clientSecretSettingName") or "",
                audiences=tuple(_at(microsoft, "validation", "allowedAudiences") or ()),
            )
        )
    for name, custom in (section.get("customOpenIdConnectProviders") or {}).items():
        found += _custom(name, custom or {})
    return found


def _custom(name: str, section: Mapping[str, Json]) -> list[Provider]:
    registration = section.get("registration") or {}
    discovery = _at(registration, "openIdConnectConfiguration", "wellKnownOpenIdConfiguration")
    if section.get("enabled") is False or not registration.get("clientId") or not discovery:
        return []
    return [
        Provider(
            alias=name.lower(),
            discovery_url=discovery,
            client_id=registration["clientId"],
            secret_setting=_at(registration, "clientCredential", "clientSecretSettingName")
            or f"{name.upper()}_AUTHENTICATION_SECRET",
            scopes=tuple(_at(section, "login", "scopes") or SCOPES),
            name_claim=_at(section, "login", "nameClaimType") or "",
        )
    ]


def _at(value: Json, *path: str) -> Json:
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _duration(text: Json, default: timedelta) -> timedelta:
    """Read "hh:mm:ss" or "d.hh:mm:ss"."""
    days, _, clock = str(text or "").rpartition(".")
    parts = clock.split(":")
    if len(parts) != 3 or not all(part.isdecimal() for part in [*parts, *filter(None, [days])]):
        return default
    hours, minutes, seconds = map(int, parts)
    return timedelta(days=int(days or 0), hours=hours, minutes=minutes, seconds=seconds)
