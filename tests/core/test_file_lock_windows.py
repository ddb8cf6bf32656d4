"""The file lock as on Windows, with a `msvcrt` as Microsoft's page on `_locking` has it."""

from __future__ import annotations

import importlib.util
import os
import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from chatkit.core import file_lock
from tests.playing import in_use

BYTE = "hhqqi4x"  # struct flock of fcntl(2): kind, whence, start, length, pid


class Msvcrt(ModuleType):
    """Locks bytes from the file's position on, for the opened file, not for the process."""

    LK_UNLCK = 0
    LK_NBLCK = 2

    def __init__(self) -> None:
        super().__init__("msvcrt")
        self.places: list[tuple[int, int]] = []

    def locking(self, descriptor: int, mode: int, size: int) -> None:
        start = os.lseek(descriptor, 0, os.SEEK_CUR)
        self.places.append((mode, start))
        if sys.platform != "linux":
            return
        import fcntl

        kind = fcntl.F_UNLCK if mode == self.LK_UNLCK else fcntl.F_WRLCK
        try:
            fcntl.fcntl(
                descriptor,
                fcntl.F_OFD_SETLK,
                struct.pack(BYTE, kind, os.SEEK_SET, start, size, 0),
            )
        except BlockingIOError:
            raise in_use(descriptor) from None


@pytest.fixture
def msvcrt(monkeypatch: pytest.MonkeyPatch) -> Msvcrt:
    """The module that Python has on Windows alone."""
    made = Msvcrt()
    monkeypatch.setitem(sys.modules, "msvcrt", made)
    return made


@pytest.fixture
def windows(msvcrt: Msvcrt, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The module as Windows loads it."""
    spec = importlib.util.spec_from_file_location("file_lock_of_windows", file_lock.__file__)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with monkeypatch.context() as playing:
        playing.setattr(sys, "platform", "win32")
        spec.loader.exec_module(module)
    yield module


@pytest.mark.skipif(sys.platform != "linux", reason="locks of opened files are Linux's")
class TestWindows:
    """One has it, others read who that is, and it is free afterwards."""

    def test_it_is_exclusive_and_names_its_holder(
        self, windows: ModuleType, tmp_path: Path
    ) -> None:
        """The text of the file can be read meanwhile: its locked byte lies far behind."""
        path = tmp_path / "lock"
        with windows.FileLock(path) as first, windows.FileLock(path) as second:
            assert first.try_acquire() and first.try_acquire()
            assert not second.try_acquire() and windows.holder(path) == os.getpid()
            assert first.is_in_place()
        assert windows.holder(path) is None
        assert path.read_text(encoding="utf-8") == str(os.getpid())

    def test_looking_who_has_it_leaves_it_free(self, windows: ModuleType, tmp_path: Path) -> None:
        """A look takes it for a moment, and gives it back before the file is closed."""
        path = tmp_path / "lock"
        path.touch()
        with windows.FileLock(path) as lock:
            assert windows.holder(path) is None and lock.try_acquire()

    def test_it_is_released_before_the_file_is_closed(
        self, windows: ModuleType, msvcrt: Msvcrt, tmp_path: Path
    ) -> None:
        """Windows releases what is closed when it finds the time (page on `LockFileEx`)."""
        with windows.FileLock(tmp_path / "lock") as lock:
            assert lock.try_acquire()
        place = windows.LOCKED_BYTE
        assert msvcrt.places == [(msvcrt.LK_NBLCK, place), (msvcrt.LK_UNLCK, place)]
