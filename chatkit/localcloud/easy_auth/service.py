"""App Service Authentication of all sites: one relying party, sessions and keys per site."""

from __future__ import annotations

from collections.abc import Mapping

from chatkit.core.tls import trusting
from chatkit.localcloud.core.platform import Platform
from chatkit.localcloud.easy_auth.module import EasyAuth
from chatkit.localcloud.easy_auth.relying_party import RelyingParty
from chatkit.localcloud.easy_auth.sessions import Sessions
from chatkit.localcloud.easy_auth.settings import AuthSettings
from chatkit.localcloud.easy_auth.site import Assertion, AuthSite


class EasyAuthService:
    """Makes the module in front of a site, and forgets what it kept when the site is deleted."""

    def __init__(self, platform: Platform) -> None:
        self._store = platform.store
        self._relying_party = RelyingParty(lambda: trusting(platform.ca_bundle()))
        self._sessions: dict[str, Sessions] = {}

    async def stop(self) -> None:
        """Close the connections to identity providers."""
        await self._relying_party.close()

    def module(
        self,
        site: str,
        *,
        origin: str,
        authentication: Mapping[str, object] | None,
        secrets: Mapping[str, str],
        assertion: Assertion,
    ) -> EasyAuth | None:
        """The module of a site as it is configured now, None when authentication is off.

        Args:
            site: Name of the site.
            origin: Scheme, host and port under which browsers reach the app.
            authentication: Its authsettingsV2 `properties`.
            secrets: Its app settings, which hold the provider secrets.
            assertion: Issues a token of the site's managed identity with a client id.
        """
        settings = AuthSettings.parse(authentication)
        if not settings.enabled:
            return None
        sessions = self._sessions.get(site.lower())
        if sessions is None:
            sessions = Sessions(self._store, site.lower())
            sessions.sweep(grace_s=settings.refresh_grace.total_seconds())
            self._sessions[site.lower()] = sessions
        return EasyAuth(
            AuthSite(settings, secrets, sessions, self._relying_party, origin, assertion)
        )

    def forget(self, site: str) -> None:
        """End every session of a site that was deleted: its name starts again with new keys."""
        self._sessions.pop(site.lower(), None)
        Sessions(self._store, site.lower()).end_all()
