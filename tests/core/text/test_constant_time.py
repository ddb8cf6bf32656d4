"""Secrets that callers send are compared with those that are known."""

from __future__ import annotations

import pytest

from chatkit.core.text.constant_time import is_same_secret

# A byte that is no UTF-8, as aiohttp gives it, and half a character, as JSON can spell it.
ODD = ("\udcff", "\ud800", "é")


@pytest.mark.parametrize("text", ["secret", *ODD])
def test_a_secret_is_the_same_as_itself_alone(text: str) -> None:
    """Whatever is in it, also what UTF-8 cannot encode."""
    assert is_same_secret(text, text)
    assert not is_same_secret(text, "secret ") and not is_same_secret("?", text)


def test_nothing_is_never_the_same_as_nothing() -> None:
    """A secret that was not set opens nothing."""
    assert not is_same_secret("", "") and not is_same_secret("", "secret")


@pytest.mark.parametrize("given", ["kéy", "k\udcffy", ""])
def test_a_key_that_is_no_text_is_a_wrong_key(given: str) -> None:
    """Headers may hold any bytes."""
    assert not is_same_secret(given, "key")
