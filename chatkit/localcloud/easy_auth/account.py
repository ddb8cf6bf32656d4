"""`/.auth/me`, `/.auth/refresh` and `/.auth/logout`: what a signed-in person can ask for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NotRequired, TypedDict
from urllib.parse import quote

from aiohttp import web

from chatkit.localcloud.easy_auth.errors import ProviderUnreachable, SessionRejected, SignInFailed
from chatkit.localcloud.easy_auth.pages import HEAD, STYLE
from chatkit.localcloud.easy_auth.principal import ClaimEntry
from chatkit.localcloud.easy_auth.sessions import Session, timestamp
from chatkit.localcloud.easy_auth.site import AuthSite

CONFIRM = (
    f"{HEAD}<title>Sign out?</title><style>{STYLE}</style>"
    "<main><h1>Sign out?</h1>\n<p>Another web site asked to sign you out.</p>"
    '<form method="post"><button>Sign out</button></form></main></html>'
)


class Me(TypedDict):
    """The one entry of `/.auth/me`."""

    provider_name: str
    user_id: str
    user_claims: list[ClaimEntry]
    expires_on: str
    access_token: NotRequired[str]
    id_token: NotRequired[str]
    refresh_token: NotRequired[str]


class Account:
    """The endpoints of one site for people who are signed in."""

    def __init__(self, site: AuthSite) -> None:
        self._site = site

    def me(self, request: web.Request) -> web.Response:
        """Who is signed in, with claims and the provider's tokens: only for the person themself."""
        session = self._site.session(request)
        if session is None:
            return web.Response(status=401)
        session_end = timestamp(datetime.fromtimestamp(session.expires_at, UTC))
        entry: Me = {
            "provider_name": session.principal.provider,
            "user_id": session.principal.name,
            "user_claims": session.principal.claim_entries(),
            "expires_on": session.expires_on or session_end,
        }
        if self._site.settings.token_store:
            if session.access_token:
                entry["access_token"] = session.access_token
            if session.id_token:
                entry["id_token"] = session.id_token
            if session.refresh_token:
                entry["refresh_token"] = session.refresh_token
        return web.json_response([entry])

    async def refresh(self, request: web.Request) -> web.Response:
        """Renew the session: 401 without one, 403 without the provider's refresh token."""
        site = self._site
        session = site.renewable_session(request)
        if session is None:
            return web.Response(status=401)
        provider = site.settings.provider(session.principal.provider)
        if provider is None or not session.refresh_token:
            return web.Response(status=403, text="The session has no refresh token.")
        try:
            granted = await site.relying_party.refresh(
                provider, site.proof(provider), refresh_token=session.refresh_token
            )
        except ProviderUnreachable:
            raise
        except SignInFailed as error:
            return web.Response(status=403, text=error.message)
        return web.json_response(site.token_document(site.renew_session(session, granted)))

    async def logout(self, request: web.Request) -> web.Response:
        """End the session here, then at the provider when a browser asks."""
        site = self._site
        target = site.redirect_target(request, "logout")
        has_token = bool(request.headers.get("X-ZUMO-AUTH"))
        try:
            session = site.renewable_session(request)
        except SessionRejected:
            session = None
        if session is not None:
            if not has_token and not site.is_trusted_source(request):
                return web.Response(status=403, text=CONFIRM, content_type="text/html")
            site.sessions.end(session)
        if has_token:
            return web.Response(status=200, text="You have been signed out.")
        location = await self._by_the_provider(session, target)
        response = web.Response(status=302, headers={"Location": location})
        site.clear_session(request, response)
        return response

    async def _by_the_provider(self, session: Session | None, target: str) -> str:
        """The way to the target that also ends the provider's session, where it offers that."""
        site = self._site
        if session is None:
            return target
        provider = site.settings.provider(session.principal.provider)
        if provider is None:
            return target
        complete = f"{site.origin}{site.settings.prefix}/logout/complete"
        back = f"{complete}?post_logout_redirect_uri={quote(target, safe='')}"
        try:
            location = await site.relying_party.end_session_url(provider, return_to=back)
        except SignInFailed:
            return target
        return location or target
