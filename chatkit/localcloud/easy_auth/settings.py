"""The stored authsettingsV2 of a site, read into what the module needs.

Follows Microsoft's page "File-based configuration in Azure App Service authentication" and the Web
resource provider's SiteAuthSettingsV2 model. Secrets never stand here: a registration names the app
setting that holds its secret.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from chatkit.localcloud.core.web import whole_number
from chatkit.localcloud.easy_auth.policy import Policy

# Path segment of /.auth/login/<alias> for the built-in Microsoft provider.
MICROSOFT = "aad"
ACTIONS = ("AllowAnonymous", "RedirectToLoginPage", "Return401", "Return403")
SCOPES = ("openid", "profile", "email")


@dataclass(frozen=True)
class Provider:
    """One enabled identity provider.

    Attributes:
        alias: What stands in `/.auth/login/<alias>`: "aad", or the name of a custom OpenID Connect
            provider.
        discovery_url: Its OpenID Connect configuration document.
        client_id: This app's id at the provider.
        secret_setting: Name of the app setting with the client secret.
        audiences: Accepted in tokens that clients hand in; the client id always counts.
        scopes: Asked for at sign-in.
        name_claim: Claim that becomes the principal's name, empty for the default order.
        parameters: Sent along to the authorization endpoint (loginParameters).
        policies: Every one of them has to admit a caller.
    """

    alias: str
    discovery_url: str
    client_id: str
    secret_setting: str
    audiences: tuple[str, ...] = ()
    scopes: tuple[str, ...] = SCOPES
    name_claim: str = ""
    parameters: tuple[tuple[str, str], ...] = ()
    policies: tuple[Policy, ...] = ()


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
    def parse(cls, properties: Mapping[str, object] | None) -> AuthSettings:
        """Read the `properties` of authsettingsV2; what is missing takes the service's default."""
        if _at(properties, "platform", "enabled") is not True:
            return cls()
        validation = _mapping(_at(properties, "globalValidation"))
        login = _mapping(_at(properties, "login"))
        return cls(
            enabled=True,
            action=_action(validation),
            redirect_to=_alias(_text(validation.get("redirectToProvider"))),
            excluded_paths=_texts(validation.get("excludedPaths")),
            providers=tuple(_providers(_mapping(_at(properties, "identityProviders")))),
            allowed_redirects=_texts(login.get("allowedExternalRedirectUrls")),
            token_store=_at(login, "tokenStore", "enabled") is not False,
            session_life=_duration(
                _at(login, "cookieExpiration", "timeToExpiration"), timedelta(hours=8)
            ),
            refresh_grace=_hours(
                _at(login, "tokenStore", "tokenRefreshExtensionHours"), timedelta(hours=72)
            ),
            nonce_life=_duration(
                _at(login, "nonce", "nonceExpirationInterval"), timedelta(minutes=5)
            ),
            prefix=_prefix(_text(_at(properties, "httpSettings", "routes", "apiPrefix"))),
        )

    def provider(self, alias: str) -> Provider | None:
        """The enabled provider of that name, whatever its case."""
        wanted = _alias(alias)
        return next((one for one in self.providers if one.alias == wanted), None)

    @property
    def default_provider(self) -> Provider | None:
        """Where RedirectToLoginPage sends people: the one named, or the only one there is."""
        if self.redirect_to:
            return self.provider(self.redirect_to)
        return next(iter(self.providers), None)


def _action(validation: Mapping[str, object]) -> str:
    action = _text(validation.get("unauthenticatedClientAction"))
    for known in ACTIONS:
        if known.lower() == action.lower():
            return known
    if validation.get("requireAuthentication"):
        return "RedirectToLoginPage"
    return "AllowAnonymous"


def _alias(name: str) -> str:
    lowered = name.lower()
    if lowered in ("aad", "azureactivedirectory", "microsoft"):
        return MICROSOFT
    return lowered


def _providers(section: Mapping[str, object]) -> list[Provider]:
    found: list[Provider] = []
    microsoft = _mapping(section.get("azureActiveDirectory"))
    registration = _mapping(microsoft.get("registration"))
    client_id = _text(registration.get("clientId"))
    issuer = _text(registration.get("openIdIssuer"))
    if microsoft.get("enabled") is not False and client_id and issuer:
        parameters = _parameters(_at(microsoft, "login", "loginParameters"))
        found.append(
            Provider(
                alias=MICROSOFT,
                discovery_url=issuer.rstrip("/") + "/.well-known/openid-configuration",
                client_id=client_id,
                secret_setting=_text(registration.get("clientSecretSettingName")),
                audiences=_texts(_at(microsoft, "validation", "allowedAudiences")),
                parameters=parameters,
                policies=_policies(_mapping(microsoft.get("validation"))),
            )
        )
    for name, custom in _mapping(section.get("customOpenIdConnectProviders")).items():
        found += _custom(str(name), _mapping(custom))
    return found


def _policies(validation: Mapping[str, object]) -> tuple[Policy, ...]:
    given = _mapping(validation.get("defaultAuthorizationPolicy"))
    principals = _mapping(given.get("allowedPrincipals"))
    checks = _mapping(validation.get("jwtClaimChecks"))
    return (
        Policy(
            applications=_texts(given.get("allowedApplications")),
            identities=_texts(principals.get("identities")),
            groups=_texts(principals.get("groups")),
        ),
        Policy(
            applications=_texts(checks.get("allowedClientApplications")),
            groups=_texts(checks.get("allowedGroups")),
        ),
    )


def _custom(name: str, section: Mapping[str, object]) -> list[Provider]:
    registration = _mapping(section.get("registration"))
    client_id = _text(registration.get("clientId"))
    discovery = _text(
        _at(registration, "openIdConnectConfiguration", "wellKnownOpenIdConfiguration")
    )
    if section.get("enabled") is False or not client_id or not discovery:
        return []
    return [
        Provider(
            alias=name.lower(),
            discovery_url=discovery,
            client_id=client_id,
            secret_setting=_text(_at(registration, "clientCredential", "clientSecretSettingName"))
            or f"{name.upper()}_AUTHENTICATION_SECRET",
            scopes=_texts(_at(section, "login", "scopes")) or SCOPES,
            name_claim=_text(_at(section, "login", "nameClaimType")),
        )
    ]


def _at(value: object, *path: str) -> object:
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list | tuple):
        return ()
    return tuple(item for item in value if isinstance(item, str) and item)


def _prefix(text: str) -> str:
    """The path below which the module answers: one slash in front, none behind, lower-case."""
    bare = text.strip("/").lower()
    return f"/{bare}" if bare else "/.auth"


def _parameters(value: object) -> tuple[tuple[str, str], ...]:
    pairs = (item.partition("=") for item in _texts(value))
    return tuple((name, text) for name, _, text in pairs if name)


def _hours(value: object, default: timedelta) -> timedelta:
    if isinstance(value, int | float) and 0 <= value <= 24 * 365:
        return timedelta(hours=value)
    return default


def _duration(text: object, default: timedelta) -> timedelta:
    """Read "hh:mm:ss" or "d.hh:mm:ss"."""
    days, _, clock = str(text or "").rpartition(".")
    numbers = [whole_number(part, digits=6) for part in (days or "0", *clock.split(":"))]
    known = [number for number in numbers if number is not None]
    if len(numbers) != 4 or len(known) != 4:
        return default
    whole_days, hours, minutes, seconds = known
    return timedelta(days=whole_days, hours=hours, minutes=minutes, seconds=seconds)
