"""The two servers of a local run: the function host and the web page.

A function host that starts takes over the page that is served already: one process instead of two.
They are detached processes, which a kernel's restart does not end. Several kernels share them: one
at a time starts or stops a server. Which process answers at a port is proven, never assumed.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from time import monotonic

from chatkit.cloud import local_cloud
from chatkit.core import ports
from chatkit.core.errors import NotStarted, SetupError
from chatkit.core.file_lock import FileLock
from chatkit.core.files import private_folder
from chatkit.core.processes import DetachedProcess, start_detached, wait_until
from chatkit.core.running import presence, start_proof
from chatkit.core.running.interrupts import held
from chatkit.core.running.presence import FUNCTIONS, PAGE
from chatkit.core.settings import checkout
from chatkit.steps.servers.health import PortLost, wait_until_healthy
from chatkit.steps.servers.server import SIGN_IN, Program, Server, Started, fingerprint
from chatkit.steps.servers.server_records import ServerRecords

__all__ = ["FUNCTIONS", "PAGE", "LocalServers"]
START_LIMIT_S = 120.0  # a registration may be known late
STOP_LIMIT_S = 5.0
FOUND_LIMIT_S = 5.0
FREE_LIMIT_S = 1.0
# A whole class may start its functions in the same second, on one machine.
PORT_TRIES = 60


class LocalServers:
    """The servers of one home.

    Args:
        home: Where pids and logs are kept.
        start_limit_s: How long a server may take until it answers.
    """

    def __init__(self, home: Path, *, start_limit_s: float = START_LIMIT_S) -> None:
        self._home = home
        self._records = ServerRecords(home)
        self._start_limit_s = start_limit_s

    def running(self, name: str) -> Server | None:
        """The server of that name, if it runs."""
        server = self._records.read(name)
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
        program = Program(
            FUNCTIONS,
            command,
            folder,
            # The host would notice a change by itself, but only soon: a cell promises it for now.
            restarts=True,
            variant=SIGN_IN if auth else "",
            environment=environment or {},
            page=self._page(),
        )
        try:
            return self.start(program, port=port)
        finally:
            self._serve_again(program.page)

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
            found = self._records.read(program.name)
            if found and self._serves(found, program):
                return Started(found, is_new=False, instead_of=_holder(port, found))
            first = port
            if found and Path(found.folder) == program.folder:
                first = found.port
            self._stop(program.name)
            if program.page:
                self._stop(PAGE)
                _wait_until_free(program.page.port)
            started = self._start_new(program, first)
            if started.instead_of:
                return started
            return replace(started, instead_of=_holder(port, started.server))

    def stop(self, name: str) -> bool:
        """Stop a server and what it started.

        Returns:
            Whether it ran.
        """
        if self._records.read(name) is None:
            return False
        page = self._page() if name == FUNCTIONS else None
        with self._alone(name):
            ran = self._stop(name)
        self._serve_again(page)
        return ran

    def stop_both(self) -> bool:
        """Stop functions and page.

        Returns:
            Whether one of them ran.
        """
        functions, page = self._records.read(FUNCTIONS), self._page()
        if functions and page and page.is_beside:
            with self._alone(FUNCTIONS):
                self._stop(FUNCTIONS)
            self._records.forget(PAGE)
            _wait_until_free(page.port)
            return True
        stopped = [self.stop(name) for name in (FUNCTIONS, PAGE)]
        return any(stopped)

    def log(self, name: str) -> Path:
        """File with everything the server printed."""
        return self._home / "logs" / f"{name}.log"

    def _page(self) -> Server | None:
        """The page that is served, where a function host can take it over."""
        page = self.running(PAGE)
        if page is None or not Path(page.folder).is_dir():
            return None
        return page

    def _serve_again(self, page: Server | None) -> None:
        """Serve a page again that has ended with the function host."""
        if page is not None and self._records.read(PAGE) is None:
            _wait_until_free(page.port)
            with suppress(SetupError):  # what the caller has to say counts
                self.start_page(Path(page.folder), port=page.port)

    @contextmanager
    def _alone(self, name: str) -> Iterator[None]:
        """Let one process at a time start or stop a server of this home."""
        path = self._records.path(name).with_suffix(".lock")
        private_folder(path.parent)
        with FileLock(path) as lock:
            lock.acquire()
            yield

    def _serves(self, found: Server, program: Program) -> bool:
        """Whether a server does what a program would do."""
        if not found.is_ready or Path(found.folder) != program.folder:
            return False
        variant = "" if found.is_beside else found.variant
        if (variant, found.variables) != (program.variant, program.variables):
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
            except PortLost:
                if program.page and not ports.is_free(program.page.port):
                    program = replace(program, page=None)  # it is served by itself, elsewhere
                    continue
                holder = holder or str(ports.who_holds(port))
                port = ports.next_free(port)
        raise NotStarted(
            f"The {program.name} server found no port:"
            f" others took {PORT_TRIES} of them while it started."
        )

    def _stop(self, name: str) -> bool:
        server = self._records.read(name)
        ran = server is not None and _end(self._home, server)
        # Last: a caller who is interrupted before still knows the server, and stops it next time.
        self._records.forget(name)
        return ran

    def _run(self, program: Program, port: int) -> Server:
        """Run a program on a port and wait until it answers."""
        try:
            starting, process = self._begin(program, port)
            wait_until_healthy(starting, process, limit_s=self._start_limit_s)
            server = replace(starting, is_ready=True)
            if program.page:
                self._records.write(server.beside(program.page))
            self._records.write(server)
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
                program.command_at(port),
                folder=checkout(),
                log=self.log(program.name),
                environment=environment,
            )
            identity = process.identity()
            starting = Server(
                name=program.name,
                pid=identity.pid,
                created=identity.created,
                port=port,
                folder=str(program.folder),
                files=files,
                secret=secret,
                is_ready=False,
                variant=program.variant,
                variables=program.variables,
            )
            try:
                self._records.write(starting)
            except BaseException:  # a full disk
                identity.stop(STOP_LIMIT_S)
                raise
        return starting, process


def _end(home: Path, server: Server) -> bool:
    """End a server; a page that is a part of the function host leaves that process alone.

    Returns:
        Whether it ran.
    """
    if not server.is_beside:
        # Functions with sign-in start the local cloud where none runs. It is not theirs.
        cloud = local_cloud.running(home / "local")
        return server.process.stop(STOP_LIMIT_S, but=(cloud["pid"],) if cloud else ())
    presence.leave(home, PAGE, server.pid)
    has_left = wait_until(
        lambda: ports.is_free(server.port) or None,
        until=monotonic() + STOP_LIMIT_S,
        unless=lambda: not server.process.is_alive(),
    )
    return bool(has_left) or server.process.stop(STOP_LIMIT_S)


def _wait_until_free(port: int) -> None:
    """Wait for the threads of a process that counts as ended: they may hold its port a little."""
    wait_until(
        lambda: ports.is_free(port) or None,
        until=monotonic() + FREE_LIMIT_S,
        unless=lambda: False,
    )


def _holder(wanted: int, server: Server) -> str:
    """Who has the port that was wanted for a server, empty where nobody else has it."""
    if server.port == wanted or ports.is_free(wanted):
        return ""
    return str(ports.who_holds(wanted))
