"""The two servers of a local run: the function host and the web page.

They are detached processes, which a kernel's restart does not end.
"""

from __future__ import annotations

import hashlib
import json
import sys
import urllib.error
import urllib.request
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any, cast

from chatkit.core import ports
from chatkit.core.errors import NotStarted, PortInUse, SetupError
from chatkit.core.files import write_private
from chatkit.core.home import records
from chatkit.core.processes import DetachedProcess, ProcessIdentity, last_lines, start_detached
from chatkit.core.settings import checkout

FUNCTIONS = "functions"
PAGE = "page"
# Two sites for cookies, as in Azure: the page is on 127.0.0.1, the functions on localhost.
HOSTS = {FUNCTIONS: "localhost", PAGE: "127.0.0.1"}
START_LIMIT_S = 45.0
ANSWER_LIMIT_S = 20.0
STOP_LIMIT_S = 5.0
PORT_TRIES = 3
UNAVAILABLE = 503  # the function host's answer everywhere when the app cannot be loaded
LOG_LINES = 12
LOST = "a server that ran is not known any more"


@dataclass(frozen=True)
class Program:
    """What a server runs.

    Attributes:
        name: FUNCTIONS or PAGE.
        command: The program and its arguments; the port is added as the last one.
        folder: What it serves.
        restarts: Start it anew when a file of the folder has changed.
    """

    name: str
    command: tuple[str, ...]
    folder: Path
    restarts: bool = False


@dataclass(frozen=True)
class Server:
    """One server that was started.

    Attributes:
        created: Start time of the process, so that a reused pid is never mistaken for it.
        folder: What it serves.
        files: Fingerprint of the folder when it was started.
    """

    name: str
    pid: int
    created: float
    port: int
    folder: str
    files: str = ""

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://{HOSTS[self.name]}:{self.port}"

    @property
    def process(self) -> ProcessIdentity:
        """Its process."""
        return ProcessIdentity(self.pid, self.created)

    def holds_port(self) -> bool:
        """Whether it is this process that listens on the port, and not a server of another home."""
        return ports.holds(self.pid, self.port)


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
    """

    def __init__(self, home: Path) -> None:
        self._home = home

    def running(self, name: str) -> Server | None:
        """The server of that name, if it runs."""
        path = self._record(name)
        record = records.read_record(path, lost=LOST)
        if not record:
            return None
        server = _server(record)
        if server is None:
            records.forget_record(path, lost=LOST)
            return None
        return server if server.process.is_alive() else None

    def start_functions(self, folder: Path, *, port: int) -> Started:
        """Start the function host, or return the one that runs.

        Raises:
            SetupError: It ended, or did not answer in time; what it printed last is in the message.
        """
        command = (sys.executable, "-m", "chatkit", "func", "start", str(folder), "--port")
        # The host would notice a change by itself, but only soon: a cell promises it for now.
        return self.start(Program(FUNCTIONS, command, folder, restarts=True), port=port)

    def start_page(self, folder: Path, *, port: int) -> Started:
        """Start the page's server, or return the one that runs.

        Raises:
            SetupError: It ended, or did not answer in time; what it printed last is in the message.
        """
        if not folder.is_dir():
            raise SetupError(
                f"There is no folder {folder.name} yet.", hint="Section 06 writes the page."
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
        found = self.running(program.name)
        if found and Path(found.folder) == program.folder:
            if not program.restarts or found.files == fingerprint(program.folder):
                return Started(found, is_new=False)
            port = found.port
        self.stop(program.name)
        holder = ""
        if not ports.is_free(port):
            holder = str(ports.who_holds(port))
            port = ports.next_free(port)
        for _ in range(PORT_TRIES):
            try:
                return Started(self._run(program, port), is_new=True, instead_of=holder)
            except _PortLost:
                holder = str(ports.who_holds(port))
                port = ports.next_free(port)
        raise NotStarted(
            f"The {program.name} server found no port:"
            f" others took {PORT_TRIES} of them while it started."
        )

    def stop(self, name: str) -> bool:
        """Stop a server and what it started.

        Returns:
            Whether it ran.
        """
        server = self.running(name)
        self._record(name).unlink(missing_ok=True)
        return server is not None and server.process.stop(STOP_LIMIT_S)

    def log(self, name: str) -> Path:
        """File with everything the server printed."""
        return self._home / "logs" / f"{name}.log"

    def _run(self, program: Program, port: int) -> Server:
        """Run a program on a port and wait until it answers."""
        files = fingerprint(program.folder)
        process = start_detached(
            (*program.command, str(port)),
            folder=checkout(),
            log=self.log(program.name),
            environment={"PYTHONUNBUFFERED": "1"},
        )
        identity = process.identity()
        server = Server(
            program.name, identity.pid, identity.created, port, str(program.folder), files
        )
        write_private(self._record(program.name), json.dumps(asdict(server)))
        self._wait_until_healthy(server, process)
        return server

    def _wait_until_healthy(self, server: Server, process: DetachedProcess) -> None:
        status = process.wait_until(partial(_status, server), until=monotonic() + START_LIMIT_S)
        if process.exit_code == PortInUse.exit_code:
            raise _PortLost
        if status == UNAVAILABLE:
            failure = "cannot load the app"
        elif status is not None:
            return
        elif process.exit_code is not None:
            failure = "ended at once"
        else:
            failure = f"said nothing for {START_LIMIT_S:.0f} s"
        printed = "\n".join(f"  {line}" for line in last_lines(process.log, LOG_LINES))
        self.stop(server.name)
        raise NotStarted(f"The {server.name} server {failure}. It printed last:\n{printed}")

    def _record(self, name: str) -> Path:
        return self._home / "servers" / f"{name}.json"


def _server(record: dict[str, object]) -> Server | None:
    """The server of a record, None when that is damaged."""
    try:
        server = Server(**cast(Any, record))
    except TypeError:
        return None
    texts = (server.name, server.folder, server.files)
    numbers = (server.pid, server.created, server.port)
    is_whole = all(isinstance(value, str) for value in texts) and all(
        isinstance(value, int | float) for value in numbers
    )
    return server if is_whole and server.name in HOSTS else None


def _status(server: Server) -> int | None:
    """What the server answers, None while nothing does."""
    # Another program that holds its port may never answer, so it is not asked. To see who holds it,
    # the system lists every connection there is: that waits until somebody listens.
    if not ports.answers(server.port) or not server.holds_port():
        return None
    return answer(server.url) or None


def answer(url: str) -> int:
    """The status that an address answers with, 0 when nothing does."""
    # These servers are on this machine: a proxy would not find them.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=ANSWER_LIMIT_S) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code
    except OSError:
        return 0


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
