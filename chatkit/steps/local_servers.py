"""The two servers of a local run: the function host and the web page. Detached processes that outlive a kernel restart.

Run as `python -m chatkit.steps.local_servers PORT FOLDER`, this module is the page's server; it needs the standard library only.
"""

from __future__ import annotations

import atexit
import errno
import hashlib
import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from chatkit.core import ports
from chatkit.core.errors import NotStarted, PortInUse, SetupError
from chatkit.core.files import write_private
from chatkit.core.settings import checkout

FUNCTIONS, PAGE = "functions", "page"
START_LIMIT_S, ANSWER_LIMIT_S, STOP_LIMIT_S, POLL_S = 45.0, 20.0, 5.0, 0.05
PORT_TRIES = 3
UNAVAILABLE = 503  # the function host's answer everywhere when the app cannot be loaded
LOG_LINES = 12
_spawned: list[
    subprocess.Popen[bytes]
] = []  # the servers this process has started, until they have ended


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
        """Its address; the page is on 127.0.0.1 and the API on localhost, two sites for cookies as in Azure."""
        return f"http://{'localhost' if self.name == FUNCTIONS else '127.0.0.1'}:{self.port}"

    def is_alive(self) -> bool:
        """Say whether that very process still runs."""
        import psutil

        try:
            process = psutil.Process(self.pid)
            return (
                abs(process.create_time() - self.created) < 2
                and process.status() != psutil.STATUS_ZOMBIE
            )
        except psutil.Error:
            return False

    def holds_port(self) -> bool:
        """Whether the port that answers is this process's own: another home's server may have been quicker."""
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


class Development:
    """The servers of one home.

    Args:
        home: Where pids and logs are kept.
    """

    def __init__(self, home: Path) -> None:
        self._home = home

    def running(self, name: str) -> Server | None:
        """The server of that name, if it runs."""
        try:
            record = json.loads(self._record(name).read_text(encoding="utf-8"))
            server = Server(**record)
        except (FileNotFoundError, ValueError, TypeError):
            return None
        return server if server.is_alive() else None

    def start_functions(self, folder: Path, *, port: int) -> Started:
        """Start the function host, or return the one that runs.

        Raises:
            SetupError: It ended, or did not answer in time; its last words are in the message.
        """
        command = (sys.executable, "-m", "chatkit", "func", "start", str(folder), "--port")
        return self._start(FUNCTIONS, command, folder, port)

    def start_page(self, folder: Path, *, port: int) -> Started:
        """Start the page's server, or return the one that runs.

        Raises:
            SetupError: It ended, or did not answer in time; its last words are in the message.
        """
        if not folder.is_dir():
            raise SetupError(
                f"There is no folder {folder.name} yet.", hint="Section 06 writes the page."
            )
        return self._start(
            PAGE, (sys.executable, "-m", "chatkit.steps.local_servers", str(folder)), folder, port
        )

    def stop(self, name: str) -> bool:
        """Stop a server and what it started.

        Returns:
            Whether it ran.
        """
        server = self.running(name)
        self._record(name).unlink(missing_ok=True)
        if server is None:
            return False
        import psutil

        try:
            parent = psutil.Process(server.pid)
            family = [*parent.children(recursive=True), parent]
            parent.terminate()
        except psutil.Error:
            return True
        for process in psutil.wait_procs(family, timeout=STOP_LIMIT_S)[1]:
            process.kill()
        _reap()
        return True

    def log(self, name: str) -> Path:
        """File with everything the server printed."""
        return self._home / "logs" / f"{name}.log"

    def _start(self, name: str, command: Sequence[str], folder: Path, port: int) -> Started:
        found = self.running(name)
        if found and Path(found.folder) == folder:
            # The function host would notice a change by itself, but only soon.
            if name == PAGE or found.files == fingerprint(folder):
                return Started(found, is_new=False)
            port = found.port
        self.stop(name)
        holder = "" if ports.is_free(port) else str(ports.who_holds(port))
        chosen = ports.next_free(port) if holder else port
        files = fingerprint(folder)
        for _ in range(PORT_TRIES):
            process = self._spawn(name, (*command, str(chosen)))
            server = Server(name, process.pid, _created(process.pid), chosen, str(folder), files)
            write_private(self._record(name), json.dumps(asdict(server)))
            try:
                self._wait_until_healthy(server, process)
            except _PortLost:
                holder = str(ports.who_holds(chosen))
                chosen = ports.next_free(chosen)
            else:
                return Started(server, is_new=True, instead_of=holder)
        raise NotStarted(
            f"The {name} server found no port: others took {PORT_TRIES} of them while it started."
        )

    def _spawn(self, name: str, command: Sequence[str]) -> subprocess.Popen[bytes]:
        log = self.log(name)
        log.parent.mkdir(parents=True, exist_ok=True)
        with open(log, "wb") as output:
            process: subprocess.Popen[bytes] = subprocess.Popen(
                list(command),
                cwd=checkout(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
                **detached(),
            )
        _reap()
        _spawned.append(process)
        return process

    def _wait_until_healthy(self, server: Server, process: subprocess.Popen[bytes]) -> None:
        until = monotonic() + START_LIMIT_S
        # Whoever else holds the port is not asked: it may never answer.
        while (status := answer(server.url) if server.holds_port() else 0) in (0, UNAVAILABLE):
            ended = process.poll() is not None
            if process.returncode == PortInUse.exit_code:
                raise _PortLost
            if ended or status == UNAVAILABLE or monotonic() > until:
                what = (
                    "cannot load the app"
                    if status
                    else "ended at once"
                    if ended
                    else f"said nothing for {START_LIMIT_S:.0f} s"
                )
                said = self._last_words(server.name)
                self.stop(server.name)
                raise NotStarted(f"The {server.name} server {what}. Its last words:\n{said}")
            sleep(POLL_S)

    def _last_words(self, name: str) -> str:
        lines = self.log(name).read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(f"  {line}" for line in lines[-LOG_LINES:])

    def _record(self, name: str) -> Path:
        return self._home / "servers" / f"{name}.json"


def _reap() -> None:
    """Forget the servers that have ended, so that a kernel collects no zombies."""
    _spawned[:] = [process for process in _spawned if process.poll() is None]


@atexit.register
def _leave_running() -> None:
    """The servers outlive this process on purpose; without this, Python warns that they were forgotten."""
    for process in _spawned:
        process.returncode = process.poll() or 0


def detached() -> dict[str, Any]:
    """Arguments of Popen that let a process outlive the one that starts it."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}


def answer(url: str) -> int:
    """The status that an address answers with, 0 when nothing does. Never asks a proxy: these servers are on this machine."""
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


def _created(pid: int) -> float:
    import psutil

    return float(psutil.Process(pid).create_time())


class _PageHandler(SimpleHTTPRequestHandler):
    """Static files that a browser asks for again each time, so that an edit shows on reload."""

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()

    def list_directory(self, path: str | os.PathLike[str]) -> None:
        """Show no directory: a website does not either."""
        self.send_error(404)


class _PageServer(ThreadingHTTPServer):
    """Ends by itself when its folder is gone: nobody else would end it."""

    def __init__(self, folder: str, port: int) -> None:
        super().__init__(("127.0.0.1", port), partial(_PageHandler, directory=folder))
        self._folder = Path(folder)

    def service_actions(self) -> None:
        """Look, twice a second, whether there is still something to serve."""
        if not self._folder.is_dir():
            raise SystemExit(0)


def main(argv: Sequence[str]) -> int:
    """Serve a folder on 127.0.0.1 until stopped: `FOLDER PORT`."""
    folder, port = argv
    try:
        made = _PageServer(folder, int(port))
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return PortInUse.exit_code
        raise
    with made as server:
        print(f"Serving {folder} at http://127.0.0.1:{port}", flush=True)
        server.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
