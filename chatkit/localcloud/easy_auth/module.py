"""The authentication module that stands in front of a deployed app, driven only by its authsettingsV2.

It decides who sends a request (session cookie, X-ZUMO-AUTH token or provider token), refuses or redirects when the
settings say so, and hands the host the platform's own headers to add. Follows Microsoft's page "Authentication and
authorization in Azure App Service and Azure Functions".
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from urllib.parse import quote

from aiohttp import web

from chatkit.localcloud.core.bearer import bearer_token
from chatkit.localcloud.core.web import IDENTITY_HEADERS, Handler
from chatkit.localcloud.easy_auth.principal import Principal
from chatkit.localcloud.easy_auth.redirects import origin_of
from chatkit.localcloud.easy_auth.relying_party import RelyingParty, SignInFailed
from chatkit.localcloud.easy_auth.sessions import COOKIE, Session, SessionRejected, Sessions
from chatkit.localcloud.easy_auth.settings import MICROSOFT, AuthSettings

DENIED = "You do not have permission to view this directory or page."
SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}


class ForgedRequest(Exception):
    """Another site's page tries to use the person's cookie."""


class EasyAuth:
    """The module of one site.

    Args:
        settings: The site's authsettingsV2.
        secrets: The site's app settings, which hold the provider secrets.
        sessions: The site's sessions.
        relying_party: Shared by all sites.
        origin: Scheme, host and port under which browsers reach the app.
    """

    def __init__(
        self,
        settings: AuthSettings,
        secrets: Mapping[str, str],
        sessions: Sessions,
        relying_party: RelyingParty,
        *,
        origin: str,
    ) -> None:
        self.settings = settings
        self.sessions = sessions
        self.relying_party = relying_party
        self.origin = origin
        self._secrets = secrets

    def secret(self, setting: str) -> str:
        """A provider secret from the app settings; empty when the setting is missing."""
        return self._secrets.get(setting, "")

    async def handle(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer the request here, or let it through with the platform's headers beside it."""
        from chatkit.localcloud.easy_auth import routes

        if not self.settings.enabled:
            return await handler(request)
        path = request.path.lower()
        if path == self.settings.prefix or path.startswith(self.settings.prefix + "/"):
            return await routes.answer(self, request)
        try:
            headers = await self._identify(request)
        except SessionRejected as error:
            return unauthorized(str(error))
        except ForgedRequest:
            return web.Response(status=403, text=DENIED)
        if not headers and not self._excluded(request.rel_url.raw_path):
            refusal = self._refuse(request)
            if refusal is not None:
                return refusal
        request[IDENTITY_HEADERS] = headers
        return await handler(request)

    async def _identify(self, request: web.Request) -> dict[str, str]:
        session = self.session(request)
        if session is not None:
            return {**session.principal.headers(), **self._token_headers(session)}
        token = bearer_token(request.headers.get("Authorization", ""))
        if token:
            principal = await self._of_provider_token(token)
            return principal.headers() if principal else {}
        return {}

    def session(self, request: web.Request, *, grace_s: float = 0) -> Session | None:
        """The session a request names.

        Raises:
            SessionRejected: It carries a token that is not good.
            ForgedRequest: A foreign page tries to use the person's cookie.
        """
        token = request.headers.get("X-ZUMO-AUTH", "")
        if token:
            return self.sessions.of_token(token, origin=self.origin, grace_s=grace_s)
        session = self.sessions.of_cookie(request.cookies.get(COOKIE, ""), grace_s=grace_s)
        if (
            session is not None
            and request.method not in SAFE_METHODS
            and not self.is_trusted_source(request)
        ):
            raise ForgedRequest
        return session

    def is_trusted_source(self, request: web.Request) -> bool:
        """Whether this app's own pages, or those its owner has allowed, or no web page at all sent the request."""
        site = request.headers.get("Sec-Fetch-Site", "")
        if site in ("same-origin", "none"):
            return True
        source = request.headers.get("Origin") or request.headers.get("Referer") or ""
        if not source:
            return not site
        trusted = {self.origin.lower(), *map(origin_of, self.settings.allowed_redirects)} - {""}
        return origin_of(source) in trusted

    async def _of_provider_token(self, token: str) -> Principal | None:
        for provider in self.settings.providers:
            try:
                claims = await self.relying_party.verify(
                    provider, token, audiences=provider.audiences
                )
            except SignInFailed:
                continue
            return Principal.of(provider.alias, claims, name_claim=provider.name_claim)
        if self.settings.providers:
            raise SessionRejected("the bearer token is not one of this app's providers'")
        return None

    def _token_headers(self, session: Session) -> dict[str, str]:
        if not self.settings.token_store:
            return {}
        prefix = f"X-MS-TOKEN-{session.principal.provider.upper()}"
        tokens = {
            "ID-TOKEN": session.id_token,
            "ACCESS-TOKEN": session.access_token,
            "REFRESH-TOKEN": session.refresh_token,
        }
        tokens["EXPIRES-ON"] = session.expires_on
        return {f"{prefix}-{name}": value for name, value in tokens.items() if value}

    def _excluded(self, path: str) -> bool:
        """Whether a path needs no sign-in. One that another reader could take for a different path always needs it."""
        lowered = path.lower()
        if (
            "\\" in lowered
            or "%" in lowered
            or "//" in lowered
            or {".", ".."} & set(lowered.split("/"))
        ):
            return False
        return any(_covers(item.lower(), lowered) for item in self.settings.excluded_paths)

    def _refuse(self, request: web.Request) -> web.Response | None:
        match self.settings.action:
            case "Return401":
                return unauthorized("sign in first")
            case "Return403":
                return web.Response(status=403, text=DENIED)
            case "RedirectToLoginPage" if _is_browser_navigation(request):
                provider = self.settings.default_provider
                alias = provider.alias if provider else MICROSOFT
                target = quote(request.path_qs, safe="")
                return web.Response(
                    status=302,
                    headers={
                        "Location": f"{self.settings.prefix}/login/{alias}?post_login_redirect_uri={target}"
                    },
                )
            case "RedirectToLoginPage":
                return unauthorized("sign in first")
        return None


def _covers(excluded: str, path: str) -> bool:
    """`/public` excludes itself and what is below; `/public/*` the same; `/` the root alone."""
    prefix = excluded.removesuffix("*").rstrip("/")
    if not prefix:
        return excluded.endswith("*") or path == "/"
    return path == prefix or path.startswith(prefix + "/")


def _is_browser_navigation(request: web.Request) -> bool:
    """A person's page load is redirected; a script's call is answered 401, since it could not follow."""
    if request.headers.get("X-Requested-With", "").lower() == "xmlhttprequest":
        return False
    mode = request.headers.get("Sec-Fetch-Mode")
    return request.method in SAFE_METHODS and (
        mode == "navigate" if mode else "text/html" in request.headers.get("Accept", "")
    )


def unauthorized(why: str) -> web.Response:
    """401 as the module answers it; the reason goes into the challenge, never a token."""
    description = "".join(
        char if char.isascii() and char.isprintable() else "?"
        for char in why[:200].replace('"', "'")
    )
    return web.Response(
        status=401,
        text=DENIED,
        headers={
            "WWW-Authenticate": f'Bearer error="invalid_token", error_description="{description}"'
        },
    )


def same(first: str, second: str) -> bool:
    """Compare two secrets in constant time."""
    return hmac.compare_digest(first.encode(errors="replace"), second.encode(errors="replace"))
