"""The Authorization header as every service reads it."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatkit.localcloud.core.bearer import (
    Authorization,
    basic_credentials,
    bearer_token,
    parse_authorization,
)

# RFC 6750 §2.1: b64token.
tokens = st.from_regex(r"[A-Za-z0-9\-._~+/]{1,40}={0,2}", fullmatch=True)
spellings = st.lists(st.booleans(), min_size=6, max_size=6).map(
    lambda upper: "".join(
        letter.upper() if large else letter for letter, large in zip("bearer", upper, strict=True)
    )
)


@given(scheme=spellings, spaces=st.integers(1, 4), token=tokens)
def test_the_scheme_has_any_case_and_any_number_of_spaces(
    scheme: str, spaces: int, token: str
) -> None:
    """RFC 9110 §11.1 and §11.4: case-insensitive, followed by one space or more."""
    assert bearer_token(scheme + " " * spaces + token) == token


@given(scheme=st.from_regex(r"[A-Za-z]{1,12}", fullmatch=True), token=tokens)
def test_another_scheme_has_no_token(scheme: str, token: str) -> None:
    """What belongs to another scheme is never taken for a token."""
    expected = token if scheme.lower() == "bearer" else ""
    assert bearer_token(f"{scheme} {token}") == expected
    assert parse_authorization(f"{scheme} {token}") == Authorization(scheme.lower(), token)


@given(st.text(max_size=40))
def test_any_header_is_read(header: str) -> None:
    """Nothing is raised, and nothing comes out that is not in the header."""
    assert bearer_token(header) in header


@pytest.mark.parametrize("header", ["", " ", "Bearer", "Bearer ", "Bearertoken", "token", "\t"])
def test_a_header_without_a_token_has_none(header: str) -> None:
    """The scheme alone, or a token alone."""
    assert bearer_token(header) == ""


@given(user=st.text(max_size=20).filter(lambda text: ":" not in text), password=st.text())
def test_a_password_may_hold_colons(user: str, password: str) -> None:
    """RFC 7617 §2: the first colon ends the user name."""
    credentials = base64.b64encode(f"{user}:{password}".encode()).decode()
    assert basic_credentials(credentials) == (user, password)


@pytest.mark.parametrize("credentials", ["x", "é", base64.b64encode(b"\xff:x").decode()])
def test_credentials_that_cannot_be_read_are_none(credentials: str) -> None:
    """Neither Base64 nor UTF-8: the service says so in its own words."""
    assert basic_credentials(credentials) is None
