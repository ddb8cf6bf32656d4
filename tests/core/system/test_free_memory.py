"""What a busy minute has taken of the memory is given back."""

from __future__ import annotations

import sys

import psutil
import pytest

from chatkit.core.system.free_memory import give_memory_back

PIECES = 20_000
PIECE_BYTES = 4000


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc alone keeps it")
def test_memory_between_things_that_stay_is_given_back() -> None:
    """A heap whose end is in use keeps 80 MB of free memory otherwise."""
    process = psutil.Process()
    taken = [bytearray(PIECE_BYTES) for _ in range(PIECES)]
    stays = taken[:: PIECES // 20]
    taken.clear()
    kept = process.memory_info().rss
    assert give_memory_back()
    assert process.memory_info().rss < kept - PIECES * PIECE_BYTES // 2
    assert len(stays) == 20


def test_other_systems_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """They have no such function."""
    monkeypatch.setattr(sys, "platform", "darwin")
    assert not give_memory_back()
