"""Client assertions: an application proves itself with a certificate (RFC 7523), or with the token
of a managed identity that it trusts.

Follows Microsoft's page "Configure an application to trust a managed identity".
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from chatkit.localcloud.entra.core import federation
from chatkit.localcloud.entra.core.applications import Application
from chatkit.localcloud.entra.core.federation import FederatedCredential
from chatkit.localcloud.entra.errors import (
    EntraError,
    TokenRejected,
    assertion_refused,
    federation_refused,
    no_federation,
)
from chatkit.localcloud.entra.tokens import Tokens

ALGORITHMS = ["RS256", "PS256"]
MALFORMED = (50027, "JWT token is invalid or malformed.")
OUT_OF_TIME = (700024, "Client assertion is not within its valid time range.")
NOT_SIGNED = (700027, "Client assertion failed signature validation.")


def check(
    assertion: str,
    application: Application,
    audiences: list[str],
    *,
    trusted: list[FederatedCredential],
    tokens: Tokens,
) -> None:
    """Verify a client assertion.

    Who issued it tells which it is: the application itself, with one of its certificates, or
    somebody whom the application trusts.

    Args:
        assertion: The JWT.
        application: Whose it should be.
        audiences: Accepted `aud` values of what the application signs: the token endpoint's URLs
            and the issuer.
        trusted: The federated credentials of the application that are known already.
        tokens: The tenant's own.

    Raises:
        EntraError: It does not verify.
    """
    try:
        claims = jwt.decode(assertion, options={"verify_signature": False})
    except jwt.InvalidTokenError:
        raise assertion_refused(*MALFORMED) from None
    if application["federatedIdentityCredentials"] and claims.get("iss") != application["appId"]:
        _check_federated(assertion, claims, trusted, tokens)
    elif application["keyCredentials"] or claims.get("iss") == application["appId"]:
        _check_signed(assertion, application, audiences)
    else:
        raise no_federation(application["appId"], application["displayName"])


def _check_federated(
    assertion: str,
    claims: Mapping[str, object],
    trusted: list[FederatedCredential],
    tokens: Tokens,
) -> None:
    """Verify the token of somebody whom the application trusts.

    The claims are looked at first, as Entra does: its refusal names the one that fits nothing.
    """
    issuer, subject, audience = (str(claims.get(name, "")) for name in ("iss", "sub", "aud"))
    try:
        found = federation.match(trusted, issuer=issuer, subject=subject, audience=audience)
    except federation.NoMatch as missing:
        shown = {"issuer": issuer, "audience": audience}.get(missing.claim, subject)
        raise federation_refused(missing.claim, shown) from None
    try:
        verified = tokens.verify(assertion, found["audiences"])
    except TokenRejected as rejected:
        raise _federated_token_refused(found, tokens, rejected) from None
    # Only a managed identity's token names the resource that has it.
    if "xms_mirid" not in verified.raw:
        raise assertion_refused(
            700226,
            "Only MSI tokens may be used as Federated Identity Credentials for AAD issuer.",
        )


def _federated_token_refused(
    found: FederatedCredential, tokens: Tokens, rejected: TokenRejected
) -> EntraError:
    if rejected.code in ("expired", "not_yet_valid"):
        return assertion_refused(*OUT_OF_TIME)
    number, said = NOT_SIGNED
    if found["issuer"] != tokens.issuer:
        said += f" The local cloud has no keys of {found['issuer']}: it trusts its own identities."
    return assertion_refused(number, said)


def _check_signed(assertion: str, application: Application, audiences: list[str]) -> None:
    """Verify a client assertion against the application's certificates.

    Args:
        assertion: The JWT.
        application: With `keyCredentials`, each with `key`, the Base64 of the DER certificate.
        audiences: Accepted `aud` values: the token endpoint's URLs and the issuer.

    Raises:
        EntraError: It does not verify.
    """
    client_id = application["appId"]
    header = jwt.get_unverified_header(assertion)
    certificate = _certificate(header, application)
    if certificate is None:
        raise assertion_refused(
            700027,
            "The certificate with identifier used to sign the client assertion is not registered"
            f" on application '{client_id}'.",
        )
    public_key = certificate.public_key()
    if not isinstance(public_key, RSAPublicKey):
        raise assertion_refused(*NOT_SIGNED)
    try:
        claims = jwt.decode(assertion, public_key, algorithms=ALGORITHMS, audience=audiences)
    except (jwt.ExpiredSignatureError, jwt.ImmatureSignatureError):
        raise assertion_refused(*OUT_OF_TIME) from None
    except jwt.InvalidAudienceError:
        raise assertion_refused(
            700023, "Client assertion audience claim does not match this authority."
        ) from None
    except jwt.InvalidTokenError:
        raise assertion_refused(*NOT_SIGNED) from None
    if claims.get("iss") != client_id or claims.get("sub") != client_id:
        raise assertion_refused(
            700021, "Client assertion application identifier doesn't match 'client_id' parameter."
        )


def _certificate(header: Mapping[str, object], application: Application) -> x509.Certificate | None:
    for credential in application["keyCredentials"]:
        der = base64.b64decode(credential.get("key") or "")
        prints = {"x5t": hashlib.sha1(der), "x5t#S256": hashlib.sha256(der)}
        for name, digest in prints.items():
            wanted = base64.urlsafe_b64encode(digest.digest()).decode().rstrip("=")
            if str(header.get(name, "")).rstrip("=") == wanted:
                return x509.load_der_x509_certificate(der)
    return None


def certificate_der(text: str) -> bytes:
    """DER bytes of a Base64 text that holds a certificate, as DER or as PEM.

    Raises:
        ValueError: No certificate.
    """
    raw = base64.b64decode(text)
    certificate = (
        x509.load_pem_x509_certificate(raw)
        if raw.startswith(b"-----")
        else x509.load_der_x509_certificate(raw)
    )
    return certificate.public_bytes(serialization.Encoding.DER)
