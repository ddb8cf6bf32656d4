"""Numbers in what strangers send."""

from __future__ import annotations

import pytest

from chatkit.localcloud.core.web import whole_number

NONE = ("", "-1", "+1", "1.0", " 1", "1 ", "1_000", "٣", "²", "0x1", "1e3", "9" * 19, "1" * 5000)


@pytest.mark.parametrize(("text", "number"), [("0", 0), ("007", 7), ("9" * 18, 10**18 - 1)])
def test_digits_are_a_number(text: str, number: int) -> None:
    """As many as 64 bits hold in any case."""
    assert whole_number(text) == number


@pytest.mark.parametrize("text", NONE, ids=lambda text: text[:10] or "empty")
def test_everything_else_is_none(text: str) -> None:
    """Also thousands of digits, which Python refuses to read with an error of its own."""
    assert whole_number(text) is None
