"""What runs on this machine for a home: a locked file for each process, in the home's `running/`.

The system releases the lock when the process ends, however that ends; so the list is never wrong. A
process whose file has gone is no longer wanted, because somebody stops it or has deleted the home,
and ends by itself.

Standard library only.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread

from chatkit.core.file_lock import FileLock, holder
from chatkit.core.files import private_folder, write_private
from chatkit.core.system.moving import discard

FUNCTIONS = "functions"
PAGE = "page"
CHAT = "chat"
LAB = "lab"
AUTH = "auth"
SCREEN = "screen"
BOARD = "board"
TITLES = {
    CHAT: "open chats",
    AUTH: "the sign-in in front of an app",
    FUNCTIONS: "the function host",
    PAGE: "the page's server",
    SCREEN: "the stage's screen",
    BOARD: "the class's board",
    LAB: "JupyterLab",
}
HOME_VARIABLE = "CHATKIT_STARTED_FOR"
"""Tells a server which home it was started for: a test's, for example, is in no other variable."""
LOOK_S = 1.0
SERVER_LOCK = "jupyterhub.lock"
"""The file in a home that its person's server on a JupyterHub holds for as long as it runs."""
SUFFIX = ".lock"
REQUEST_SUFFIX = ".end"
LETTER_SUFFIX = ".json"
"""Of the file in which a process tells how it is reached, see `reachable`."""


@dataclass(frozen=True)
class Running:
    """One process of a home.

    Attributes:
        kind: FUNCTIONS, PAGE, CHAT, AUTH, SCREEN, BOARD or LAB.
        path: Its file, see `leave`.
    """

    kind: str
    pid: int
    path: Path

    def __str__(self) -> str:
        return f"{TITLES[self.kind]} (process {self.pid})"


class Presence:
    """This process in the list of its home, see `present`."""

    def __init__(self, lock: FileLock | None = None, path: Path | None = None) -> None:
        self._lock = lock
        self._path = path

    def is_wanted(self) -> bool:
        """Whether this process should go on; one without a home always should."""
        if self._lock is None or self._path is None:
            return True
        return self._lock.is_in_place() and not _request(self._path).exists()


UNLISTED = Presence()
"""A process that belongs to no home."""


@contextmanager
def present(home: Path | None, kind: str) -> Iterator[Presence]:
    """List this process while the block runs.

    Args:
        home: The home; None when the process belongs to none.
        kind: What it is.
    """
    if home is None:
        yield UNLISTED
        return
    path = home / "running" / f"{kind}-{os.getpid()}{SUFFIX}"
    left: list[Path] = []
    with ExitStack() as stack:
        # Once more when the lock is released: Windows deletes no file that is open.
        stack.callback(discard, left)
        try:
            lock = _locked(path, stack)
        except OSError:  # a full disk, a home that may not be written: the work goes on
            yield UNLISTED
            return
        try:
            yield Presence(lock, path)
        finally:
            if lock.is_in_place():
                left += [path, _request(path)]
                discard(left)


@contextmanager
def watched(
    home: Path | None,
    kind: str,
    when_unwanted: Callable[[], object],
    *,
    folders: Collection[Path] = (),
) -> Iterator[None]:
    """List this process while the block runs, and say when it should end.

    Args:
        home: The home; None when the process belongs to none.
        kind: What it is.
        when_unwanted: Called on another thread, once.
        folders: What it works on; without one of them it has nothing to do either.
    """
    over = Event()

    def look() -> None:
        while not over.wait(LOOK_S):
            if not presence.is_wanted() or not all(folder.is_dir() for folder in folders):
                when_unwanted()
                return

    with present(home, kind) as presence:
        thread = Thread(target=look, name="chatkit-presence", daemon=True)
        try:
            thread.start()
            yield
        finally:
            over.set()
            if thread.ident is not None:  # it was started
                thread.join()


def _locked(path: Path, stack: ExitStack) -> FileLock:
    """Make a file and lock it until the stack closes."""
    while True:
        private_folder(path.parent)
        attempt = ExitStack()
        lock = attempt.enter_context(FileLock(path))
        lock.acquire()
        if lock.is_in_place():
            discard([_request(path)])  # to a process that had this one's id
            stack.push(attempt)
            return lock
        # Somebody who listed what runs took the file for that of an ended process.
        attempt.close()


def leave(home: Path, kind: str, pid: int) -> None:
    """Ask a process to end, or the part of one that is of that kind.

    Its file is deleted; where the system does not delete a file that is open, one beside it says
    the same.
    """
    path = home / "running" / f"{kind}-{pid}{SUFFIX}"
    discard([path])
    if path.exists():
        write_private(_request(path), "")


def _request(path: Path) -> Path:
    return path.with_suffix(REQUEST_SUFFIX)


def started_for() -> Path | None:
    """The home that this process was started for; None when a person started it."""
    text = os.environ.get(HOME_VARIABLE)
    return Path(text) if text else None


def running(home: Path) -> list[Running]:
    """What runs for a home, in the order in which it is to be stopped."""
    found: list[Running] = []
    kinds = [*TITLES]
    for path in sorted((home / "running").glob(f"*{SUFFIX}")):
        kind = path.name.rpartition("-")[0]
        if kind not in kinds:
            continue
        pid = holder(path)
        if pid is None:
            # Its process was killed.
            discard([path, path.with_suffix(LETTER_SUFFIX), _request(path)])
        else:
            found.append(Running(kind, pid, path))
    return sorted(found, key=lambda one: kinds.index(one.kind))


def hub_server(home: Path) -> int | None:
    """The id of the server of a JupyterHub that a home's person has; None without one.

    It is in no list of what runs: the hub stops it, and nobody else.
    """
    return holder(home / SERVER_LOCK)
