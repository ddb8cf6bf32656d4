"""What is begun and then noted, interrupted at any moment: nothing is left unknown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from chatkit.core import file_lock, ports
from chatkit.core.file_lock import FileLock, holder
from chatkit.core.running import answers, interrupts, start_proof
from chatkit.core.work.app_sections import AppSections
from chatkit.steps import app_files, local_servers, moved_ports, session
from chatkit.steps.local_servers import FUNCTIONS, LocalServers
from chatkit.steps.servers import health, server, server_records
from chatkit.steps.servers.server import Program
from chatkit.steps.session import Session
from tests.interrupts import everywhere, needs_signals

# A lock that an interrupt has torn out of its block is closed when nobody holds it any more.
pytestmark = [
    needs_signals,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


STARTING = (local_servers, health, server, server_records)


@dataclass(frozen=True)
class Process:
    """A process that was started, and the record's way to it."""

    machine: Machine
    pid: int
    log: Path
    exit_code: None = None

    def identity(self) -> Identity:
        """What the record keeps."""
        return Identity(self.pid, 1.0)

    def wait_until(self, look: Any, *, until: float) -> Any:
        """It answers at once."""
        return look()


@dataclass(frozen=True)
class Identity:
    """A process by its id."""

    pid: int
    created: float

    def is_alive(self) -> bool:
        """Whether it runs."""
        return self.pid in MACHINE.running

    def stop(self, _timeout_s: float, *, but: Sequence[int] = ()) -> bool:
        """End it; it has started nothing that stays."""
        assert self.pid not in but
        ran = self.is_alive()
        MACHINE.running.discard(self.pid)
        return ran


@dataclass
class Machine:
    """Which processes run."""

    running: set[int] = field(default_factory=set)
    started: int = 0

    def start(self, _command: object, *, log: Path, **_options: object) -> Process:
        """Start one."""
        self.started += 1
        self.running.add(self.started)
        return Process(self, self.started, log)


MACHINE = Machine()


@pytest.fixture(autouse=True)
def no_versions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading all the notebooks at each moment would take minutes."""
    monkeypatch.setattr(app_files, "_sections", lambda: AppSections(tmp_path / "no notebooks"))


@pytest.fixture
def servers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LocalServers:
    """Servers whose processes cost nothing."""
    MACHINE.running.clear()
    monkeypatch.setattr(local_servers, "start_detached", MACHINE.start)
    monkeypatch.setattr(server, "ProcessIdentity", Identity)
    monkeypatch.setattr(answers, "status_at", lambda _url, **_limit: 200)
    monkeypatch.setattr(start_proof, "is_proven", lambda _url, _secret: True)
    monkeypatch.setattr(ports, "is_free", lambda _port: True)
    return LocalServers(tmp_path)


def test_an_interrupted_start_leaves_no_server_that_nobody_knows(
    servers: LocalServers, tmp_path: Path
) -> None:
    """The next start finds what runs, and there is one afterwards."""
    program = Program(FUNCTIONS, ("host",), tmp_path)
    for _ in everywhere(lambda: servers.start(program, port=7071), *STARTING, interrupts):
        known = servers.running(FUNCTIONS)
        assert MACHINE.running <= ({known.pid} if known else set())
        again = servers.start(program, port=7071).server
        assert MACHINE.running == {again.pid}
        servers.stop(FUNCTIONS)
        assert not MACHINE.running


def test_an_interrupted_stop_can_be_done_again(servers: LocalServers, tmp_path: Path) -> None:
    """As long as it runs, it is known."""
    program = Program(FUNCTIONS, ("host",), tmp_path)

    def start_and_stop() -> None:
        servers.start(program, port=7071)
        servers.stop(FUNCTIONS)

    for _ in everywhere(start_and_stop, *STARTING):
        servers.stop(FUNCTIONS)
        assert not MACHINE.running


def test_a_full_disk_at_the_start_leaves_no_server(
    servers: LocalServers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be noted does not run."""

    def refuse(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(server_records, "write_private", refuse)
    with pytest.raises(OSError, match="No space"):
        servers.start(Program(FUNCTIONS, ("host",), tmp_path), port=7071)
    assert not MACHINE.running


def test_an_interrupted_file_is_still_the_notebooks(tmp_path: Path) -> None:
    """Written again, it is not kept beside as if the learner had written it."""
    names = iter(range(1_000))

    def write() -> None:
        text = f"number {next(names)}"
        app_files.write("a.py", text, folder=tmp_path / "my-chat", home=tmp_path)

    for _ in everywhere(write, app_files, interrupts):
        write()
    assert [path.name for path in (tmp_path / "my-chat").iterdir()] == ["a.py"]


def test_an_app_that_was_half_put_aside_is_still_the_notebooks(tmp_path: Path) -> None:
    """Where the files are, there is the record of who wrote them."""
    homes = iter(range(1_000))
    home = tmp_path

    def write_and_put_aside() -> None:
        nonlocal home
        home = tmp_path / str(next(homes))
        app_files.write("a.py", "text", folder=home / "my-chat", home=home)
        app_files.put_aside(home / "my-chat", home=home)

    for _ in everywhere(write_and_put_aside, app_files):
        written = home / "my-chat" / "a.py"
        assert (home / app_files.RECORD).exists() or not written.exists()


def test_an_interrupted_step_follows_moved_ports_the_next_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run of the local cloud counts as followed when it is."""
    followed: list[object] = []
    monkeypatch.setattr(moved_ports, "follow_moves", lambda *known: followed.append(known))
    known: Any = {"pid": 1, "control_token": "t"}
    steps = Session(tmp_path)

    def follow() -> None:
        nonlocal steps
        steps = Session(tmp_path)
        followed.clear()
        steps._follow(known)

    for _ in everywhere(follow, session):
        steps._follow(known)
        assert followed


def test_an_interrupted_lock_is_free_again(tmp_path: Path) -> None:
    """Taken, and not yet signed with the process's id."""
    path = tmp_path / "lock"

    def take() -> None:
        with FileLock(path) as lock:
            lock.acquire()

    for _ in everywhere(take, file_lock):
        assert holder(path) is None
        take()
