"""What one site has for authentication: its settings, its sessions, its address."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from aiohttp import web

from chatkit.localcloud.core.browser.browser_view import BrowserView
from chatkit.localcloud.core.errors import LocalCloudError
from chatkit.localcloud.core.web import (
    SAFE_METHODS,
    is_from_other_page,
    origin_of,
    wants_websocket,
)
from chatkit.localcloud.easy_auth.errors import ForgedRequest, SignInFailed
from chatkit.localcloud.easy_auth.principal import Claims, Principal
from chatkit.localcloud.easy_auth.redirects import is_allowed
from chatkit.localcloud.easy_auth.relying_party import Proof, ProviderTokens, RelyingParty
from chatkit.localcloud.easy_auth.sessions import (
    COOKIE,
    Session,
    Sessions,
    SessionTokens,
    TokenDocument,
    timestamp,
)
from chatkit.localcloud.easy_auth.settings import MICROSOFT, AuthSettings, Provider

# Where the client id of a managed identity stands in the place of a client secret:
# https://learn.microsoft.com/azure/app-service/configure-authentication-provider-aad
IDENTITY_SETTING = "OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"  # RFC 7523 §2.2

Assertion = Callable[[str], str]


def no_identity(client_id: str) -> str:  # noqa: ARG001
    """An app on this machine has none."""
    raise SignInFailed("The app has no managed identity.")


@dataclass(frozen=True)
class AuthSite:
    """One site with authentication on.

    Attributes:
        settings: The site's authsettingsV2.
        secrets: The site's app settings, which hold the provider secrets.
        sessions: The site's sessions.
        relying_party: Shared by all sites.
        origin: Scheme, host and port under which browsers reach the app.
        assertion: Issues a token of the site's managed identity with a client id.
    """

    settings: AuthSettings
    secrets: Mapping[str, str] = field(repr=False)
    sessions: Sessions
    relying_party: RelyingParty
    origin: str
    assertion: Assertion = no_identity

    # Requests ---------------------------------------------------------------------------------

    def session(self, request: web.Request, *, grace_s: float = 0) -> Session | None:
        """The session a request names.

        Raises:
            SessionRejected: It carries a token that is not good.
            ForgedRequest: A foreign page tries to use the person's cookie.
        """
        token = request.headers.get("X-ZUMO-AUTH", "")
        if token:
            return self.sessions.of_token(token, origin=self.origin, grace_s=grace_s)
        session = self._session_of_cookies(request, grace_s=grace_s)
        # Whatever page sent a request that changes nothing, a cookie counts for it. Through a
        # WebSocket a page could read and change anything.
        changes_nothing = request.method in SAFE_METHODS and not wants_websocket(request)
        if session is None or changes_nothing or self.is_trusted_source(request):
            return session
        raise ForgedRequest

    def _session_of_cookies(self, request: web.Request, *, grace_s: float) -> Session | None:
        """The session that one of the cookies names, the site's own first."""
        for name in (self.own_cookie, COOKIE):
            session = self.sessions.of_cookie(request.cookies.get(name, ""), grace_s=grace_s)
            if session is not None:
                return session
        return None

    def renewable_session(self, request: web.Request) -> Session | None:
        """The session a request names, also when it has ended but may still be renewed."""
        return self.session(request, grace_s=self.settings.refresh_grace.total_seconds())

    def is_trusted_source(self, request: web.Request) -> bool:
        """Whether the app's own pages, pages its owner has allowed, or no page sent the request."""
        allowed = map(origin_of, self.settings.allowed_redirects)
        return not is_from_other_page(request, trusted=(self.origin.lower(), *allowed))

    def redirect_target(self, request: web.Request, what: str) -> str:
        """Where the browser wants to go after `what`, which is login or logout.

        Raises:
            HTTPForbidden: To an address that the site's owner has not allowed.
        """
        query = request.query
        target = query.get(f"post_{what}_redirect_uri") or query.get(f"post_{what}_redirect_url")
        if not target:
            target = f"{self.settings.prefix}/{what}/done"
        allowed = self.settings.allowed_redirects
        for meant in self.view(request).meant(target):
            if is_allowed(meant, own_origin=self.origin, allowed=allowed):
                return meant
        raise web.HTTPForbidden(
            text="The redirect address is not among the allowed external redirect URLs of this app."
        )

    def view(self, request: web.Request) -> BrowserView:
        """The addresses that the browser of a request knows."""
        return BrowserView.of(request, urlsplit(self.origin).port or 80)

    def is_at_home(self, request: web.Request) -> bool:
        """Whether a browser uses the address that the provider sends it back to."""
        host = request.headers.get("Host", "").lower()
        own = urlsplit(self.origin)
        # Browsers leave port 80 out (RFC 9110 §4.2.3).
        hosts = {own.netloc, own.netloc.removesuffix(":80")}
        return host in hosts or self.view(request).is_proxied

    # Providers --------------------------------------------------------------------------------

    def provider(self, alias: str) -> Provider:
        """The enabled provider of that name.

        Raises:
            HTTPNotFound: There is none.
        """
        provider = self.settings.provider(alias)
        if provider is None:
            raise web.HTTPNotFound(text=f"This app has no identity provider called '{alias}'.")
        return provider

    def proof(self, provider: Provider) -> Proof:
        """What proves the app to the provider, by the app settings.

        It is a client secret, or the token of a managed identity that the app's registration
        trusts.

        Raises:
            SignInFailed: The setting is missing, or there is no such identity.
        """
        value = self.secrets.get(provider.secret_setting, "")
        if not value:
            name = provider.secret_setting or "(none named)"
            raise SignInFailed(f"The app setting {name} with the client secret is missing.")
        if provider.alias != MICROSOFT or provider.secret_setting != IDENTITY_SETTING:
            return {"client_secret": value}
        try:
            assertion = self.assertion(value)
        except LocalCloudError as error:
            raise SignInFailed(
                f"{error} Its client id is the value of {IDENTITY_SETTING}."
            ) from error
        return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion}

    def callback_uri(self, provider: Provider) -> str:
        """Where the provider sends the browser back to."""
        return f"{self.origin}{self.settings.prefix}/login/{provider.alias}/callback"

    # Sessions ---------------------------------------------------------------------------------

    def start_session(self, provider: Provider, claims: Claims, tokens: ProviderTokens) -> Session:
        """Begin a session for the person of a verified token."""
        return self.sessions.start(
            Principal.of(provider.alias, claims, name_claim=provider.name_claim),
            life_s=self.settings.session_life.total_seconds(),
            tokens=self._kept(tokens),
        )

    def renew_session(self, session: Session, tokens: ProviderTokens) -> Session:
        """Give a session a new end and new provider tokens."""
        life_s = self.settings.session_life.total_seconds()
        return self.sessions.renew(session, life_s=life_s, tokens=self._kept(tokens))

    def _kept(self, tokens: ProviderTokens) -> SessionTokens:
        """What of the provider's tokens the token store keeps."""
        kept: SessionTokens = {}
        if not self.settings.token_store:
            return kept
        if tokens.get("id_token"):
            kept["id_token"] = str(tokens["id_token"])
        if tokens.get("access_token"):
            kept["access_token"] = str(tokens["access_token"])
        if tokens.get("refresh_token"):
            kept["refresh_token"] = str(tokens["refresh_token"])
        life_s = tokens.get("expires_in")
        if isinstance(life_s, int | float):
            kept["expires_on"] = timestamp(datetime.now(UTC) + timedelta(seconds=life_s))
        return kept

    def token_document(self, session: Session) -> TokenDocument:
        """What a client gets that keeps its session as a token."""
        return self.sessions.token_document(session, origin=self.origin)

    def of_this_site(self, cookie: str) -> str:
        """Name of a cookie that no other site of this machine sets.

        A host name in Azure is one site's alone. Here all sites are on localhost, and cookies do
        not tell ports apart (RFC 6265 §8.5): of two sites, the one that signed somebody in last
        would end the other one's session.
        """
        return f"{cookie}-{urlsplit(self.origin).port}"

    @property
    def own_cookie(self) -> str:
        """Name of this site's session cookie."""
        return self.of_this_site(COOKIE)

    def set_session(self, response: web.Response, session: Session) -> None:
        """Give the browser its session, under the site's own name and under Azure's."""
        value = self.sessions.cookie(session)
        for name in (self.own_cookie, COOKIE):
            self.set_cookie(response, name, value)

    def clear_session(self, request: web.Request, response: web.Response) -> None:
        """Let the browser forget its session here, and leave other sites' alone."""
        response.del_cookie(self.own_cookie, path="/")
        if self.sessions.is_own_cookie(request.cookies.get(COOKIE, "")):
            response.del_cookie(COOKIE, path="/")

    def set_cookie(
        self, response: web.Response, name: str, value: str, *, max_age_s: int | None = None
    ) -> None:
        """Give the browser a cookie; without a maximum age it lasts as long as the browser."""
        response.set_cookie(
            name,
            value,
            path="/",
            httponly=True,
            samesite="Lax",
            secure=self.origin.startswith("https:"),
            max_age=max_age_s,
        )
