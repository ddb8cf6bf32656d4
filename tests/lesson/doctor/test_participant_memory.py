"""The kit's own share of a participant's memory stays what docs/memory.md says."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatkit.cloud import local_cloud
from chatkit.core.settings import checkout
from chatkit.lesson.doctor.preflight import memory
from chatkit.localcloud.functions.worker_process.rest import IDLE_AFTER_S
from chatkit.steps.local_servers import LocalServers

WORKER = "chatkit_worker"
USED_BOUND_MB = 130
IDLE_BOUND_MB = 90
LIMIT_S = IDLE_AFTER_S + 120


@pytest.fixture
def done(tmp_path: Path) -> Iterator[Path]:
    """The home of somebody who has gone through sections 00 to 10."""
    environment = {**os.environ, "CHATKIT_HOME": str(tmp_path)}
    command = (sys.executable, "-m", "chatkit", "run")
    subprocess.run(command, check=True, capture_output=True, env=environment, cwd=checkout())
    yield tmp_path
    LocalServers(tmp_path).stop_both()
    local_cloud.stop(tmp_path / "local")


def awake(home: Path) -> int:
    """How many apps of a home have a process."""
    return len(
        {one.pid for _, one in memory.processes_of(home) if WORKER in " ".join(one.cmdline())}
    )


def measured(home: Path, *, apps: int) -> float:
    """What the kit takes as soon as no more apps than these have a process, in MB."""
    end = time.monotonic() + LIMIT_S
    while awake(home) > apps and time.monotonic() < end:
        time.sleep(0.5)
    assert awake(home) == apps
    found = memory.measure(home)
    print(found)
    return found.ours


@pytest.mark.long
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems tell no PSS")
def test_a_participant_takes_little(done: Path) -> None:
    """After the whole tutorial: the local cloud, which carries the run on this machine, a small
    process for its page and output, and the app that was called last.
    """
    assert 0 < measured(done, apps=1) < USED_BOUND_MB
    assert 0 < measured(done, apps=0) < IDLE_BOUND_MB
