"""Who may connect or call: tokens signed with one of the instance's keys.

An instance has two access keys, and one of its own for the client tokens that it hands out itself.

Follows Microsoft's page "Azure SignalR Service REST API, Authenticate via access key" and what its
SDK signs.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import unquote, urlsplit

import jwt
from jwt.utils import base64url_decode
from multidict import MultiMapping

from chatkit.core.time import clock
from chatkit.localcloud.core.bearer import bearer_token
from chatkit.localcloud.signalr.core.errors import BadRequest, Unauthorized
from chatkit.localcloud.signalr.core.spec import InstanceSpec

log = logging.getLogger("chatkit.local.signalr")
Claims = dict[str, Any]

# Checked before a key is touched: nothing unsigned, nothing that would misuse the key.
ALGORITHMS = ("HS256", "HS512")
# Both clocks are this machine's; the service itself tolerates up to five minutes.
SKEW_S = 5
# What reading a token may raise, whatever a client has put into it.
BROKEN = (jwt.PyJWTError, ValueError, OverflowError, RecursionError)
SIGNATURE_ONLY: Any = {
    f"verify_{name}": False for name in ("aud", "exp", "iat", "iss", "jti", "nbf", "sub")
}
LOOPBACK = {"127.0.0.1", "::1"}
USER_CLAIMS = (
    "asrs.s.uid",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier",
    "nameid",
    "sub",
)


def bearer(headers: MultiMapping[str]) -> str:
    """The token of the Authorization header, empty without one.

    Raises:
        BadRequest: The header is there twice: two readers could take two tokens.
    """
    given = headers.getall("Authorization", [])
    if len(given) > 1:
        raise BadRequest("The Authorization header must be there once.")
    return bearer_token("".join(given))


def verify(spec: InstanceSpec, token: str, audiences: Iterable[str]) -> Claims:
    """Check a token and return its claims.

    Args:
        spec: The instance whose keys count.
        token: Compact JWT.
        audiences: What the token may have been signed for; scheme and host in any case, no port or
            the instance's.

    Raises:
        Unauthorized: With the reason for the challenge header.
    """
    if not token:
        raise Unauthorized()
    claims = _signed_claims(spec, token)
    expected = [*audiences]
    given = _listed(claims.get("aud"))
    wanted = {comparable(audience, spec.port) for audience in expected} - {""}
    if not any(
        isinstance(audience, str) and comparable(audience, spec.port) in wanted
        for audience in given
    ):
        log.warning(
            "%s: Failed to validate audience. Expected Audiences: %s. Actual Audiences: %s",
            spec.name,
            expected,
            given,
        )
        raise Unauthorized("The audience is invalid")
    return claims


def _signed_claims(spec: InstanceSpec, token: str) -> Claims:
    try:
        claims = dict(_proven(token, accepted_keys(spec)))
    except _KeyNotFound:
        if spec.disable_local_auth:
            raise Unauthorized("Access keys are disabled on this resource") from None
        raise
    if "exp" not in claims:
        raise Unauthorized("The token has no expiration")
    now = clock.wall()
    expires = _moment(claims["exp"])
    begins = _moment(claims.get("nbf", 0))
    if expires <= now - SKEW_S:
        raise Unauthorized(f"The token expired at '{_printed(expires)}'")
    if begins > now + SKEW_S:
        raise Unauthorized(f"The token is not valid before '{_printed(begins)}'")
    return claims


def accepted_keys(spec: InstanceSpec) -> tuple[str, ...]:
    """The keys whose signatures count."""
    if spec.disable_local_auth:
        return (spec.token_key,)
    return (*spec.access_keys, spec.token_key)


@lru_cache(maxsize=1024)
def is_from_entra(token: str) -> bool:
    """Say whether a token wants to be one of Entra ID: those are signed with RS256."""
    try:
        return jwt.get_unverified_header(token).get("alg") == "RS256"
    except BROKEN:
        return False


class _KeyNotFound(Unauthorized):
    """No key of the instance has signed it."""


@lru_cache(maxsize=1024)
def _proven(token: str, keys: tuple[str, ...]) -> Claims:
    """The claims of a token that one of the keys has signed. Times are not looked at.

    An app that sends often sends the same token, so the newest are remembered.
    """
    try:
        algorithm = jwt.get_unverified_header(token).get("alg")
        if algorithm not in ALGORITHMS or _names_twice(token):
            raise Unauthorized("The signature algorithm is not allowed")
        for key in filter(None, keys):
            try:
                return dict(jwt.decode(token, key, algorithms=[algorithm], options=SIGNATURE_ONLY))
            except jwt.InvalidSignatureError:
                continue
    except BROKEN as error:
        raise Unauthorized("The token is malformed") from error
    raise _KeyNotFound("The signature key was not found")


def _names_twice(token: str) -> bool:
    """Say whether the token's header has a name twice: two readers could take two algorithms."""
    names = json.loads(
        base64url_decode(token.partition(".")[0]),
        object_pairs_hook=lambda pairs: [name for name, _ in pairs],
    )
    return len(names) != len({*names})


def _moment(value: object) -> int:
    try:
        return int(value)  # type: ignore[call-overload, no-any-return]
    except (TypeError, ValueError, OverflowError) as error:
        raise Unauthorized("The token is malformed") from error


def _printed(moment: int) -> str:
    """As ASP.NET Core prints a time, in UTC."""
    try:
        return time.strftime("%m/%d/%Y %H:%M:%S", time.gmtime(moment))
    except (OverflowError, OSError, ValueError):
        return str(moment)


@lru_cache(maxsize=1024)
def comparable(audience: str, port: int) -> str:
    """An audience in the form in which two are compared; empty for one that can equal none.

    The port dropped if it is the instance's, host lower-case, percent-decoded. The names of this
    machine are one host, and the instance's port serves http and https.
    """
    try:
        parts = urlsplit(audience)
        if parts.port not in (None, port):
            return ""
    except ValueError:
        return ""
    host = (parts.hostname or "").lower()
    if host in LOOPBACK:
        host = "localhost"
    scheme = parts.scheme.lower()
    if scheme == "https":
        scheme = "http"
    found = f"{scheme}://{host}{unquote(parts.path).rstrip('/')}"
    if parts.query:
        found += f"?{unquote(parts.query)}"
    return found


def client_audiences(origin: str, hub: str, claimed: object = None) -> list[str]:
    """What a client token may be signed for.

    A longer query is fine when it begins with this hub.
    """
    expected = [f"{origin}/client/?hub={hub.lower()}"]
    for audience in _listed(claimed):
        if not isinstance(audience, str):
            continue
        query = audience.partition("#")[0].partition("?")[2]
        if _same_hub(query, hub):
            expected.append(f"{origin}/client/?{query}")
    return expected


def _listed(claim: object) -> list[object]:
    """RFC 7519 §4.1.3: `aud` is one value or an array of them."""
    return claim if isinstance(claim, list) else [claim]


def _same_hub(query: str, hub: str) -> bool:
    name, _, rest = query.partition("=")
    return name == "hub" and unquote(rest.partition("&")[0]).lower() == hub.lower()


def rest_audiences(origin: str, raw_path: str, query: Mapping[str, str]) -> list[str]:
    """What a REST token may be signed for.

    The path, alone or with the queries Microsoft's SDK signs.
    """
    path = f"{origin}{raw_path}"
    expected = [path]
    if "api-version" in query:
        expected.append(f"{path}?api-version={query['api-version']}")
    if "application" in query:
        expected.append(f"{path}?application={query['application']}")
        if "api-version" in query:
            expected.append(
                f"{path}?application={query['application']}&api-version={query['api-version']}"
            )
            expected.append(
                f"{path}?api-version={query['api-version']}&application={query['application']}"
            )
    return expected


@lru_cache(maxsize=1024)
def unverified_audience(token: str) -> object:
    """The audience a token claims, before it is believed; None when it cannot be read."""
    try:
        return jwt.decode(token, options={"verify_signature": False}).get("aud")
    except BROKEN:
        return None


def user_id(claims: Claims) -> str:
    """The user a client token names, empty for an anonymous client."""
    for name in USER_CLAIMS:
        value = claims.get(name)
        if isinstance(value, list) and value:
            value = value[0]
        if isinstance(value, str) and value:
            return value
    return ""
