"""Memory and descriptors of the local cloud stay what they are, whatever its clients do."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.localcloud.soak import Soak, Targets, slope
from tests.localcloud.soak_cloud import soak_cloud

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="descriptors are counted on POSIX")
LONG_S = 600.0


@pytest.fixture
def targets(tmp_path: Path) -> Iterator[Targets]:
    """A local cloud of its own, with something of everything."""
    with soak_cloud(tmp_path) as targets:
        yield targets


def test_descriptors_and_memory_are_given_back(targets: Targets) -> None:
    """After a warm-up, more rounds take no more of either."""
    soak = Soak(targets)
    asyncio.run(soak.run(1.5))
    before = soak.samples[-1]
    asyncio.run(soak.run(4))
    after = soak.samples[-1]
    assert after.rounds > before.rounds
    assert min(sample.descriptors for sample in soak.samples[-3:]) <= before.descriptors + 2
    assert after.memory_mb < before.memory_mb + 15


@pytest.mark.long
def test_ten_minutes_leave_nothing_behind(targets: Targets) -> None:
    """The slopes of the second half are flat: by then the traces, which are bounded, are full."""
    soak = Soak(targets)
    asyncio.run(soak.run(LONG_S))
    samples = soak.samples[len(soak.samples) // 2 :]
    assert abs(slope(samples, "descriptors")) < 0.2
    assert slope(samples, "memory_mb") < 0.5
