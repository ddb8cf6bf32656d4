"""Client assertions: an application proves itself with a certificate (RFC 7523)."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from chatkit.localcloud.entra.core.applications import Application
from chatkit.localcloud.entra.errors import assertion_refused

ALGORITHMS = ["RS256", "PS256"]


def check(assertion: str, application: Application, audiences: list[str]) -> None:
    """Verify a client assertion against the application's certificates.

    Args:
        assertion: The JWT.
        application: With `keyCredentials`, each with `key`, the Base64 of the DER certificate.
        audiences: Accepted `aud` values: the token endpoint's URLs and the issuer.

    Raises:
        EntraError: It does not verify.
    """
    client_id = application["appId"]
    try:
        header = jwt.get_unverified_header(assertion)
    except jwt.InvalidTokenError:
        raise assertion_refused(50027, "JWT token is invalid or malformed.") from None
    certificate = _certificate(header, application)
    if certificate is None:
        raise assertion_refused(
            700027,
            "The certificate with identifier used to sign the client assertion is not registered"
            f" on application '{client_id}'.",
        )
    public_key = certificate.public_key()
    if not isinstance(public_key, RSAPublicKey):
        raise assertion_refused(700027, "Client assertion failed signature validation.")
    try:
        claims = jwt.decode(assertion, public_key, algorithms=ALGORITHMS, audience=audiences)
    except (jwt.ExpiredSignatureError, jwt.ImmatureSignatureError):
        raise assertion_refused(
            700024, "Client assertion is not within its valid time range."
        ) from None
    except jwt.InvalidAudienceError:
        raise assertion_refused(
            700023, "Client assertion audience claim does not match this authority."
        ) from None
    except jwt.InvalidTokenError:
        raise assertion_refused(700027, "Client assertion failed signature validation.") from None
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
