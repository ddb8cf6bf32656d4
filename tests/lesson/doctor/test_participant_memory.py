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

BOUND_MB = 130
USED_BOUND_MB = 200
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


def resting(home: Path) -> bool:
    """Whether no app of a home has a process."""
    commands = [" ".join(process.cmdline()) for _, process in memory.processes_of(home)]
    return not any("chatkit_worker" in command for command in commands)


@pytest.mark.long
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems tell no PSS")
def test_a_participant_who_reads_takes_little(done: Path) -> None:
    """After the whole tutorial: a daemon, and one process for functions and page."""
    assert memory.measure(done).ours < USED_BOUND_MB
    end = time.monotonic() + LIMIT_S
    while not resting(done) and time.monotonic() < end:
        time.sleep(0.5)
    assert resting(done)
    found = memory.measure(done)
    print(found)
    assert 0 < found.ours < BOUND_MB
