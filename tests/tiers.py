"""Which rows of a long table the README's test command takes; the long tier takes the others."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from _pytest.mark import ParameterSet


def one_in(count: int, rows: Sequence[object]) -> list[ParameterSet]:
    """The rows, all but each `count`th with the mark `long`: one needs a second and more."""
    return [
        pytest.param(*_values(row), marks=[] if number % count == 0 else [pytest.mark.long])
        for number, row in enumerate(rows)
    ]


def _values(row: object) -> tuple[object, ...]:
    return row if isinstance(row, tuple) else (row,)
