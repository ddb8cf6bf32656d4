"""One local cloud per home: a lock that the operating system releases when the process dies, however it dies."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import TracebackType
from typing import IO

from chatkit.core.errors import SetupError


class HomeLocked(SetupError):
    """Another local cloud already runs in this home."""


class HomeLock:
    """Exclusive lock on a file, as a context manager.

    Raises:
        HomeLocked: On entry, when another process holds it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[str] | None = None

    def __enter__(self) -> HomeLock:
        self._file = open(self._path, "a+", encoding="utf-8")
        try:
            _lock(self._file)
        except OSError as error:
            self._file.close()
            raise HomeLocked(
                f"A local cloud already runs in {self._path.parent}.",
                hint="`chatkit local status` shows it.",
            ) from error
        self._file.truncate(0)
        self._file.write(str(os.getpid()))
        self._file.flush()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._file is not None
        self._file.close()

    def is_in_place(self) -> bool:
        """Whether the locked file is still the one at its path: not after its folder was deleted, or made anew."""
        assert self._file is not None
        try:
            return os.path.samestat(os.fstat(self._file.fileno()), os.stat(self._path))
        except OSError:
            return False


def holder(path: Path) -> int | None:
    """Return the id of the process that holds the lock now, or None."""
    try:
        with open(path, "r+", encoding="utf-8") as file:
            try:
                _lock(file)
            except OSError:
                return int(file.read() or 0) or None
    except (OSError, ValueError):
        pass
    return None


if sys.platform == "win32":
    import msvcrt

    def _lock(file: IO[str]) -> None:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(file: IO[str]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
