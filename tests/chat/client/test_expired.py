"""A token that has run out: every check refuses it."""

from __future__ import annotations

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatkit.chat.client.expired import expired

KEY = "a-key-of-at-least-thirty-two-bytes-12345"


def test_it_says_that_it_has_expired() -> None:
    """The claims are the same but for the end."""
    token = jwt.encode({"sub": "alice", "exp": 4_000_000_000}, KEY, algorithm="HS256")
    claims = jwt.decode(expired(token), options={"verify_signature": False, "verify_exp": False})
    assert claims["sub"] == "alice" and claims["exp"] < 2_000_000_000
    with pytest.raises(jwt.ExpiredSignatureError):
        jwt.decode(expired(token), options={"verify_signature": False, "verify_exp": True})


def test_its_issuer_refuses_it() -> None:
    """Who changes a token cannot sign it again."""
    token = jwt.encode({"sub": "alice", "exp": 4_000_000_000}, KEY, algorithm="HS256")
    with pytest.raises(jwt.InvalidTokenError):
        jwt.decode(expired(token), KEY, algorithms=["HS256"])


@given(st.text())
def test_any_token_becomes_another(token: str) -> None:
    """A token that is not a JWT, too."""
    assert expired(token) != token
