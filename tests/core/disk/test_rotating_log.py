"""Log files rotate while they are written, and a full disk stops nobody who writes to one."""

from __future__ import annotations

import errno
import logging
from pathlib import Path

import pytest

from chatkit.core.disk.rotating_log import RotatingLog


def record(text: str) -> logging.LogRecord:
    """A line."""
    return logging.makeLogRecord({"msg": text})


class FullStream:
    """A stream on a full disk: it takes some of a line."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def write(self, text: str) -> None:
        with self._file.open("a", encoding="utf-8") as file:
            file.write(text[:3])
        raise OSError(errno.ENOSPC, "No space left on device")

    def tell(self) -> int:
        return 0

    def seek(self, *_: int) -> int:
        return 0

    def flush(self) -> None:
        """Nothing is kept back."""

    def close(self) -> None:
        """Nothing to close."""


def test_a_full_disk_costs_lines_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The first line that goes in again tells how many are missing; nothing is printed."""
    path = tmp_path / "cloud.log"
    log = RotatingLog(path, max_bytes=1000)
    log.emit(record("before"))
    for text in ("lost one", "lost two"):
        if log.stream is not None:
            log.stream.close()
        log.stream = FullStream(path)  # type: ignore[assignment]
        log.emit(record(text))
    log.emit(record("after"))
    log.emit(record("later"))
    log.close()
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[0] == "before"
    assert lines[-3:] == [
        "(2 lines are missing here: the disk took no more.)",
        "after",
        "later",
    ]
    assert capsys.readouterr().err == ""


def test_a_log_rotates_while_it_is_written(tmp_path: Path) -> None:
    """The file and its predecessor hold the newest lines, and no more than twice the limit."""
    path = tmp_path / "cloud.log"
    log = RotatingLog(path, max_bytes=1000)
    for number in range(200):
        log.emit(record(f"line {number}"))
    log.close()
    kept = [file.stat().st_size for file in tmp_path.iterdir()]
    assert len(kept) == 2 and max(kept) <= 1000
    assert path.read_text(encoding="utf-8").splitlines()[-1] == "line 199"


def test_other_mistakes_are_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Arguments that do not fit their message are the program's fault, not the disk's."""
    log = RotatingLog(tmp_path / "cloud.log", max_bytes=1000)
    log.emit(logging.makeLogRecord({"msg": "%d", "args": ("one",)}))
    log.close()
    assert "Logging error" in capsys.readouterr().err


def test_a_line_after_the_end_is_kept_and_leaves_no_file_open(tmp_path: Path) -> None:
    """As of a request that is cut off while its host ends."""
    path = tmp_path / "app.log"
    log = RotatingLog(path, max_bytes=1000)
    log.emit(record("before"))
    log.close()
    log.emit(record("after"))
    assert log.stream is None
    assert path.read_text(encoding="utf-8").splitlines() == ["before", "after"]
