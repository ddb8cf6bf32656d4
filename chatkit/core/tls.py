"""The one module that makes keys and certificates.

The local cloud has a private certificate authority, because Azure clients refuse bearer tokens over
plain http.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from chatkit.core.files import write_private

HOSTS = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class Certificates:
    """What a TLS server and its clients need.

    Attributes:
        ca_file: PEM file for clients (`connection_verify`, `REQUESTS_CA_BUNDLE`,
            `NODE_EXTRA_CA_CERTS`).
        server: Context for the local cloud's own TLS ports.
    """

    ca_file: Path
    server: ssl.SSLContext


def load(folder: Path) -> Certificates:
    """Load authority and server certificate from a folder.

    They are made on first use, and again when they near their end.
    """
    ca_file = folder / "ca.pem"
    chain_file = folder / "server.pem"
    key_file = folder / "server.key"
    if not _usable(ca_file, chain_file, key_file):
        _issue(ca_file, chain_file, key_file)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.minimum_version = ssl.TLSVersion.TLSv1_2
    server.load_cert_chain(chain_file, key_file)
    return Certificates(ca_file, server)


def new_signing_key() -> str:
    """A new RSA key for tokens signed with RS256, as PEM text; to be kept private."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    # RFC 7518 §3.3: a key of 2048 bits or larger must be used.
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def _usable(ca_file: Path, chain_file: Path, key_file: Path) -> bool:
    from cryptography import x509

    if not all(file.exists() for file in (ca_file, chain_file, key_file)):
        return False
    certificate = x509.load_pem_x509_certificate(chain_file.read_bytes())
    return certificate.not_valid_after_utc > datetime.now(UTC) + timedelta(days=30)


def _issue(ca_file: Path, chain_file: Path, key_file: Path) -> None:
    import trustme

    # Some clients refuse server certificates that live longer than 825 days.
    until = datetime.now(UTC) + timedelta(days=800)
    authority = trustme.CA(organization_name="chatkit local cloud")
    leaf = authority.issue_cert(*HOSTS, not_after=until)
    ca_file.parent.mkdir(parents=True, exist_ok=True)
    authority.cert_pem.write_to_path(str(ca_file))
    write_private(key_file, leaf.private_key_pem.bytes())
    chain_file.write_bytes(b"".join(blob.bytes() for blob in leaf.cert_chain_pems))
