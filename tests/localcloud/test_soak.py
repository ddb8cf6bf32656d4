"""Memory and descriptors of the local cloud stay what they are, whatever its clients do."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.localcloud.soak import Sample, Soak, Targets, floors, slope
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
    assert slope(floors(samples), "memory_mb") < 0.5


def test_a_peak_is_no_growth_and_a_loss_is() -> None:
    """Otherwise the test above says nothing, or too much."""
    peaks = [Sample(at_s, 50 + at_s % 60, 30, 0) for at_s in range(0, 300, 5)]
    losses = [Sample(one.at_s, one.memory_mb + one.at_s / 60, 30, 0) for one in peaks]
    assert abs(slope(floors(peaks), "memory_mb")) < 0.01
    assert slope(floors(losses), "memory_mb") == pytest.approx(1, abs=0.1)
