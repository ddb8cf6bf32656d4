"""Disks that fill up: a small tmpfs where tests run as root, a limit on the writer elsewhere."""

from __future__ import annotations

import os
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

SIZE = "6m"
ROOT = sys.platform == "linux" and os.geteuid() == 0


class Disk(ABC):
    """A disk that a test fills while a process writes to it.

    Attributes:
        folder: Where it is.
        refusal: Words of the sentence about it.
        has_reserve: Whether what is given away there helps: to a limit of the writer, nothing does.
    """

    refusal: str
    has_reserve: bool

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @abstractmethod
    def fill(self, pid: int, *, left_bytes: int) -> None:
        """Leave so little room to a process."""

    @abstractmethod
    def empty(self, pid: int) -> None:
        """Give the room back."""


class SmallDisk(Disk):
    """A file system of its own, and a file in it that takes what there is."""

    refusal = "the disk is full"
    has_reserve = True

    def fill(self, pid: int, *, left_bytes: int) -> None:
        """Write until nothing more goes in, then give a little back."""
        with open(self._filler, "ab", buffering=0) as file:
            try:
                while file.write(bytes(1 << 16)):
                    pass
            except OSError:
                file.truncate(max(0, file.tell() - left_bytes))

    def empty(self, pid: int) -> None:
        """Remove the file."""
        self._filler.unlink(missing_ok=True)

    @property
    def _filler(self) -> Path:
        return self.folder / "filler"


class LimitedWriter(Disk):
    """The system refuses what a process writes behind some position of a file."""

    refusal = "cannot be written"
    has_reserve = False

    def fill(self, pid: int, *, left_bytes: int) -> None:
        """Let no file grow beyond that."""
        _limit(pid, left_bytes)

    def empty(self, pid: int) -> None:
        """Let files grow."""
        _limit(pid, -1)


def _limit(pid: int, size: int) -> None:
    if sys.platform == "linux":
        process = psutil.Process(pid)
        _, hard = process.rlimit(psutil.RLIMIT_FSIZE)
        process.rlimit(psutil.RLIMIT_FSIZE, (size if size >= 0 else hard, hard))


@contextmanager
def small_disk(folder: Path, size: str = SIZE) -> Iterator[Disk]:
    """A disk below a folder; it is gone at the end."""
    place = folder / "disk"
    place.mkdir()
    if not ROOT:
        yield LimitedWriter(place)
        return
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)], check=True)
    try:
        yield SmallDisk(place)
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)
