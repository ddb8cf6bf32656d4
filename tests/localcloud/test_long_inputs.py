"""What strangers send takes time that grows with it, whoever reads it and however it comes."""

from __future__ import annotations

import time

import pytest

from tests import growth
from tests.localcloud.long_inputs.case import Case
from tests.localcloud.long_inputs.table import CASES

TRIES = 8
PAUSE_S = 0.5


@pytest.mark.parametrize("name", CASES)
def test_reading_takes_time_that_grows_with_the_input(name: str) -> None:
    """Sixteen times as much takes at most forty times as long; the square would be 256 times."""
    case = CASES[name]
    least = 0.0 if case.stops else 2.0
    ratios = [measured(case)]
    # Another process may have the caches; and who refuses the input at once says nothing.
    while not least < ratios[-1] < growth.LIMIT and len(ratios) < TRIES:
        time.sleep(PAUSE_S)
        ratios.append(measured(case))
    assert least < ratios[-1] < growth.LIMIT


def measured(case: Case) -> float:
    """How many times longer it takes."""
    return growth.growth(case.make, case.work, size=case.size)
