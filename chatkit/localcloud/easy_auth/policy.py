"""Which callers with a valid token of the Microsoft provider an app lets in.

Follows Microsoft's page "Configure your App Service or Azure Functions app to use Microsoft Entra
sign-in", section "Use a built-in authorization policy".
"""

from __future__ import annotations

from dataclasses import dataclass

from chatkit.localcloud.easy_auth.principal import Principal


@dataclass(frozen=True)
class Policy:
    """The lists of a policy; an empty one lets everybody pass.

    Attributes:
        applications: Client ids of the applications that may have asked for the token.
        identities: Object ids of people, applications and managed identities.
        groups: Object ids of groups. A principal named here or in `identities` may come in.
    """

    applications: tuple[str, ...] = ()
    identities: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()

    def admits(self, principal: Principal, *, client_id: str) -> bool:
        """Say whether a principal may use the app.

        Args:
            principal: Of a verified token, or of a session.
            client_id: The app's own, by which people came who signed in at the app itself.
        """
        asked_by = principal.values("azp") or principal.values("appid") or (client_id,)
        if self.applications and not _meet(asked_by, self.applications):
            return False
        if not self.identities and not self.groups:
            return True
        is_named = _meet(principal.values("oid"), self.identities)
        return is_named or _meet(principal.values("groups"), self.groups)


def _meet(given: tuple[str, ...], listed: tuple[str, ...]) -> bool:
    return not {one.lower() for one in listed}.isdisjoint(one.lower() for one in given)
