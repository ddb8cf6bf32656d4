"""The two servers of a local run: the function host and the web page. Detached processes that outlive a kernel restart.

Run as `python -m chatkit.steps.local_servers PORT FOLDER`, this module is the page's server; it needs the standard library only.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from time import monotonic

from chatkit.core import ports
from chatkit.core.errors import NotStarted, PortInUse, SetupError
from chatkit.core.files import write_private
from chatkit.core.processes import DetachedProcess, ProcessIdentity, last_lines, start_detached
from chatkit.core.settings import checkout

FUNCTIONS, PAGE = "functions", "page"
START_LIMIT_S = 45.0
ANSWER_LIMIT_S = 20.0
STOP_LIMIT_S = 5.0
PORT_TRIES = 3
UNAVAILABLE = 503  # the function host's answer everywhere when the app cannot be loaded
LOG_LINES = 12


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

    @property
    def process(self) -> ProcessIdentity:
        """Its process."""
        return ProcessIdentity(self.pid, self.created)

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
        return server if server.process.is_alive() else None

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
        return server is not None and server.process.stop(STOP_LIMIT_S)

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
            process = start_detached(
                (*command, str(chosen)),
                folder=checkout(),
                log=self.log(name),
                environment={"PYTHONUNBUFFERED": "1"},
            )
            identity = process.identity()
            server = Server(name, identity.pid, identity.created, chosen, str(folder), files)
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
        said = "\n".join(f"  {line}" for line in last_lines(process.log, LOG_LINES))
        self.stop(server.name)
        raise NotStarted(f"The {server.name} server {failure}. Its last words:\n{said}")

    def _record(self, name: str) -> Path:
        return self._home / "servers" / f"{name}.json"


def _status(server: Server) -> int | None:
    """What the server answers, None while nothing does. Another program that holds its port may never answer: it is not asked."""
    if not server.holds_port():
        return None
    return answer(server.url) or None


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
