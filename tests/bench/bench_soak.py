"""Ten minutes of mixed traffic with kills and drops: what memory and descriptors grow a minute.

The peer is the process itself, when the traffic has begun.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from pathlib import Path

from tests.localcloud.soak import Soak, floors, slope
from tests.localcloud.soak_cloud import soak_cloud

SECONDS = float(os.environ.get("CHATKIT_SOAK_S", "600"))


def run() -> dict[str, object]:
    """Measure one local cloud; in the first half its traces, which are bounded, fill.

    Of memory the least of each minute counts: an allocator gives a peak back late.
    """
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home,
        soak_cloud(Path(home)) as targets,
    ):
        soak = Soak(targets)
        asyncio.run(soak.run(SECONDS))
    samples = soak.samples[len(soak.samples) // 2 :]
    return {
        "seconds": SECONDS,
        "rounds": soak.rounds,
        "descriptors": [samples[0].descriptors, samples[-1].descriptors],
        "descriptors_a_minute": round(slope(samples, "descriptors"), 3),
        "memory_mb": [round(one.memory_mb, 1) for one in floors(samples)],
        "memory_mb_a_minute": round(slope(floors(samples), "memory_mb"), 3),
        "memory_mb_a_minute_with_peaks": round(slope(samples, "memory_mb"), 3),
    }
