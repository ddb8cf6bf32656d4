"""The list of what runs, where the system deletes no file that is open."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatkit.core.file_lock import FileLock
from chatkit.core.running import presence
from chatkit.core.running.presence import CHAT, present, running, watched
from tests.playing import in_use


class Open:
    """Which lock files are open; those cannot be deleted."""

    def __init__(self) -> None:
        self.paths: list[Path] = []


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    """Play Windows: what this process has opened is not deleted."""
    held = Open()
    enter, leave, unlink = FileLock.__enter__, FileLock.__exit__, Path.unlink

    def entered(lock: FileLock) -> FileLock:
        held.paths.append(lock._path)
        return enter(lock)

    def left(lock: FileLock, *error: object) -> None:
        leave(lock, *error)  # type: ignore[arg-type]
        held.paths.remove(lock._path)

    def unlinked(path: Path, missing_ok: bool = False) -> None:
        if path in held.paths:
            raise in_use(path)
        unlink(path, missing_ok=missing_ok)

    monkeypatch.setattr(FileLock, "__enter__", entered)
    monkeypatch.setattr(FileLock, "__exit__", left)
    monkeypatch.setattr(Path, "unlink", unlinked)
    yield held
    assert held.paths == []


@pytest.mark.usefixtures("opened")
def test_a_process_hears_that_it_should_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second file says so; afterwards neither is left."""
    monkeypatch.setattr(presence, "LOOK_S", 0.01)
    heard = threading.Event()
    with watched(tmp_path, CHAT, heard.set):
        (one,) = running(tmp_path)
        assert one.pid == os.getpid()
        presence.leave(tmp_path, CHAT, one.pid)
        assert one.path.exists() and heard.wait(20)
    assert [*(tmp_path / "running").iterdir()] == []


@pytest.mark.usefixtures("opened")
def test_what_an_earlier_process_was_asked_is_not_meant(tmp_path: Path) -> None:
    """Ids are used again."""
    with present(tmp_path, CHAT):
        (one,) = running(tmp_path)
    one.path.with_suffix(presence.REQUEST_SUFFIX).touch()
    with present(tmp_path, CHAT) as again:
        assert again.is_wanted()


def test_where_open_files_can_be_deleted_that_is_enough(tmp_path: Path) -> None:
    """Linux and macOS: no second file."""
    with present(tmp_path, CHAT) as here:
        presence.leave(tmp_path, CHAT, os.getpid())
        assert not here.is_wanted() and [*(tmp_path / "running").iterdir()] == []
