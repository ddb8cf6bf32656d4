"""Keys and certificates of the local cloud."""

from __future__ import annotations

from pathlib import Path

import certifi
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from chatkit.core import tls


def test_certificates_are_made_once(tmp_path: Path) -> None:
    """Loading again keeps the CA that clients already trust, and its key file is private."""
    first = tls.load(tmp_path).ca_file.read_bytes()
    assert tls.load(tmp_path).ca_file.read_bytes() == first
    assert (tmp_path / "server.key").stat().st_mode & 0o077 == 0


def test_a_certificate_without_todays_names_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A home of an older version: clients would refuse the names that it lacks."""
    with monkeypatch.context() as older:
        older.setattr(tls, "HOSTS", ("localhost", "127.0.0.1", "::1"))
        before = tls.load(tmp_path).ca_file.read_bytes()
    assert tls.load(tmp_path).ca_file.read_bytes() != before
    tls.check(tmp_path)


def test_a_signing_key_signs_with_rs256() -> None:
    """As Entra's tokens are signed; two keys differ."""
    first = tls.new_signing_key()
    second = tls.new_signing_key()
    token = jwt.encode({"sub": "alice"}, first, algorithm="RS256")
    public = load_pem_private_key(first.encode(), password=None).public_key()
    assert jwt.decode(token, public, algorithms=["RS256"]) == {"sub": "alice"}  # type: ignore[arg-type]
    assert first != second


def test_a_signing_key_is_read_back_whole() -> None:
    """A key of other numbers, of another kind, and no key at all are refused."""
    pem = tls.new_signing_key()
    key = tls.read_signing_key(pem)
    token = jwt.encode({"sub": "alice"}, key, algorithm="RS256")
    assert jwt.decode(token, key.public_key(), algorithms=["RS256"]) == {"sub": "alice"}
    elliptic = ec.generate_private_key(ec.SECP256R1())
    other = elliptic.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
    for text in ("", "x", pem[:400], other):
        with pytest.raises(ValueError):
            tls.read_signing_key(text)


def test_a_signing_key_with_one_changed_digit_is_refused() -> None:
    """Whatever of its letters another one stands for."""
    first, *lines, last = tls.new_signing_key().splitlines()
    body = "".join(lines)
    for place in range(40, len(body) - 4, 97):
        changed = body[:place] + ("A" if body[place] != "A" else "B") + body[place + 1 :]
        with pytest.raises(ValueError):
            tls.read_signing_key("\n".join((first, changed, last)))


# What programs trust


OWN = "-----BEGIN CERTIFICATE-----\nlocal\n-----END CERTIFICATE-----\n"


@pytest.fixture
def ca_file(tmp_path: Path) -> Path:
    """The local cloud's authority."""
    (tmp_path / "ca.pem").write_text(OWN, encoding="ascii")
    return tmp_path / "ca.pem"


def test_programs_go_on_trusting_what_they_trust(ca_file: Path, tmp_path: Path) -> None:
    """A file with the local authority alone would cut them off from everything else."""
    company = tmp_path / "company.pem"
    company.write_bytes("# von Jürgen\nthe company's\n".encode("latin-1"))
    path = tmp_path / "trusted.pem"
    tls.write_trusted(path, ca_file, {"REQUESTS_CA_BUNDLE": str(company)})
    expected = f"# von J\N{REPLACEMENT CHARACTER}rgen\nthe company's\n{tls.MARK}{OWN}"
    assert path.read_text(encoding="utf-8") == expected
    assert path.stat().st_mode & 0o077 == 0
    # In a shell that has evaluated `chatkit local env`, it names itself.
    for other in (path, tmp_path / "bundle.pem"):
        tls.write_trusted(other, ca_file, {"SSL_CERT_FILE": str(path)})
        assert other.read_text(encoding="utf-8") == expected


def test_without_a_file_of_ones_own_the_public_authorities_stay(
    ca_file: Path, tmp_path: Path
) -> None:
    """Those of the system, else certifi's."""
    path = tmp_path / "trusted.pem"
    tls.write_trusted(path, ca_file, {})
    text = path.read_text(encoding="utf-8")
    assert text.endswith(tls.MARK + OWN)
    assert text.count("BEGIN CERTIFICATE") > 50 and Path(certifi.where()).exists()
