"""The one module that makes keys and certificates.

The local cloud has a private certificate authority, because Azure clients refuse bearer tokens over
plain http.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from chatkit.core.errors import HomeDamaged
from chatkit.core.files import write_private, write_together

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPrivateNumbers

HOSTS = (
    *("localhost", "127.0.0.1", "::1"),
    # Accounts of the storage by host name. A certificate's asterisk stands for one label.
    *(f"*.{service}.core.localhost" for service in ("blob", "queue", "table", "file", "dfs")),
)
AUTHORITY_FILE = "ca.pem"
CHAIN_FILE = "server.pem"
KEY_FILE = "server.key"
FILES = (AUTHORITY_FILE, CHAIN_FILE, KEY_FILE)
# The variables that name a file of authorities: requests and curl first, then what OpenSSL reads.
TRUST_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
MARK = "# Of the local cloud of chatkit, on this machine only:\n"
# Of OpenSSL's reasons not to trust a certificate (x509_vfy.h), those that are about the time.
OUT_OF_TIME = (9, 10)


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

    Raises:
        HomeDamaged: A file does not hold what was written to it.
    """
    check(folder)
    ca_file = folder / AUTHORITY_FILE
    chain_file = folder / CHAIN_FILE
    key_file = folder / KEY_FILE
    if not _usable(ca_file, chain_file, key_file):
        _issue(ca_file, chain_file, key_file)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.minimum_version = ssl.TLSVersion.TLSv1_2
    server.load_cert_chain(chain_file, key_file)
    return Certificates(ca_file, server)


def public_authorities() -> Path:
    """The file of the public certificate authorities: OpenSSL's own, else that of certifi."""
    import certifi

    system = ssl.get_default_verify_paths().cafile
    if system and Path(system).is_file():
        return Path(system)
    return Path(certifi.where())


def write_trusted(path: Path, ca_file: Path, environment: Mapping[str, str] = os.environ) -> None:
    """Write a file of authorities that a program can trust instead of its own, where it is not
    there yet: those that programs of this shell trust, and the local cloud's.

    With the local cloud's authority alone a program would reach nothing else any more.

    Args:
        path: The file.
        ca_file: The local cloud's own authority.
        environment: A file of a company's authorities that its variables name goes in, too.
    """
    text = _others(environment) + MARK + ca_file.read_text(encoding="ascii")
    # Compared as a whole: programs trust what is in it.
    if not path.exists() or path.read_bytes() != text.encode():
        write_private(path, text)


def trusting(authorities: Path) -> ssl.SSLContext:
    """For clients that trust the authorities in a file, such as that of `write_trusted`.

    All of them share one: reading 150 authorities takes a megabyte and 20 ms. A file that was
    written anew is read anew.
    """
    return _read(str(authorities), authorities.stat().st_mtime_ns)


@lru_cache(maxsize=2)
def _read(authorities: str, _written: int) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=authorities)


def _others(environment: Mapping[str, str]) -> str:
    """What programs trust without the local cloud."""
    named = [environment[name] for name in TRUST_VARIABLES if environment.get(name)]
    for path in (*map(Path, named), public_authorities()):
        if path.is_file():
            text = path.read_text(encoding="utf-8", errors="replace")
            # In a shell that has evaluated `chatkit local env`, it is such a file itself.
            return text.partition(MARK)[0].rstrip() + "\n"
    return ""


def check(folder: Path) -> None:
    """Look whether clients that trust the authority will trust the server. Missing files are made.

    Raises:
        HomeDamaged: A file is not readable, or is of another authority.
    """
    ca_file, chain_file, key_file = (folder / name for name in FILES)
    if not all(file.exists() for file in (ca_file, chain_file, key_file)):
        return
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    for file in (ca_file, chain_file):
        try:
            client.load_verify_locations(file)
        except ssl.SSLError as error:
            raise HomeDamaged(file, "there is no certificate in it") from error
    try:
        # A key with a password would ask for it; ours has none.
        server.load_cert_chain(chain_file, key_file, password="")
    except (ssl.SSLError, ValueError) as error:
        raise HomeDamaged(key_file, f"the key of {CHAIN_FILE} is not in it") from error
    only_ours = ssl.create_default_context(cafile=str(ca_file))
    try:
        _shake_hands(server, only_ours)
    except ssl.SSLCertVerificationError as error:
        if error.verify_code not in OUT_OF_TIME:
            raise HomeDamaged(chain_file, f"{AUTHORITY_FILE} has not signed it") from error


def _shake_hands(server: ssl.SSLContext, client: ssl.SSLContext) -> None:
    """Let a client connect to a server, both in memory."""
    to_server = ssl.MemoryBIO()
    to_client = ssl.MemoryBIO()
    ends = (
        client.wrap_bio(to_client, to_server, server_hostname=HOSTS[0]),
        server.wrap_bio(to_server, to_client, server_side=True),
    )
    # TLS 1.3 needs one turn, 1.2 two.
    for end in ends * 3:
        with suppress(ssl.SSLWantReadError):
            end.do_handshake()


def new_signing_key() -> str:
    """A new RSA key for tokens signed with RS256, as PEM text; to be kept private."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    # RFC 7518 §3.3: a key of 2048 bits or larger must be used.
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def read_signing_key(pem: str) -> RSAPrivateKey:
    """The key of `new_signing_key`, read back.

    Its numbers are compared with each other. That its two primes are primes is taken from the one
    that made them: to prove it takes as long as half the start of the local cloud's directory.

    Raises:
        ValueError: The text is no such key.
    """
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    key = serialization.load_pem_private_key(
        pem.encode(), password=None, unsafe_skip_rsa_key_validation=True
    )
    if not isinstance(key, RSAPrivateKey) or not _fits_together(key.private_numbers()):
        raise ValueError("This is not a private key for RS256.")
    return key


def _fits_together(key: RSAPrivateNumbers) -> bool:
    """Whether the numbers are those of one key (RFC 8017 §3.2)."""
    exponent = key.public_numbers.e
    return (
        key.p * key.q == key.public_numbers.n
        and key.d * exponent % (key.p - 1) == 1
        and key.d * exponent % (key.q - 1) == 1
        and key.dmp1 == key.d % (key.p - 1)
        and key.dmq1 == key.d % (key.q - 1)
        and key.iqmp * key.q % key.p == 1
    )


def _usable(ca_file: Path, chain_file: Path, key_file: Path) -> bool:
    from cryptography import x509

    if not all(file.exists() for file in (ca_file, chain_file, key_file)):
        return False
    certificate = x509.load_pem_x509_certificate(chain_file.read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    known = {str(name.value) for name in names}
    if not known.issuperset(HOSTS):  # of a home from before the cloud had these names
        return False
    return certificate.not_valid_after_utc > datetime.now(UTC) + timedelta(days=30)


def _issue(ca_file: Path, chain_file: Path, key_file: Path) -> None:
    import trustme

    # Some clients refuse server certificates that live longer than 825 days.
    until = datetime.now(UTC) + timedelta(days=800)
    authority = trustme.CA(organization_name="chatkit local cloud")
    leaf = authority.issue_cert(*HOSTS, not_after=until)
    chain = b"".join(blob.bytes() for blob in leaf.cert_chain_pems)
    write_together(
        private={key_file: leaf.private_key_pem.bytes()},
        public={ca_file: authority.cert_pem.bytes(), chain_file: chain},
    )
