"""Which runs of checks are going on for a home, and which were killed: a locked file for each.

The system releases the lock when the process ends, however that ends. So messages of a run that was
killed are known as such at once, by the mark that they have.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from chatkit.core.errors import ChatkitError
from chatkit.core.file_lock import FileLock, holder
from chatkit.core.files import private_folder
from chatkit.core.system.moving import discard

FOLDER = "running"
PREFIX = "check-"
SUFFIX = ".lock"
LOOKED_FOR = timedelta(days=1)


@dataclass(frozen=True)
class DeadRun:
    """A run that has sent messages and was killed, or could not take them out.

    Attributes:
        id: A part of its messages' marks.
        began: When it sent the first one.
        path: Its file, to be removed when its messages are gone.
    """

    id: str
    began: datetime
    path: Path

    @property
    def is_old(self) -> bool:
        """Whether its messages were looked for long enough."""
        return datetime.now(UTC) - self.began > LOOKED_FOR


@contextmanager
def listed(home: Path, run: str) -> Iterator[None]:
    """A run of checks sends messages as long as the block lasts; its file stays behind."""
    path = _path(home, run)
    with ExitStack() as stack:
        with suppress(OSError, ChatkitError):  # a full disk: the check goes on
            private_folder(path.parent)
            stack.enter_context(FileLock(path)).acquire()
        yield


def forget(home: Path, run: str) -> None:
    """Nothing of a run is left."""
    discard([_path(home, run)])


def dead(home: Path) -> list[DeadRun]:
    """The runs of which something may be left."""
    found: list[DeadRun] = []
    for path in sorted((home / FOLDER).glob(f"{PREFIX}*{SUFFIX}")):
        with suppress(OSError):  # somebody else has cleaned up meanwhile
            began = datetime.fromtimestamp(path.stat().st_mtime, UTC)
            if holder(path) is None:
                found.append(DeadRun(path.name[len(PREFIX) : -len(SUFFIX)], began, path))
    return found


def _path(home: Path, run: str) -> Path:
    return home / FOLDER / f"{PREFIX}{run}{SUFFIX}"
