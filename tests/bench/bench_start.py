"""How long a start takes: `import chatkit` against a bare interpreter, and the local cloud."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from chatkit.cloud import local_cloud

ROUNDS = 7


def run() -> dict[str, object]:
    """Measure both, medians of several rounds."""
    bare = median_s([sys.executable, "-c", "pass"])
    imported = median_s([sys.executable, "-c", "import chatkit"])
    workshop = median_s([sys.executable, "-c", "from chatkit import Workshop"])
    return {
        "import_chatkit_s": round(imported - bare, 3),
        "import_workshop_s": round(workshop - bare, 3),
        "peer": "python -c pass",
        "peer_s": round(bare, 3),
        **started_cloud(),
    }


def median_s(command: list[str]) -> float:
    """Median duration of a command."""
    return statistics.median(duration_s(command) for _ in range(ROUNDS))


def duration_s(command: list[str]) -> float:
    """Duration of one run of a command."""
    begin = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - begin


def started_cloud() -> dict[str, object]:
    """Start, measure and stop a local cloud in a home of its own."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        os.environ["CHATKIT_HOME"] = home
        first = duration_s([sys.executable, "-m", "chatkit", "local", "up"])
        process = psutil.Process(local_cloud.start(Path(home) / "local")["pid"])
        resident, used = process.memory_info().rss, process.cpu_times()
        later = []
        for _ in range(ROUNDS):
            local_cloud.stop(Path(home) / "local")
            later.append(duration_s([sys.executable, "-m", "chatkit", "local", "up"]))
        again = median_s([sys.executable, "-m", "chatkit", "local", "up"])
        local_cloud.stop(Path(home) / "local")
    return {
        "local_up_first_s": round(first, 2),
        "local_up_s": round(statistics.median(later), 2),
        "local_up_when_running_s": round(again, 2),
        "local_cloud_start_cpu_s": round(used.user + used.system, 2),
        "local_cloud_resident_mb": round(resident / 1e6, 1),
    }
