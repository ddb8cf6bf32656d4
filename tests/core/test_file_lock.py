"""The file lock: exclusive, named after its holder, and free again when the holder dies."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from chatkit.core.file_lock import FileLock, holder

HOLD = """
import sys, pathlib
from chatkit.core.file_lock import FileLock
with FileLock(pathlib.Path(sys.argv[1])) as lock:
    print(lock.try_acquire(), flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the lock is."""
    return tmp_path / "lock"


@pytest.fixture
def other(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock until it is told to end."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    ) as process:
        assert process.stdout is not None and process.stdout.readline() == "True\n"
        yield process
        process.kill()


def test_one_process_has_it_and_is_named(path: Path, other: subprocess.Popen[str]) -> None:
    """A second one is refused, at once."""
    with FileLock(path) as lock:
        assert not lock.try_acquire()
    assert holder(path) == other.pid


def test_a_killed_process_holds_nothing(path: Path, other: subprocess.Popen[str]) -> None:
    """The operating system releases it; the id that is still in the file names nobody."""
    other.kill()
    other.wait()
    assert holder(path) is None and path.read_text(encoding="utf-8") == str(other.pid)
    with FileLock(path) as lock:
        assert lock.try_acquire() and holder(path) == os.getpid()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no shared lock to ask with")
def test_who_asks_at_the_same_time_holds_nothing(path: Path) -> None:
    """Two programs may ask at once whether the local cloud of a home runs: none takes the other
    for it.
    """
    with FileLock(path) as lock:
        assert lock.try_acquire()
    with ThreadPoolExecutor(4) as askers:
        assert not any(askers.map(lambda _: holder(path), range(8000)))


def test_waiting_for_it_ends_when_the_other_ends(path: Path, other: subprocess.Popen[str]) -> None:
    """Without an end of its own: a set-up may take minutes."""
    taken = threading.Event()

    def wait() -> None:
        with FileLock(path) as lock:
            lock.acquire()
            taken.set()

    waiting = threading.Thread(target=wait)
    waiting.start()
    assert not taken.wait(0.2)
    assert other.stdin is not None
    other.stdin.close()
    waiting.join(timeout=20)
    assert taken.is_set()


def test_it_is_exclusive_within_a_process_too(path: Path) -> None:
    """And free after its block, also when that raised."""
    with pytest.raises(KeyError), FileLock(path) as first, FileLock(path) as second:
        assert first.try_acquire() and not second.try_acquire()
        raise KeyError
    assert holder(path) is None
    with FileLock(path) as third:
        assert third.try_acquire()


def test_a_deleted_file_is_noticed(path: Path) -> None:
    """Whoever deletes a home and makes it anew has another lock."""
    with FileLock(path) as lock:
        assert lock.try_acquire() and lock.is_in_place()
        path.unlink()
        assert not lock.is_in_place()
        path.touch()
        assert not lock.is_in_place()


def test_a_lock_that_never_was_has_no_holder(path: Path) -> None:
    """Nor has one with something else in it; looking makes no file."""
    assert holder(path) is None and not path.exists()
    path.write_text("no number", encoding="utf-8")
    assert holder(path) is None


def test_it_needs_the_standard_library_only() -> None:
    """The set-up takes it before anything is installed."""
    code = (
        "import sys; from chatkit.core.file_lock import FileLock;names = {name.partition('.')[0]"
        " for name in sys.modules};print(*names - {*sys.stdlib_module_names} - {'__main__'})"
    )
    command = [sys.executable, "-S", "-c", code]
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        command, cwd=root, capture_output=True, text=True, encoding="utf-8", check=True
    )
    assert done.stdout.strip() == "chatkit"
