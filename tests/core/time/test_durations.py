"""How long, as people type it."""

from __future__ import annotations

import pytest

from chatkit.core.time import durations


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        *[("30s", 30), ("2m", 120), ("45", 45), ("1h30m", 5400), ("2 min", 120), ("1m 30 sec", 90)],
        *[
            ("0", 0),
            ("0s", 0),
            ("1.5s", 1.5),
            ("1.5h", 5400),
            ("0.5 m", 30),
            ("2M", 120),
            (" 7 ", 7),
        ],
    ],
)
def test_it_is_read(text: str, seconds: float) -> None:
    """A number alone counts seconds."""
    assert durations.seconds(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "soon", "nan", "inf", "-5", "30 x", "m", "1s2m", "٣s", "1e999", "2m-1s", "5 5"]
)
def test_it_is_refused(text: str) -> None:
    """With examples of what is read."""
    with pytest.raises(ValueError, match="30s, 2m"):
        durations.seconds(text)


@pytest.mark.parametrize(
    ("text", "has_unit"),
    [("2h", True), ("2 min ", True), ("90", False), ("1.5", False), ("1e3", False), ("", False)],
)
def test_a_number_alone_says_no_unit(text: str, *, has_unit: bool) -> None:
    """Who types 1.5 may mean hours."""
    assert durations.has_unit(text) is has_unit
