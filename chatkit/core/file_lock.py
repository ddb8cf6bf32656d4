"""A lock on a file. The operating system releases it when its process ends, however that ends.

Standard library only.
"""

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO

from chatkit.core.files import writing

POLL_S = 0.05
LOCKED_EXIT = 3
"""Exit code of a process that ends because another one has its lock."""
LOCKED_BYTE = 1 << 30
"""Windows lets nobody else read a locked byte, so this one lies behind the text of the file."""


class FileLock:
    """Exclusive lock on a file, between processes and within one.

    The block opens the file and, at its end, releases the lock.

    with FileLock(path) as lock:
        if not lock.try_acquire():
            lock.acquire()
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[str] | None = None
        self._is_locked = False

    def __enter__(self) -> FileLock:
        self._file = open(self._path, "a+", encoding="utf-8")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        file = self._opened()
        self._file = None
        if self._is_locked:
            # Windows releases what is closed when it finds the time.
            _unlock(file)
            self._is_locked = False
        file.close()

    def try_acquire(self) -> bool:
        """Take the lock unless another has it, and note this process's id in the file.

        Returns:
            Whether it is taken.

        Raises:
            NotWritten: The disk is full, or takes no writes.
        """
        file = self._opened()
        self._is_locked = self._is_locked or _lock(file)
        if not self._is_locked:
            return False
        # Past the file's buffer: what a full disk does not take must not come again at the end.
        with writing(self._path):
            os.truncate(file.fileno(), 0)
            os.write(file.fileno(), str(os.getpid()).encode())
        return True

    def acquire(self) -> None:
        """Take the lock, waiting for as long as another has it."""
        while not self.try_acquire():
            time.sleep(POLL_S)

    def is_in_place(self) -> bool:
        """Whether the locked file is still the one at its path: not after its folder was deleted,
        or made anew.
        """
        try:
            return os.path.samestat(os.fstat(self._opened().fileno()), os.stat(self._path))
        except OSError:
            return False

    def _opened(self) -> IO[str]:
        if self._file is None:
            raise ValueError("A lock is used inside its with block.")
        return self._file


def holder(path: Path) -> int | None:
    """Return the id of the process that holds the lock now, or None."""
    try:
        with open(path, "r+", encoding="utf-8") as file:
            if _is_free(file):
                return None
            return int(file.read() or 0) or None
    except (OSError, ValueError):
        return None


def is_free(path: Path) -> bool:
    """Whether a lock is there and nobody has it; False where that cannot be told."""
    try:
        with open(path, "r+", encoding="utf-8") as file:
            return _is_free(file)
    except OSError:
        return False


if sys.platform == "win32":
    import msvcrt

    def _lock(file: IO[str]) -> bool:
        file.seek(LOCKED_BYTE)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        finally:
            file.seek(0)
        return True

    def _unlock(file: IO[str]) -> None:
        file.seek(LOCKED_BYTE)
        with suppress(OSError):
            msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)

    def _is_free(file: IO[str]) -> bool:
        if not _lock(file):
            return False
        _unlock(file)
        return True

else:
    import fcntl

    def _lock(file: IO[str], how: int = fcntl.LOCK_EX) -> bool:
        try:
            fcntl.flock(file, how | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _unlock(file: IO[str]) -> None:
        fcntl.flock(file, fcntl.LOCK_UN)

    def _is_free(file: IO[str]) -> bool:
        # A shared lock: whoever asks at the same moment does not take it for the holder's.
        if not _lock(file, fcntl.LOCK_SH):
            return False
        _unlock(file)
        return True
