"""Space on the disk that is kept for what has to work when the disk is full: deleting."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path

from chatkit.core.files import free_bytes, write_all

SIZE_BYTES = 1 << 20
# With less than this free, a change that must not fail takes what the reserve has.
LOW_BYTES = 1 << 20
BLOCK = 64 * 1024


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0), 0o600)


class Reserve:
    """A file of no use but its size. It gives its space away, and takes it back at once.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._borrowers = 0

    def fill(self, size_bytes: int = SIZE_BYTES) -> None:
        """Take what is missing of the reserve; on a full disk, what there is."""
        # What is missing now, the next change that needs the reserve takes.
        with suppress(OSError), self._opened() as file:
            missing = size_bytes - file.tell()
            while missing > 0:
                # Bytes that a file system cannot compress.
                write_all(file, os.urandom(min(missing, BLOCK)))
                missing -= BLOCK

    @property
    def is_needed(self) -> bool:
        """Whether the disk has too little left to be sure of a change."""
        try:
            return free_bytes(self._path.parent) < LOW_BYTES or not self._takes_a_block()
        except OSError:
            return True

    def _takes_a_block(self) -> bool:
        """Try to write: the free space that a disk tells of does not know of quotas."""
        with self._opened() as file:
            before = file.tell()
            try:
                write_all(file, bytes(BLOCK))
            except OSError:
                return False
            finally:
                file.truncate(before)
        return True

    def _opened(self) -> FileIO:
        # A pipe in the file's place is no place to write to, and none to wait at.
        return FileIO(self._path, "ab", opener=_without_waiting)

    @contextmanager
    def lent(self) -> Iterator[None]:
        """Free the reserve's space for the block."""
        with suppress(OSError):  # there is none, or the disk takes no change: the block says so
            os.truncate(self._path, 0)
        self._borrowers += 1
        try:
            yield
        finally:
            self._borrowers -= 1
            if not self._borrowers:
                self.fill()
