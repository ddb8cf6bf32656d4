"""What a server of a local run is: its program before it was started, its process afterwards."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from chatkit.core.processes import ProcessIdentity
from chatkit.core.running import start_proof
from chatkit.core.running.presence import BOARD, FUNCTIONS, PAGE, SCREEN

# Two sites for cookies, as in Azure: the page is on 127.0.0.1, the functions on localhost.
HOSTS = {
    FUNCTIONS: "localhost",
    PAGE: "127.0.0.1",
    SCREEN: "127.0.0.1",
    BOARD: "127.0.0.1",
}
SIGN_IN = "sign-in"
BESIDE = "in the function host"
"""How the page is served that is in the process of the functions."""


@dataclass(frozen=True)
class Program:
    """What a server runs.

    Attributes:
        name: FUNCTIONS, PAGE, SCREEN or BOARD.
        command: The program and its arguments; the port is added as the last one.
        folder: What it serves.
        restarts: Start it anew when a file of the folder has changed.
        variant: How it serves the folder, where there is more than one way.
        environment: Variables besides those of this process.
        page: The page that it takes over, on the port that it has.
    """

    name: str
    command: tuple[str, ...]
    folder: Path
    restarts: bool = False
    variant: str = ""
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    page: Server | None = None

    def command_at(self, port: int) -> tuple[str, ...]:
        """The program and all its arguments."""
        words = (*self.command, str(port))
        if self.page is None:
            return words
        return (*words, "--page", self.page.folder, "--page-port", str(self.page.port))

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
    def is_beside(self) -> bool:
        """Whether it is a part of the function host's process."""
        return self.variant == BESIDE

    def beside(self, page: Server) -> Server:
        """The page that this process has taken over."""
        return replace(page, pid=self.pid, created=self.created, secret=self.secret, variant=BESIDE)

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
