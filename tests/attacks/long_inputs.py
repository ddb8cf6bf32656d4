"""Attempts to make everybody wait: inputs that a reader might read again and again."""

from __future__ import annotations

from tests.attacks.group import Group
from tests.localcloud.long_inputs.table import CASES

GROUPS = (
    Group(
        "Inputs that are slow to read",
        "test_long_inputs.py",
        "test_reading_takes_time_that_grows_with_the_input",
        tuple(CASES),
    ),
)
