"""Who may connect or call: tokens signed with one of the instance's two access keys.

Follows Microsoft's page "Azure SignalR Service REST API, Authenticate via access key" and what its SDK signs.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

import jwt

from chatkit.localcloud.signalr.errors import Unauthorized
from chatkit.localcloud.signalr.spec import InstanceSpec

log = logging.getLogger("chatkit.local.signalr")
Claims = dict[str, Any]

# Checked before a key is touched: nothing unsigned, nothing that would misuse the key.
ALGORITHMS = ("HS256", "HS512")
# Both clocks are this machine's; the service itself tolerates up to five minutes.
SKEW_S = 5
# What reading a token may raise, whatever somebody has put into it.
BROKEN = (jwt.PyJWTError, ValueError, OverflowError, RecursionError)
LOOPBACK = {"127.0.0.1", "::1"}
USER_CLAIMS = ("asrs.s.uid", "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier", "nameid", "sub")


def bearer(headers: Mapping[str, str]) -> str:
    """The token of an Authorization header, empty without one."""
    kind, _, token = headers.get("Authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


def verify(spec: InstanceSpec, token: str, audiences: Iterable[str]) -> Claims:
    """Check a token and return its claims.

    Args:
        spec: The instance whose keys count.
        token: Compact JWT.
        audiences: What the token may have been signed for; scheme and host in any case, any port.

    Raises:
        Unauthorized: With the reason for the challenge header.
    """
    if not token:
        raise Unauthorized()
    if spec.disable_local_auth:
        raise Unauthorized("Access keys are disabled on this resource")
    claims = _signed_claims(spec, token)
    expected = [*audiences]
    actual = claims.get("aud")
    given = actual if isinstance(actual, list) else [actual]
    wanted = {comparable(audience) for audience in expected}
    if not any(isinstance(audience, str) and comparable(audience) in wanted for audience in given):
        log.warning("%s: Failed to validate audience. Expected Audiences: %s. Actual Audiences: %s", spec.name, expected, given)
        raise Unauthorized("The audience is invalid")
    return claims


def _signed_claims(spec: InstanceSpec, token: str) -> Claims:
    try:
        algorithm = jwt.get_unverified_header(token).get("alg")
    except BROKEN as error:
        raise Unauthorized("The token is malformed") from error
    if algorithm not in ALGORITHMS:
        raise Unauthorized("The signature algorithm is not allowed")
    options: Any = {
        "require": ["exp"],
        "verify_aud": False,
        "verify_iss": False,
        "verify_iat": False,
        "verify_sub": False,
        "verify_jti": False,
    }
    for key in (spec.primary_key, spec.secondary_key):
        try:
            return dict(jwt.decode(token, key, algorithms=[algorithm], options=options, leeway=SKEW_S))
        except jwt.InvalidSignatureError:
            continue
        except jwt.ExpiredSignatureError as error:
            raise Unauthorized(f"The token expired at '{_time_of(token, 'exp')}'") from error
        except jwt.ImmatureSignatureError as error:
            raise Unauthorized(f"The token is not valid before '{_time_of(token, 'nbf')}'") from error
        except jwt.MissingRequiredClaimError as error:
            raise Unauthorized("The token has no expiration") from error
        except BROKEN as error:
            raise Unauthorized("The token is malformed") from error
    raise Unauthorized("The signature key was not found")


def _time_of(token: str, claim: str) -> str:
    """A time in a token as ASP.NET Core prints it. The signature has been verified."""
    moment = time.gmtime(float(jwt.decode(token, options={"verify_signature": False})[claim]))
    return time.strftime("%m/%d/%Y %H:%M:%S", moment)


def comparable(audience: str) -> str:
    """An audience in the form in which two are compared.

    Port dropped, scheme and host lower-case, percent-decoded; the names of this machine are one host.
    """
    parts = urlsplit(audience)
    host = "localhost" if parts.hostname in LOOPBACK else (parts.hostname or "").lower()
    query = f"?{unquote(parts.query)}" if parts.query else ""
    return f"{parts.scheme.lower()}://{host}{unquote(parts.path).rstrip('/')}{query}"


def client_audiences(origin: str, hub: str, claimed: object = None) -> list[str]:
    """What a client token may be signed for. A longer query is fine when it begins with this hub."""
    expected = [f"{origin}/client/?hub={hub.lower()}"]
    for audience in claimed if isinstance(claimed, list) else [claimed]:
        if isinstance(audience, str) and _same_hub(audience, hub):
            expected.append(f"{origin}/client/?{urlsplit(audience).query}")
    return expected


def _same_hub(audience: str, hub: str) -> bool:
    query = urlsplit(audience).query
    name, _, rest = query.partition("=")
    return name == "hub" and unquote(rest.partition("&")[0]).lower() == hub.lower()


def rest_audiences(origin: str, raw_path: str, query: Mapping[str, str]) -> list[str]:
    """What a REST token may be signed for: the path, alone or with the queries Microsoft's SDK signs."""
    path = f"{origin}{raw_path}"
    expected = [path]
    if "api-version" in query:
        expected.append(f"{path}?api-version={query['api-version']}")
    if "application" in query:
        expected.append(f"{path}?application={query['application']}")
        if "api-version" in query:
            expected.append(f"{path}?application={query['application']}&api-version={query['api-version']}")
            expected.append(f"{path}?api-version={query['api-version']}&application={query['application']}")
    return expected


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
