"""The two servers of a local run: the function host and the web page.

They are detached processes, which a kernel's restart does not end. Several kernels share them: one
at a time starts or stops a server. Which process answers at a port is proven, never assumed.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from time import monotonic
from typing import Any, cast

from chatkit.core import ports
from chatkit.core.errors import NotStarted, PortInUse, SetupError
from chatkit.core.file_lock import FileLock
from chatkit.core.files import private_folder, write_private
from chatkit.core.home import records
from chatkit.core.processes import (
    DetachedProcess,
    ProcessIdentity,
    last_lines,
    start_detached,
    wait_until,
)
from chatkit.core.running import answers, presence, start_proof
from chatkit.core.running.interrupts import held
from chatkit.core.running.presence import FUNCTIONS, PAGE
from chatkit.core.settings import checkout

__all__ = ["FUNCTIONS", "PAGE", "LocalServers", "Program", "Server", "Started"]
# Two sites for cookies, as in Azure: the page is on 127.0.0.1, the functions on localhost.
HOSTS = {FUNCTIONS: "localhost", PAGE: "127.0.0.1"}
START_LIMIT_S = 45.0
STOP_LIMIT_S = 5.0
FOUND_LIMIT_S = 5.0
LAST_LOOK_S = 0.5
# A whole class may start its functions in the same second, on one machine.
PORT_TRIES = 60
UNAVAILABLE = 503  # the function host's answer everywhere when the app cannot be loaded
LOG_LINES = 12
SIGN_IN = "sign-in"
LOST = "a server that ran is not known any more"


@dataclass(frozen=True)
class Program:
    """What a server runs.

    Attributes:
        name: FUNCTIONS or PAGE.
        command: The program and its arguments; the port is added as the last one.
        folder: What it serves.
        restarts: Start it anew when a file of the folder has changed.
        variant: How it serves the folder, where there is more than one way.
        environment: Variables besides those of this process.
    """

    name: str
    command: tuple[str, ...]
    folder: Path
    restarts: bool = False
    variant: str = ""
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def variables(self) -> str:
        """Fingerprint of its variables, empty where it has none."""
        lines = [f"{name}={value}" for name, value in sorted(self.environment.items())]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest() if lines else ""


@dataclass(frozen=True)
class Server:
    """One server that was started.

    Attributes:
        created: Start time of the process, so that a reused pid is never mistaken for it.
        folder: What it serves.
        files: Fingerprint of the folder when it was started.
        secret: What it proves itself with.
        is_ready: Whether it has done so, and answers.
        variant: That of its program.
    """

    name: str
    pid: int
    created: float
    port: int
    folder: str
    files: str = ""
    secret: str = field(default="", repr=False)
    is_ready: bool = True
    variant: str = ""
    variables: str = ""

    @property
    def has_sign_in(self) -> bool:
        """Whether App Service Authentication stands in front of it."""
        return self.variant == SIGN_IN

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://{HOSTS[self.name]}:{self.port}"

    @property
    def process(self) -> ProcessIdentity:
        """Its process."""
        return ProcessIdentity(self.pid, self.created)

    def is_proven(self) -> bool:
        """Whether it is this process that answers at the port, and not another user's server."""
        return start_proof.is_proven(self.url, self.secret)


class _PortLost(Exception):
    """Another program took the port between choosing it and listening on it."""


@dataclass(frozen=True)
class Started:
    """What starting a server did.

    Attributes:
        is_new: False when it ran already.
        instead_of: Who holds the port that was wanted, empty when it was free.
    """

    server: Server
    is_new: bool
    instead_of: str = ""


class LocalServers:
    """The servers of one home.

    Args:
        home: Where pids and logs are kept.
        start_limit_s: How long a server may take until it answers.
    """

    def __init__(self, home: Path, *, start_limit_s: float = START_LIMIT_S) -> None:
        self._home = home
        self._start_limit_s = start_limit_s

    def running(self, name: str) -> Server | None:
        """The server of that name, if it runs."""
        server = self._recorded(name)
        return server if server and server.is_ready else None

    def start_functions(
        self,
        folder: Path,
        *,
        port: int,
        auth: bool = False,
        environment: Mapping[str, str] | None = None,
    ) -> Started:
        """Start the function host, or return the one that runs.

        Args:
            folder: The function app.
            port: The port that is wanted.
            auth: Put sign-in in front.
            environment: Variables besides those of this process.

        Raises:
            SetupError: It ended, or did not answer in time; what it printed last is in the message.
        """
        options = ("--auth", "--port") if auth else ("--port",)
        command = (sys.executable, "-m", "chatkit", "func", "start", str(folder), *options)
        variant = SIGN_IN if auth else ""
        # The host would notice a change by itself, but only soon: a cell promises it for now.
        own = environment or {}
        program = Program(FUNCTIONS, command, folder, True, variant, own)
        return self.start(program, port=port)

    def start_page(self, folder: Path, *, port: int) -> Started:
        """Start the page's server, or return the one that runs.

        Raises:
            SetupError: It ended, or did not answer in time; what it printed last is in the message.
        """
        if not folder.is_dir():
            raise SetupError(
                f"There is no folder {folder.name} yet.",
                hint="workshop.prepare_page() writes the page.",
            )
        command = (sys.executable, "-m", "chatkit.steps.page_server", str(folder))
        return self.start(Program(PAGE, command, folder), port=port)

    def start(self, program: Program, *, port: int) -> Started:
        """Start a server, or return the one that runs and serves the same.

        Args:
            program: What it runs.
            port: The port that is wanted; the next free one when another program holds it.

        Raises:
            NotStarted: It ended, or did not answer in time; what it printed last is in the message.
        """
        with self._alone(program.name):
            found = self._recorded(program.name)
            if found and self._serves(found, program):
                return Started(found, is_new=False)
            if found and Path(found.folder) == program.folder:
                port = found.port
            self._stop(program.name)
            return self._start_new(program, port)

    def stop(self, name: str) -> bool:
        """Stop a server and what it started.

        Returns:
            Whether it ran.
        """
        if self._recorded(name) is None:
            return False
        with self._alone(name):
            return self._stop(name)

    def log(self, name: str) -> Path:
        """File with everything the server printed."""
        return self._home / "logs" / f"{name}.log"

    @contextmanager
    def _alone(self, name: str) -> Iterator[None]:
        """Let one process at a time start or stop a server of this home."""
        path = self._record(name).with_suffix(".lock")
        private_folder(path.parent)
        with FileLock(path) as lock:
            lock.acquire()
            yield

    def _recorded(self, name: str) -> Server | None:
        """The server of the record, if its process runs."""
        path = self._record(name)
        record = records.read_record(path, lost=LOST)
        if not record:
            return None
        server = _server(record)
        if server is None:
            records.forget_record(path, lost=LOST)
            return None
        return server if server.process.is_alive() else None

    def _serves(self, found: Server, program: Program) -> bool:
        """Whether a server does what a program would do."""
        if not found.is_ready or Path(found.folder) != program.folder:
            return False
        if (found.variant, found.variables) != (program.variant, program.variables):
            return False
        if program.restarts and found.files != fingerprint(program.folder):
            return False
        return bool(
            wait_until(
                lambda: found.is_proven() or None,
                until=monotonic() + FOUND_LIMIT_S,
                unless=lambda: not found.process.is_alive(),
            )
        )

    def _start_new(self, program: Program, port: int) -> Started:
        holder = ""
        if not ports.is_free(port):
            holder = str(ports.who_holds(port))
            port = ports.next_free(port)
        for _ in range(PORT_TRIES):
            try:
                return Started(self._run(program, port), is_new=True, instead_of=holder)
            except _PortLost:
                holder = holder or str(ports.who_holds(port))
                port = ports.next_free(port)
        raise NotStarted(
            f"The {program.name} server found no port:"
            f" others took {PORT_TRIES} of them while it started."
        )

    def _stop(self, name: str) -> bool:
        server = self._recorded(name)
        ran = server is not None and server.process.stop(STOP_LIMIT_S)
        # Last: who is interrupted before knows the server still, and stops it the next time.
        self._record(name).unlink(missing_ok=True)
        return ran

    def _run(self, program: Program, port: int) -> Server:
        """Run a program on a port and wait until it answers."""
        try:
            starting, process = self._begin(program, port)
            self._wait_until_healthy(starting, process)
            server = replace(starting, is_ready=True)
            self._write(server)
        except BaseException:  # an interrupted cell leaves no server that nobody knows
            self._stop(program.name)
            raise
        return server

    def _begin(self, program: Program, port: int) -> tuple[Server, DetachedProcess]:
        """Start a program's process and note it: both, or neither."""
        files = fingerprint(program.folder)
        secret = start_proof.new_secret()
        environment = {
            **program.environment,
            "PYTHONUNBUFFERED": "1",
            start_proof.VARIABLE: secret,
            presence.HOME_VARIABLE: str(self._home),
        }
        with held():
            process = start_detached(
                (*program.command, str(port)),
                folder=checkout(),
                log=self.log(program.name),
                environment=environment,
            )
            identity = process.identity()
            starting = Server(
                program.name,
                identity.pid,
                identity.created,
                port,
                str(program.folder),
                files,
                secret,
                is_ready=False,
                variant=program.variant,
                variables=program.variables,
            )
            try:
                self._write(starting)
            except BaseException:  # a full disk
                identity.stop(STOP_LIMIT_S)
                raise
        return starting, process

    def _write(self, server: Server) -> None:
        write_private(self._record(server.name), json.dumps(asdict(server)))

    def _wait_until_healthy(self, server: Server, process: DetachedProcess) -> None:
        until = monotonic() + self._start_limit_s
        is_ours = process.wait_until(lambda: server.is_proven() or None, until=until)
        if process.exit_code == PortInUse.exit_code:
            raise _PortLost
        status = None
        if is_ours:
            status = process.wait_until(lambda: _status(server, until=until), until=until)
        if status and server.name == FUNCTIONS and answers.has_lost_app(server.url):
            status = UNAVAILABLE
        if status == UNAVAILABLE:
            failure = "cannot load the app"
        elif status is not None:
            return
        elif process.exit_code is not None:
            failure = "ended at once"
        else:
            failure = f"said nothing for {self._start_limit_s:.0f} s"
        printed = "\n".join(f"  {line}" for line in last_lines(process.log, LOG_LINES))
        raise NotStarted(f"The {server.name} server {failure}. It printed last:\n{printed}")

    def _record(self, name: str) -> Path:
        return self._home / "servers" / f"{name}.json"


def _status(server: Server, *, until: float) -> int | None:
    """What a server answers, None for nothing; it answers as soon as it has loaded the app."""
    left_s = max(until - monotonic(), LAST_LOOK_S)
    return answers.status_at(server.url, limit_s=left_s) or None


def _server(record: dict[str, object]) -> Server | None:
    """The server of a record, None when that is damaged."""
    try:
        server = Server(**cast(Any, record))
    except TypeError:
        return None
    how = (server.secret, server.variant, server.variables)
    texts = (server.name, server.folder, server.files, *how)
    numbers = (server.pid, server.created, server.port)
    is_whole = all(isinstance(value, str) for value in texts) and all(
        isinstance(value, int | float) for value in numbers
    )
    return server if is_whole and server.name in HOSTS else None


def fingerprint(folder: Path) -> str:
    """Names, sizes and times of an app's files, as one digest."""
    files = sorted(
        path for path in folder.rglob("*") if "__pycache__" not in path.parts and path.is_file()
    )
    lines = [
        f"{path.relative_to(folder)} {path.stat().st_size} {path.stat().st_mtime_ns}"
        for path in files
    ]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
