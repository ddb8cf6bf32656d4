"""Durations of the real Azure: each has a source, and what has none is not slowed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import chatkit
from chatkit.core.time.recorded import NOT_RECORDED, RECORDED
from chatkit.localcloud.recorded.clock import Clock

SLOW = Clock("recorded", 2.0)


@pytest.mark.parametrize("operation", RECORDED)
def test_what_was_recorded_takes_its_time(operation: str) -> None:
    """And says where that was seen."""
    recorded = RECORDED[operation]
    assert SLOW.duration_s(operation) == recorded.seconds * 2
    assert Clock().duration_s(operation) == 0
    assert re.search(r"recorded traffic .*\d+(\.\d)? s", recorded.source)


@pytest.mark.parametrize("operation", NOT_RECORDED)
def test_what_nobody_has_recorded_takes_no_time(operation: str) -> None:
    """A guess would teach the wrong waiting."""
    assert SLOW.duration_s(operation) == 0


def test_each_operation_is_used() -> None:
    """A duration that nothing waits for would be a promise."""
    folder = Path(chatkit.__file__).parent / "localcloud"
    code = "".join(path.read_text(encoding="utf-8") for path in folder.rglob("*.py"))
    for operation in (*RECORDED, *NOT_RECORDED):
        assert f'"{operation}"' in code, operation
