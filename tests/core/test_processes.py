"""Detached processes: they outlive their starter, are found by a record, and end with all they have
started.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import psutil
import pytest

from chatkit.core.processes import (
    DetachedProcess,
    ProcessIdentity,
    Survivor,
    last_lines,
    run_child,
    start_detached,
    wait_until,
)

LIMIT_S = 20.0
WAIT = "import time; print('ready', flush=True); time.sleep(600)"
BYE = "import signal; signal.signal(signal.SIGTERM, lambda *_: exit(print('bye', flush=True)))"
PARENT = (
    "import subprocess, sys, time;child = subprocess.Popen([sys.executable, '-c', 'import time;"
    " time.sleep(600)']);print(child.pid, flush=True); time.sleep(600)"
)
STARTER = """
import pathlib, sys
from chatkit.core.processes import start_detached
folder = pathlib.Path(sys.argv[1])
process = start_detached([sys.executable, "-c", sys.argv[2]], folder=folder, log=folder / "log")
identity = process.identity()
print(identity.pid, identity.created)
"""


class Starter:
    """Starts processes, and stops them in the end."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._started: list[DetachedProcess] = []

    def __call__(self, code: str) -> DetachedProcess:
        command = [sys.executable, "-c", code]
        log = self._folder / "logs" / "process.log"
        process = start_detached(command, folder=self._folder, log=log)
        self._started.append(process)
        return process

    def stop(self) -> None:
        for process in self._started:
            process.identity().stop(LIMIT_S)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Starter]:
    """A function that starts Python code as a detached process."""
    starter = Starter(tmp_path)
    yield starter
    starter.stop()


def first_line(process: DetachedProcess) -> str:
    """Wait for the first line that a process prints."""
    lines = process.wait_until(lambda: last_lines(process.log) or None, until=monotonic() + LIMIT_S)
    assert lines
    return lines[0]


def test_it_is_ready_when_it_says_so(start: Starter) -> None:
    """In a session of its own, so that Ctrl+C in the terminal does not reach it."""
    process = start(WAIT)
    assert first_line(process) == "ready" and process.exit_code is None
    if sys.platform != "win32":
        assert os.getsid(process.pid) == process.pid != os.getsid(0)


def test_a_process_that_ends_is_not_waited_for(start: Starter) -> None:
    """Its exit code and its last lines tell why."""
    process = start("import sys; print('first\\n\\nlast'); sys.exit(7)")
    assert process.wait_until(lambda: None, until=monotonic() + LIMIT_S) is None
    assert process.exit_code == 7
    assert last_lines(process.log) == ["last"] and last_lines(process.log, 9) == ["first", "last"]


def test_time_is_over_for_a_process_that_says_nothing(start: Starter) -> None:
    """It is looked at once in any case."""
    looks: list[None] = []
    process = start(WAIT)
    assert process.wait_until(lambda: looks.append(None), until=monotonic() - 1) is None
    assert len(looks) == 1 and process.exit_code is None


def test_what_came_just_before_the_end_is_seen() -> None:
    """Ready, and gone between two looks."""
    seen: list[str] = []

    def ends() -> bool:
        seen.append("ready")
        return True

    found = wait_until(lambda: seen[0] if seen else None, until=monotonic() + LIMIT_S, unless=ends)
    assert found == "ready"


def test_it_outlives_its_starter_without_a_warning(tmp_path: Path) -> None:
    """Another process finds it by the record, and stops it."""
    command = [sys.executable, "-W", "error", "-c", STARTER, str(tmp_path), WAIT]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=True)
    pid, created = done.stdout.split()
    identity = ProcessIdentity(int(pid), float(created))
    assert identity.is_alive() and done.stderr == ""
    assert identity.stop(LIMIT_S) and not identity.is_alive()
    assert not identity.stop(LIMIT_S)


def test_what_it_started_ends_with_it(start: Starter) -> None:
    """The function host has a worker."""
    process = start(PARENT)
    child = ProcessIdentity.of(int(first_line(process)))
    assert child is not None
    assert process.identity().stop(0.1) and not child.is_alive()


def test_what_does_not_end_is_killed(start: Starter) -> None:
    """A process that ignores the request."""
    process = start(
        f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {WAIT}",
    )
    assert first_line(process) == "ready"
    identity = process.identity()
    assert identity.stop(0.1) and not identity.is_alive()


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
def test_a_suspended_process_is_known_and_ended_without_force(start: Starter) -> None:
    """It hears the request when it goes on, and may clean up."""
    process = start(f"{BYE}; {WAIT}")
    assert first_line(process) == "ready"
    identity = process.identity()
    assert not identity.is_suspended()
    psutil.Process(process.pid).suspend()
    assert wait_until(
        lambda: identity.is_suspended() or None,
        until=monotonic() + LIMIT_S,
        unless=lambda: False,
    )
    assert identity.stop(LIMIT_S) and last_lines(process.log) == ["bye"]


def test_a_reused_id_is_another_process() -> None:
    """It is neither alive nor stopped nor waited for: this test would not survive it."""
    stale = ProcessIdentity(os.getpid(), 1.0)
    assert not stale.is_alive() and not stale.stop(LIMIT_S) and stale.wait(LIMIT_S)
    assert not stale.is_suspended()
    assert ProcessIdentity.of(2**22 + 1) is None


def test_an_ended_process_that_nobody_collected_has_ended() -> None:
    """A notebook's kernel starts the local cloud, a terminal stops it: the kernel does not look in
    between.
    """
    with subprocess.Popen([sys.executable, "-c", WAIT], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stdout.readline()
        identity = ProcessIdentity.of(process.pid)
        assert identity is not None
        process.terminate()
        assert identity.wait(LIMIT_S)
        assert psutil.Process(process.pid).status() == psutil.STATUS_ZOMBIE
        assert not identity.is_alive()


def test_a_missing_log_has_no_lines(tmp_path: Path) -> None:
    """Nothing was written yet."""
    assert last_lines(tmp_path / "none") == []


async def test_a_child_that_runs_to_its_end_gives_its_lines_and_exit_code() -> None:
    """What it prints to either stream, in order, without line ends."""
    lines: list[str] = []
    code = "import sys; print('one'); sys.stdout.flush(); print('two', file=sys.stderr); exit(3)"
    command = [sys.executable, "-c", code]
    exit_code = await run_child(command, environment=os.environ, on_line=lines.append)
    assert (lines, exit_code) == (["one", "two"], 3)


@pytest.mark.skipif(sys.platform == "win32", reason="process groups are POSIX")
async def test_a_cancelled_child_ends_with_all_it_has_started() -> None:
    """Nobody is left to wait for them."""
    started: asyncio.Queue[str] = asyncio.Queue()
    command = [sys.executable, "-c", PARENT]
    running = asyncio.create_task(
        run_child(command, environment=os.environ, on_line=started.put_nowait)
    )
    grandchild = psutil.Process(int(await started.get()))
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert psutil.wait_procs([grandchild], timeout=LIMIT_S)[1] == []


@pytest.mark.parametrize("is_killed", [False, True])
def test_a_survivor_hears_what_it_was_told_and_how_it_ended(
    tmp_path: Path, is_killed: bool
) -> None:
    """Also when this process has no time to say goodbye."""
    said = tmp_path / "said"
    listening = "import pathlib, sys; pathlib.Path(sys.argv[1]).write_text(sys.stdin.read())"
    with Survivor((sys.executable, "-IS", "-c", listening, str(said)), environment={}) as survivor:
        survivor.tell("something")
        if is_killed:
            survivor._input().close()  # as the system does with a killed process
            survivor._process.wait()
    assert said.read_text(encoding="utf-8") == ("something\n" if is_killed else "something\ndone\n")
