"""App Service Authentication of all sites: one relying party, each site with sessions and keys of its own."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import Any

from chatkit.localcloud.core.platform import Platform
from chatkit.localcloud.easy_auth.module import EasyAuth
from chatkit.localcloud.easy_auth.relying_party import RelyingParty
from chatkit.localcloud.easy_auth.sessions import Sessions
from chatkit.localcloud.easy_auth.settings import AuthSettings


class EasyAuthService:
    """Makes the module that stands in front of a site, and forgets what it kept when the site goes."""

    def __init__(self, platform: Platform) -> None:
        self._store = platform.store
        trust = ssl.create_default_context()
        trust.load_verify_locations(platform.certificates.ca_file)
        self._relying_party = RelyingParty(trust)
        self._sessions: dict[str, Sessions] = {}

    async def stop(self) -> None:
        """Close the connections to identity providers."""
        await self._relying_party.close()

    def module(
        self,
        site: str,
        *,
        origin: str,
        authentication: Mapping[str, Any] | None,
        secrets: Mapping[str, str],
    ) -> EasyAuth | None:
        """The module of a site as it is configured now, None when authentication is off.

        Args:
            site: Name of the site.
            origin: Scheme, host and port under which browsers reach the app.
            authentication: Its authsettingsV2 `properties`.
            secrets: Its app settings, which hold the provider secrets.
        """
        settings = AuthSettings.parse(authentication)
        if not settings.enabled:
            return None
        sessions = self._sessions.get(site.lower())
        if sessions is None:
            sessions = self._sessions[site.lower()] = Sessions(self._store, site.lower())
            sessions.sweep(grace_s=settings.refresh_grace.total_seconds())
        return EasyAuth(settings, secrets, sessions, self._relying_party, origin=origin)

    def forget(self, site: str) -> None:
        """End every session of a site that was deleted; a site of the same name starts with new keys."""
        (self._sessions.pop(site.lower(), None) or Sessions(self._store, site.lower())).end_all()
