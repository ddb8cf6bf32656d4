"""Who is signed in, as App Service tells the app: the X-MS-CLIENT-PRINCIPAL headers.

Only the platform sets these headers: the functions host removes whatever a request carries under such a name.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

NAME_TYPE = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"
ROLE_TYPE = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role"
# Short claim names of a token and the long names App Service gives them.
CLAIM_TYPES = {
    "sub": "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier",
    "email": NAME_TYPE,
    "given_name": "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname",
    "family_name": "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname",
    "oid": "http://schemas.microsoft.com/identity/claims/objectidentifier",
    "tid": "http://schemas.microsoft.com/identity/claims/tenantid",
    "roles": ROLE_TYPE,
}
NAME_ORDER = ("preferred_username", "email", "upn", "name", "sub")


@dataclass(frozen=True)
class Principal:
    """One signed-in person.

    Attributes:
        provider: Alias of the identity provider, for example "aad".
        user_id: Stable id at the provider.
        name: Sign-in name, for example "alice@contoso.example".
        claims: (type, value) pairs under App Service's long names.
    """

    provider: str
    user_id: str
    name: str
    claims: tuple[tuple[str, str], ...]

    @classmethod
    def of(
        cls, provider: str, token_claims: Mapping[str, Any], *, name_claim: str = ""
    ) -> Principal:
        """Build the principal from the claims of a verified id token."""
        order = [name_claim, *NAME_ORDER] if name_claim else NAME_ORDER
        name = next((str(token_claims[key]) for key in order if token_claims.get(key)), "")
        user_id = str(token_claims.get("oid") or token_claims.get("sub") or "")
        return cls(provider, user_id, name, tuple(_mapped(token_claims)))

    def headers(self) -> dict[str, str]:
        """The headers the app receives. Text beyond ASCII is percent-encoded, as header values cannot carry it."""
        document = {
            "auth_typ": self.provider,
            "claims": [{"typ": kind, "val": value} for kind, value in self.claims],
            "name_typ": NAME_TYPE,
            "role_typ": ROLE_TYPE,
        }
        return {
            "X-MS-CLIENT-PRINCIPAL": base64.b64encode(json.dumps(document).encode()).decode(),
            "X-MS-CLIENT-PRINCIPAL-ID": _header_text(self.user_id),
            "X-MS-CLIENT-PRINCIPAL-NAME": _header_text(self.name),
            "X-MS-CLIENT-PRINCIPAL-IDP": self.provider,
        }


def _mapped(token_claims: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    for key, value in token_claims.items():
        for item in value if isinstance(value, list) else [value]:
            yield CLAIM_TYPES.get(key, key), item if isinstance(item, str) else json.dumps(item)


def _header_text(text: str) -> str:
    return text if text.isascii() and text.isprintable() else quote(text, safe="@.:/ -_")
