"""Secrets are masked in any text, in time that grows with the text, and in pieces."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatkit.core.text.masking import SEPARATORS, mask, mask_pieces, mask_web_tokens
from tests import growth
from tests.attacks.slow_texts import FLOODS

SECRETS = (
    "AccessKey=c2VjcmV0",
    "accountkey=c2VjcmV0==",
    "SharedAccessSignature=c2VjcmV0",
    "access_token=c2VjcmV0",
    "client_secret=c2VjcmV0",
    "sig=c2VjcmV0%3D",
    "code=c2VjcmV0",
    "token=c2VjcmV0",
    "Bearer c2VjcmV0",
    "BEARER   c2VjcmV0",
    "SharedKey chatkit:c2VjcmV0",
    "eyJhbGciOi.eyJzdWIi.c2VjcmV0",
    "x-eyJhbGciOi.eyJzdWIi.c2VjcmV0",
)
PARTS = (*SECRETS, *FLOODS.values(), "&", ";", '"', "'", "\n", "/", ":", "word", "\u2028")


@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_across_two_pieces_is_masked(secret: str) -> None:
    """Wherever the cut falls, in the name, between the two, or in the value."""
    for before in range(40):
        text = "x" * (40 + before) + f" {secret} and more of it"
        pieces = [*mask_pieces(text, size=64)]
        assert len(pieces) > 1
        assert "c2VjcmV0" not in "".join(pieces)
        assert "".join(pieces) == mask(text)


@given(st.lists(st.sampled_from(PARTS), max_size=60).map("".join))
def test_pieces_hide_at_least_what_the_whole_hides(text: str) -> None:
    """They are the same where words are shorter than a piece, and only longer ones hide more."""
    together = "".join(mask_pieces(text, size=64))
    words = re.split(f"[{SEPARATORS}]", text)
    is_short = max(map(len, words)) < 30 and not re.search(r"(?i)bearer|sharedkey", text)
    if is_short:
        assert together == mask(text)
    assert "c2VjcmV0" not in together or "c2VjcmV0" in mask(text)


def test_a_token_that_ends_with_a_name_does_not_free_its_value() -> None:
    """The piece ends between the name and what it names."""
    token = "eyJhbGciOi.eyJzdWIi.c2VjcmV0"
    text = f"{token}-eyJ{token}sig=c2VjcmV0%3D"
    assert text.index("=") == 63
    assert "c2VjcmV0" not in "".join(mask_pieces(text, size=64))


def test_tokens_that_begin_within_others_are_masked() -> None:
    """Where the piece ends within one of them, too."""
    text = "word" + "eyJhbGciOi.eyJzdWIi.c2VjcmV0" * 2 + "x-eyJhbGciOi.eyJzdWIi.c2VjcmV0"
    assert "c2VjcmV0" not in "".join(mask_pieces(text, size=64))


@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_in_a_word_of_many_pieces_is_masked(secret: str) -> None:
    """A word without a separator is cut nevertheless, never within a secret."""
    for where in range(200):
        text = "/" * where + secret + "/" * 300
        assert "c2VjcmV0" not in "".join(mask_pieces(text, size=64))


@pytest.mark.parametrize(
    "secret", ["eyJ" + "a" * 500 + ".b.c2VjcmV0", "sig=" + "a" * 500 + "c2VjcmV0"]
)
def test_a_secret_longer_than_a_piece_is_masked(secret: str) -> None:
    """Once it has begun it is masked to the end of the word."""
    together = "".join(mask_pieces(f"before {secret} after", size=64))
    assert "c2VjcmV0" not in together
    assert together.startswith("before ") and together.endswith(" after")


def test_what_is_no_token_stays() -> None:
    """A word with a dot, the beginning of a token within a word, two parts only."""
    text = "eyJ eyJa.b monkeyJa.b.c eyJ..a eyJ-.-"
    assert mask(text) == text
    assert mask_web_tokens("monkeyJa.b.c-eyJa.b.c") == "monkeyJa.b.c-***"


@pytest.mark.parametrize("flood", FLOODS)
def test_masking_takes_time_that_grows_with_the_text(flood: str) -> None:
    """No stranger's text takes more than its length."""
    assert growth.growth(lambda size: FLOODS[flood] * size, mask) < growth.LIMIT


@pytest.mark.parametrize("flood", FLOODS)
def test_masking_in_pieces_takes_time_that_grows_with_the_text(flood: str) -> None:
    """Nor in pieces, of which none is large."""

    def work(text: str) -> int:
        return sum(len(piece) for piece in mask_pieces(text))

    assert growth.growth(lambda size: FLOODS[flood] * size, work) < growth.LIMIT
