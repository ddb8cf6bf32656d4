"""What strangers send takes time that grows with it, whoever reads it and however it comes."""

from __future__ import annotations

import pytest

from tests import growth
from tests.localcloud.long_inputs import CASES, Case

TRIES = 5


@pytest.mark.parametrize("name", CASES)
def test_reading_takes_time_that_grows_with_the_input(name: str) -> None:
    """Sixteen times as much takes at most forty times as long."""
    case = CASES[name]
    ratio = measured(case)
    assert ratio < growth.LIMIT
    # A reader that refuses the input at once is quick, and says nothing.
    assert case.stops or ratio > 2 or any(measured(case) > 2 for _ in range(TRIES))


def measured(case: Case) -> float:
    """How many times longer it takes."""
    return growth.growth(case.make, case.work, size=case.size)
