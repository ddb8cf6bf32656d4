"""RS256 tokens: signed by Entra, checked by every service that takes a bearer token."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, TypedDict

import jwt

from chatkit.core import tls
from chatkit.core.time import clock
from chatkit.localcloud.core.store import Store
from chatkit.localcloud.entra.core.roles import Roles
from chatkit.localcloud.entra.errors import TokenRejected
from chatkit.localcloud.recorded.clock import Clock

LIFETIME_S = 3599
KEPT = 512
CLOCK_SKEW_S = 300


@dataclass(frozen=True)
class Claims:
    """A checked token.

    Attributes:
        oid: Object id of the principal.
        appid: Client that asked for the token; empty for tokens without one.
        tid: Tenant id.
        name: Display name or user principal name.
        raw: Every claim.
    """

    oid: str
    appid: str
    tid: str
    name: str
    raw: Mapping[str, object] = field(repr=False)


class KeySet(TypedDict):
    """A JSON Web Key Set."""

    keys: list[dict[str, str]]


class Tokens:
    """The tenant's signing key.

    The key and its id are kept, so tokens outlive a restart of the local cloud.

    Args:
        store: Keeps the key.
        tenant_id: Of every token.
        authority: Where the tenant is served.
        clock: Which roles are known late; none by default.

    Attributes:
        issuer: `iss` of every token.
        roles: What the principals of tokens may do where.
    """

    def __init__(
        self, store: Store, *, tenant_id: str, authority: str, clock: Clock | None = None
    ) -> None:
        self._tenant_id = tenant_id
        self.issuer = f"{authority}/{tenant_id}/v2.0"
        self.roles = Roles(store, clock)
        document = store.get("entra", "signing-key")
        if document is None:
            document = {"kid": uuid.uuid4().hex, "pem": tls.new_signing_key()}
            store.put("entra", "signing-key", document)
        self._kid = str(document["kid"])
        self._key = tls.read_signing_key(str(document["pem"]))
        self._public = self._key.public_key()
        self._checked: dict[str, dict[str, Any]] = {}

    def jwks(self) -> KeySet:
        """The public key as a JSON Web Key Set (RFC 7517 §5)."""
        key = jwt.algorithms.RSAAlgorithm.to_jwk(self._public, as_dict=True)
        about = {"kid": self._kid, "use": "sig", "alg": "RS256", "issuer": self.issuer}
        return {"keys": [{**key, **about}]}

    def issue(
        self, audience: str, claims: Mapping[str, object], *, lifetime_s: int = LIFETIME_S
    ) -> str:
        """Sign a token.

        Args:
            audience: `aud`.
            claims: About the subject: oid, sub, appid, name, roles, scp, ...
            lifetime_s: Seconds until it expires.
        """
        now = int(clock.wall())
        payload = {
            "aud": audience,
            "iss": self.issuer,
            "iat": now,
            "nbf": now,
            "exp": now + lifetime_s,
            "tid": self._tenant_id,
            "uti": uuid.uuid4().hex[:22],
            "ver": "2.0",
            **claims,
        }
        return jwt.encode(payload, self._key, algorithm="RS256", headers={"kid": self._kid})

    def verify(self, token: str, audiences: Collection[str]) -> Claims:
        """Check signature, issuer, tenant, times and audience.

        Args:
            token: The text after "Bearer ".
            audiences: Accepted audiences; trailing slashes are of no account.

        Raises:
            TokenRejected: The first check that failed.
        """
        raw = self._checked.get(token) or self._check_signature(token)
        now = clock.wall()
        if raw.get("exp", 0) <= now:
            raise TokenRejected("expired", "The access token has expired.")
        if raw.get("nbf", 0) > now + CLOCK_SKEW_S:
            raise TokenRejected("not_yet_valid", "The access token is not valid yet.")
        self._check_issuer(raw)
        audience = str(raw.get("aud", ""))
        if audience.rstrip("/") not in {accepted.rstrip("/") for accepted in audiences}:
            raise TokenRejected(
                "audience",
                f"The access token has been obtained for wrong audience or resource '{audience}'.",
            )
        return Claims(
            oid=str(raw.get("oid", raw.get("sub", ""))),
            appid=str(raw.get("appid", raw.get("azp", ""))),
            tid=str(raw.get("tid", "")),
            name=_name(raw),
            raw=raw,
        )

    def _check_issuer(self, raw: Mapping[str, object]) -> None:
        if raw.get("iss") != self.issuer:
            raise TokenRejected(
                "issuer",
                f"The access token is from the wrong issuer. It must match '{self.issuer}'.",
            )

    def _check_signature(self, token: str) -> dict[str, Any]:
        if not token:
            raise TokenRejected("missing", "The 'Authorization' header is missing.")
        try:
            raw: dict[str, Any] = jwt.decode(
                token,
                self._public,
                algorithms=["RS256"],
                options={
                    "verify_aud": False,
                    "verify_exp": False,
                    "verify_nbf": False,
                    "verify_iat": False,
                },
            )
        except jwt.InvalidSignatureError:
            # Another tenant's token is signed with a key that is not known here.
            self._check_issuer(_unverified(token))
            raise TokenRejected("signature", "The access token's signature is invalid.") from None
        except jwt.InvalidTokenError:
            raise TokenRejected("malformed", "The access token is invalid.") from None
        if len(self._checked) >= KEPT:
            self._checked.clear()
        self._checked[token] = raw
        return raw


def _unverified(token: str) -> dict[str, Any]:
    """The claims of a token whose signature is wrong; good for nothing but an explanation."""
    try:
        claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    except jwt.InvalidTokenError:
        raise TokenRejected("malformed", "The access token is invalid.") from None
    return claims


def _name(claims: Mapping[str, object]) -> str:
    for claim in ("preferred_username", "name", "app_displayname"):
        if claim in claims:
            return str(claims[claim])
    return ""
