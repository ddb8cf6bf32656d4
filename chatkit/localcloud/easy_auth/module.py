"""The authentication module that stands in front of a deployed app.

It decides who sends a request (session cookie, X-ZUMO-AUTH token or provider token), refuses or
redirects when the settings say so, and hands the host the platform's own headers to add. Follows
Microsoft's page "Authentication and authorization in Azure App Service and Azure Functions".
"""

from __future__ import annotations

from unicodedata import normalize
from urllib.parse import quote, unquote

from aiohttp import web

from chatkit.localcloud.core.bearer import bearer_token
from chatkit.localcloud.core.web import IDENTITY_HEADERS, SAFE_METHODS, Handler
from chatkit.localcloud.easy_auth.endpoints import Endpoints
from chatkit.localcloud.easy_auth.errors import (
    DENIED,
    EasyAuthError,
    NotAdmitted,
    SessionRejected,
    SignInFailed,
    unauthorized,
)
from chatkit.localcloud.easy_auth.principal import Principal
from chatkit.localcloud.easy_auth.redirects import is_allowed
from chatkit.localcloud.easy_auth.sessions import Session
from chatkit.localcloud.easy_auth.settings import MICROSOFT
from chatkit.localcloud.easy_auth.site import AuthSite

AMBIGUOUS = ("%2f", "%5c", "%2e", "%25", "%3b")
"""Encoded marks that some servers decode and others do not."""


class EasyAuth:
    """The module of one site with authentication on."""

    def __init__(self, site: AuthSite) -> None:
        self._site = site
        self._endpoints = Endpoints(site)

    async def handle(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer the request here, or let it through with the platform's headers beside it."""
        if self._endpoints.serves(request.path):
            return await self._endpoints.answer(request)
        try:
            headers = await self._identity_headers(request)
        except EasyAuthError as error:
            return error.response()
        if not headers and not self._is_excluded(request.rel_url.raw_path):
            refusal = self._refusal(request)
            if refusal is not None:
                return refusal
        request[IDENTITY_HEADERS] = headers
        return await handler(request)

    async def _identity_headers(self, request: web.Request) -> dict[str, str]:
        session = self._site.session(request)
        if session is not None:
            self._check_policies(session.principal)
            return {**session.principal.headers(), **self._token_headers(session)}
        token = bearer_token(request.headers.get("Authorization", ""))
        if not token:
            return {}
        principal = await self._principal_of(token)
        if principal is None:
            return {}
        self._check_policies(principal)
        return principal.headers()

    def _check_policies(self, principal: Principal) -> None:
        """Refuse who the app's provider knows, but its owner has not named.

        Raises:
            NotAdmitted: A policy of the provider does not admit them.
        """
        provider = self._site.settings.provider(principal.provider)
        if provider is None:
            return
        for policy in provider.policies:
            if not policy.admits(principal, client_id=provider.client_id):
                raise NotAdmitted

    async def _principal_of(self, token: str) -> Principal | None:
        """The person of a provider's token; None for an app without providers."""
        site = self._site
        for provider in site.settings.providers:
            try:
                claims = await site.relying_party.verify(
                    provider, token, audiences=provider.audiences
                )
            except SignInFailed:
                continue
            return Principal.of(provider.alias, claims, name_claim=provider.name_claim)
        if site.settings.providers:
            raise SessionRejected("the bearer token is not one of this app's providers'")
        return None

    def _token_headers(self, session: Session) -> dict[str, str]:
        if not self._site.settings.token_store:
            return {}
        prefix = f"X-MS-TOKEN-{session.principal.provider.upper()}"
        tokens = {
            "ID-TOKEN": session.id_token,
            "ACCESS-TOKEN": session.access_token,
            "REFRESH-TOKEN": session.refresh_token,
            "EXPIRES-ON": session.expires_on,
        }
        return {f"{prefix}-{name}": value for name, value in tokens.items() if value}

    def _is_excluded(self, path: str) -> bool:
        """Whether a path needs no sign-in.

        A path that another reader could take for a different one always needs it.
        """
        if any(mark in path.lower() for mark in AMBIGUOUS):
            return False
        try:
            lowered = unquote(path, errors="strict").lower()
        except UnicodeDecodeError:
            return False
        if normalize("NFKC", lowered) != normalize("NFC", lowered):
            return False  # letters that some servers take for others
        if not lowered.isprintable() or any(mark in lowered for mark in ("\\", "%", "//")):
            return False
        # Some servers cut a segment's parameters off: "..;x" is ".." to them.
        segments = {segment.partition(";")[0] for segment in lowered.split("/")}
        if segments & {".", ".."}:
            return False
        excluded = self._site.settings.excluded_paths
        return any(_covers(item.lower(), lowered) for item in excluded)

    def _refusal(self, request: web.Request) -> web.Response | None:
        """The answer to somebody who is not signed in; None to let them through."""
        settings = self._site.settings
        match settings.action:
            case "Return401":
                return unauthorized("sign in first")
            case "Return403":
                return web.Response(status=403, text=DENIED)
            case "RedirectToLoginPage" if _is_browser_navigation(request):
                provider = settings.default_provider
                alias = provider.alias if provider else MICROSOFT
                target = quote(self._way_back(request), safe="")
                login = f"{settings.prefix}/login/{alias}?post_login_redirect_uri={target}"
                location = self._site.view(request).shown(login)
                return web.Response(status=302, headers={"Location": location})
            case "RedirectToLoginPage":
                return unauthorized("sign in first")
        return None

    def _way_back(self, request: web.Request) -> str:
        """Where a sign-in leads that the request needs: to what was asked for.

        A path that a browser or server could take for another host is written with this host.
        """
        url = request.rel_url
        asked = url.raw_path
        if url.raw_query_string:
            asked += f"?{url.raw_query_string}"
        if is_allowed(asked, own_origin=self._site.origin, allowed=()):
            return asked
        return self._site.origin + asked.replace("\\", "%5C")


def _covers(excluded: str, path: str) -> bool:
    """`/public` excludes itself and what is below; `/public/*` the same; `/` the root alone."""
    prefix = excluded.removesuffix("*").rstrip("/")
    if not prefix:
        return excluded.endswith("*") or path == "/"
    return path == prefix or path.startswith(prefix + "/")


def _is_browser_navigation(request: web.Request) -> bool:
    """A page load is redirected; a script's call is answered 401, since it could not follow."""
    if request.headers.get("X-Requested-With", "").lower() == "xmlhttprequest":
        return False
    if request.method not in SAFE_METHODS:
        return False
    mode = request.headers.get("Sec-Fetch-Mode")
    if mode:
        return mode == "navigate"
    return "text/html" in request.headers.get("Accept", "")
