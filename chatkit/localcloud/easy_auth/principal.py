"""Who is signed in, as App Service tells the app: the X-MS-CLIENT-PRINCIPAL headers.

Only the platform sets these headers: the functions host removes whatever a request carries under
such a name.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypedDict
from urllib.parse import quote

# Claims of a verified token.
Claims = Mapping[str, object]
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


class ClaimEntry(TypedDict):
    """One claim as App Service writes it."""

    typ: str
    val: str


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
    def of(cls, provider: str, token_claims: Claims, *, name_claim: str = "") -> Principal:
        """Build the principal from the claims of a verified id token."""
        order = [name_claim, *NAME_ORDER]
        name = next((str(token_claims[key]) for key in order if token_claims.get(key)), "")
        user_id = str(token_claims.get("oid") or token_claims.get("sub") or "")
        return cls(provider, user_id, name, tuple(_mapped(token_claims)))

    def values(self, claim: str) -> tuple[str, ...]:
        """What the token says in a claim, by the claim's short name."""
        kind = CLAIM_TYPES.get(claim, claim)
        return tuple(value for known, value in self.claims if known == kind)

    def claim_entries(self) -> list[ClaimEntry]:
        """The claims as App Service writes them."""
        return [{"typ": kind, "val": value} for kind, value in self.claims]

    def headers(self) -> dict[str, str]:
        """The headers the app receives. What header values cannot carry is percent-encoded."""
        document = {
            "auth_typ": self.provider,
            "claims": self.claim_entries(),
            "name_typ": NAME_TYPE,
            "role_typ": ROLE_TYPE,
        }
        return {
            "X-MS-CLIENT-PRINCIPAL": base64.b64encode(json.dumps(document).encode()).decode(),
            "X-MS-CLIENT-PRINCIPAL-ID": _header_text(self.user_id),
            "X-MS-CLIENT-PRINCIPAL-NAME": _header_text(self.name),
            "X-MS-CLIENT-PRINCIPAL-IDP": self.provider,
        }


def _mapped(token_claims: Claims) -> Iterable[tuple[str, str]]:
    for key, value in token_claims.items():
        items = value if isinstance(value, list) else [value]
        for item in items:
            text = item if isinstance(item, str) else json.dumps(item)
            yield CLAIM_TYPES.get(key, key), text


def _header_text(text: str) -> str:
    # A name with "%" is encoded, too: it is no encoding of another name then.
    if "%" not in text and text.isascii() and text.isprintable():
        return text
    return quote(text, safe="@.:/ -_")
