"""Keys and certificates of the local cloud."""

from __future__ import annotations

from pathlib import Path

import jwt
import pytest
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
