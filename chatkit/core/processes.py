"""The one place where processes are started that run beside this one.

Detached ones outlive this process: they are found again by a record, and stopped with their
children. Children talk to this process over pipes, each in a group of its own that ends as a whole.

Standard library only, until a process is looked up by its id: psutil is imported then. asyncio is
imported with the first child: most verbs never need it.
"""

from __future__ import annotations

import atexit
import os
import subprocess
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from time import monotonic, sleep
from typing import IO, TYPE_CHECKING, TypeVar

from chatkit.core import descriptors, log_files
from chatkit.core.system.console import UTF8_OUTPUT
from chatkit.core.system.programs import kept_apart, kill_group

if TYPE_CHECKING:
    import asyncio

    import psutil

T = TypeVar("T")
P = TypeVar("P", bound="asyncio.SubprocessProtocol")
POLL_S = 0.02
SAME_START_S = 2.0
"""A start time that is told twice differs by less: it is counted from a clock that may be set."""
KILL_LIMIT_S = 5.0
_started: list[subprocess.Popen[bytes]] = []  # kept until they have ended
_starting = Lock()


@dataclass(frozen=True)
class ProcessIdentity:
    """A process as a record names it: ids are used again, an id together with its start time is
    not.

    Attributes:
        pid: Its id.
        created: When it started, in seconds since 1970.
    """

    pid: int
    created: float

    @classmethod
    def of(cls, pid: int) -> ProcessIdentity | None:
        """Look up a running process; None when there is none of that id."""
        import psutil

        try:
            return cls(pid, float(psutil.Process(pid).create_time()))
        except psutil.Error:
            return None

    def is_alive(self) -> bool:
        """Whether that very process still runs."""
        process = self._process()
        return process is not None and _runs(process)

    def is_suspended(self) -> bool:
        """Whether that very process was told to pause, and has not gone on."""
        import psutil

        process = self._process()
        try:
            return process is not None and process.status() == psutil.STATUS_STOPPED
        except psutil.Error:
            return False

    def stop(self, timeout_s: float, *, but: Collection[int] = ()) -> bool:
        """Ask the process to end, wait for it and for all it has started, and kill what is left
        then. Processes whose ids are in `but` go on, with what they have started.

        Returns:
            Whether it ran.
        """
        import psutil

        process = self._process()
        if process is None or not _runs(process):
            return False
        try:
            family = [*_descendants(process, but), process]
            process.terminate()
        except psutil.Error:
            return True
        with suppress(psutil.Error):  # on Windows it has ended already
            process.resume()  # a suspended one hears nothing before
        for member in _wait_for_end(family, timeout_s):
            _kill(member)
        _wait_for_end(family, KILL_LIMIT_S)
        reap()
        return True

    def wait(self, timeout_s: float) -> bool:
        """Wait until the process has ended.

        Returns:
            Whether it has.
        """
        process = self._process()
        ended = process is None or not _wait_for_end([process], timeout_s)
        reap()
        return ended

    def _process(self) -> psutil.Process | None:
        """The process, None when it has gone or its id belongs to another one now."""
        import psutil

        try:
            process = psutil.Process(self.pid)
            is_same = abs(process.create_time() - self.created) < SAME_START_S
        except psutil.Error:
            return None
        return process if is_same else None


class DetachedProcess:
    """A process that was started here and goes on when this one ends.

    Attributes:
        pid: Its id.
        log: The file with everything it prints.
    """

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self._process = process
        self.pid = process.pid
        self.log = log

    @property
    def exit_code(self) -> int | None:
        """None while it runs."""
        return self._process.poll()

    def identity(self) -> ProcessIdentity:
        """What a record has to keep of it. One that has ended already is known by its id alone."""
        return ProcessIdentity.of(self.pid) or ProcessIdentity(self.pid, 0.0)

    def wait_until(self, look: Callable[[], T | None], *, until: float) -> T | None:
        """Look again and again until there is something to see.

        Args:
            look: Returns what there is, or None.
            until: Time of the monotonic clock at which to give up.

        Returns:
            What was seen; None when the process ended without it, or the time is over.
        """
        return wait_until(look, until=until, unless=lambda: self.exit_code is not None)


def start_detached(
    command: Sequence[str],
    *,
    folder: Path,
    log: Path,
    environment: Mapping[str, str] | None = None,
) -> DetachedProcess:
    """Start a process in a session of its own, so that neither Ctrl+C nor a closed terminal reaches
    it.

    Args:
        command: The program and its arguments.
        folder: Where it runs.
        log: What it prints goes here; what the file held before is lost. The program keeps it
            short with `log_files.rotate_output`.
        environment: Variables besides those of this process.

    Raises:
        NotWritten: The log's disk takes no writes.
    """
    output = log_files.open_for_output(log)
    variables = {**UTF8_OUTPUT, log_files.VARIABLE: str(log.resolve()), **(environment or {})}
    try:
        process = subprocess.Popen(
            list(command),
            cwd=folder,
            env={**os.environ, **variables},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            creationflags=kept_apart(),
        )
    finally:
        os.close(output)
    reap()
    with _starting:
        _started.append(process)
    return DetachedProcess(process, log)


class Survivor:
    """A process that does something when this one is killed; a context manager.

    It reads what it is told until the block ends, or until this process does: the last line is
    `DONE` then, or it is not.
    """

    DONE = "done"

    def __init__(self, command: Sequence[str], *, environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            list(command),
            env={**os.environ, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # what kills this process's group does not reach it
            creationflags=kept_apart(),
        )

    def __enter__(self) -> Survivor:
        return self

    def __exit__(self, *_error: object) -> None:
        self.tell(self.DONE)
        with suppress(OSError):
            self._input().close()
        self._process.wait()

    def tell(self, line: str) -> None:
        """Let it know something; one that has ended hears nothing."""
        with suppress(OSError, ValueError):  # it has ended, or its pipe is closed
            self._input().write(f"{line}\n".encode())
            self._input().flush()

    def _input(self) -> IO[bytes]:
        assert self._process.stdin is not None
        return self._process.stdin


async def start_child(
    protocol: Callable[[], P],
    command: Sequence[str],
    *,
    folder: Path,
    environment: Mapping[str, str],
) -> P:
    """Start a child of the running event loop, with pipes, in a group of its own.

    Args:
        protocol: Makes what the pipes are connected to.
        command: The program and its arguments.
        folder: Where it runs.
        environment: All its variables.
    """
    import asyncio

    child, made = await asyncio.get_running_loop().subprocess_exec(
        protocol, *command, cwd=folder, env=dict(environment), start_new_session=True
    )
    descriptors.restore_limit(child.get_pid())
    return made


async def run_child(
    command: Sequence[str], *, environment: Mapping[str, str], on_line: Callable[[str], None]
) -> int:
    """Run a child to its end; when the caller is cancelled, end its whole group.

    Args:
        command: The program and its arguments.
        environment: All its variables.
        on_line: Called with each line that it prints.

    Returns:
        The exit code.
    """
    import asyncio

    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=dict(environment),
        start_new_session=True,
    )
    descriptors.restore_limit(process.pid)
    assert process.stdout is not None
    try:
        async for line in process.stdout:
            on_line(line.decode(errors="replace").rstrip())
        return await process.wait()
    finally:
        if process.returncode is None:
            kill_group(process.pid)
            await process.wait()


def wait_until(
    look: Callable[[], T | None], *, until: float, unless: Callable[[], bool]
) -> T | None:
    """Look again and again until there is something to see.

    Args:
        look: Returns what there is, or None.
        until: Time of the monotonic clock at which to give up.
        unless: Says that nothing can come any more. There is one look after that: what came in
            between counts.
    """
    while True:
        is_last_look = unless() or monotonic() > until
        found = look()
        if found is not None or is_last_look:
            return found
        sleep(POLL_S)


def last_lines(log: Path, count: int = 1) -> list[str]:
    """The last lines of a log that are not empty; none when there is no log."""
    try:
        text = log.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    return [line.rstrip() for line in text.splitlines() if line.strip()][-count:]


def reap() -> None:
    """Collect the exit codes of started processes that have ended.

    Until then the system lists them as zombies.
    """
    with _starting:
        _started[:] = [process for process in _started if process.poll() is None]


@atexit.register
def _leave_running() -> None:
    """Mark the processes as ended: without this, Python warns that they were forgotten while they
    run.
    """
    for process in _started:
        process.returncode = process.poll() or 0


def _descendants(process: psutil.Process, but: Collection[int]) -> Iterator[psutil.Process]:
    """What a process has started, and what that has started, without some and what is theirs."""
    import psutil

    spared = {*but}
    for child in process.children(recursive=True):  # parents come before their children
        with suppress(psutil.Error):
            if child.pid in spared or child.ppid() in spared:
                spared.add(child.pid)
            else:
                yield child


def _runs(process: psutil.Process) -> bool:
    """Whether a process runs.

    A zombie does not: it has ended, and the process that started it has not noticed yet.
    """
    import psutil

    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _wait_for_end(family: Sequence[psutil.Process], timeout_s: float) -> list[psutil.Process]:
    """Wait until processes have ended; return those that have not."""
    until = monotonic() + timeout_s
    while True:
        left = [process for process in family if _runs(process)]
        if not left or monotonic() > until:
            return left
        sleep(POLL_S)


def _kill(process: psutil.Process) -> None:
    import psutil

    with suppress(psutil.Error):
        process.kill()
