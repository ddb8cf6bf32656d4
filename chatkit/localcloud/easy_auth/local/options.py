"""What decides how people sign in to an app on this machine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chatkit.localcloud.easy_auth.settings import MICROSOFT

SECRET_SETTING = "MICROSOFT_PROVIDER_AUTHENTICATION_SECRET"
# offline_access: a refresh token, so that sessions can be renewed.
SCOPES = "openid profile email offline_access"
ANONYMOUS = "AllowAnonymous"
LOGIN = f"/.auth/login/{MICROSOFT}"
CALLBACK = f"{LOGIN}/callback"
EMPTIED = "The local cloud was emptied, and nobody is known any more: the sign-in ends."


@dataclass(frozen=True)
class Entra:
    """The local Entra ID, as its clients know it.

    Attributes:
        authority: Scheme, host and port.
        graph: The same of Microsoft Graph.
        ca_file: The certificate authority of both.
        client_id: Of a client that may register applications.
        client_secret: Its secret.
    """

    authority: str
    graph: str
    tenant_id: str
    ca_file: Path
    client_id: str
    client_secret: str = field(repr=False)

    @classmethod
    def of(cls, endpoints: Mapping[str, Any]) -> Entra:
        """That of a local cloud, as `cloud.json` tells of it.

        Raises:
            KeyError: A local cloud of an older version tells less.
        """
        return cls(
            authority=endpoints["authority"],
            graph=endpoints["graph"],
            tenant_id=endpoints["tenant_id"],
            ca_file=Path(endpoints["ca_file"]),
            client_id=endpoints["client_id"],
            client_secret=endpoints["client_secret"],
        )

    @property
    def issuer(self) -> str:
        """The openIdIssuer of a site's settings."""
        return f"{self.authority}/{self.tenant_id}/v2.0"


@dataclass(frozen=True)
class SignInOptions:
    """What the command line and the home say.

    Attributes:
        entra: Who knows the people.
        find_entra: Where that one is by now; None while nobody knows. It is asked at each request.
        folder: Where each app's registration and sessions are kept, in a folder of its own.
        action: What happens to requests without sign-in: an unauthenticatedClientAction.
        excluded_paths: These need no sign-in in any case.
        allowed_redirects: Other addresses at which a sign-in or sign-out may end.
    """

    entra: Entra
    find_entra: Callable[[], Entra | None]
    folder: Path
    action: str = ANONYMOUS
    excluded_paths: tuple[str, ...] = ()
    allowed_redirects: tuple[str, ...] = ()

    def settings(
        self, client_id: str, allowed_redirects: tuple[str, ...] = ()
    ) -> Mapping[str, object]:
        """The authsettingsV2 `properties` that say the same on Azure.

        Args:
            client_id: The app's registration.
            allowed_redirects: Addresses that this app adds.
        """
        return {
            "platform": {"enabled": True},
            "globalValidation": {
                "requireAuthentication": self.action != ANONYMOUS,
                "unauthenticatedClientAction": self.action,
                "excludedPaths": list(self.excluded_paths),
            },
            "identityProviders": {
                "azureActiveDirectory": {
                    "registration": {
                        "openIdIssuer": self.entra.issuer,
                        "clientId": client_id,
                        "clientSecretSettingName": SECRET_SETTING,
                    },
                    "login": {"loginParameters": [f"scope={SCOPES}"]},
                    "validation": {"allowedAudiences": [f"api://{client_id}"]},
                }
            },
            "login": {
                "tokenStore": {"enabled": True},
                "allowedExternalRedirectUrls": [*self.allowed_redirects, *allowed_redirects],
            },
        }
