"""The end of a log that another process is writing, and what is added to it later."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

# What a reader gets of a log at most, in one go.
MOST_BYTES = 400_000
DIGITS = 18


@dataclass(frozen=True)
class Tail:
    """Whole lines of a log, the newest last.

    Attributes:
        position: Where the next reading goes on; empty while there is no log.
    """

    text: str = ""
    position: str = ""


def read_tail(path: Path, *, after: str = "", most_bytes: int = MOST_BYTES) -> Tail:
    """Read the end of a log, or what was written since the last reading.

    A log that grew too long goes on in a new file under its name, and what it held is in `NAME.1`:
    either the file itself (`core/disk/rotating_log.py`) or a copy (`core/log_files.py`).

    Args:
        path: The log; it need not be there.
        after: The position of the last reading; empty for the end, as much as may be read.
        most_bytes: What is older is left out.
    """
    older = path.with_name(f"{path.name}.1")
    inode, size = _identity(path)
    known, _, number = after.partition("-")
    offset = int(number[:DIGITS]) if number.isascii() and number.isdecimal() else 0
    if after and known == str(inode) and offset <= size:
        content = _read(path, offset, size)
    elif after and offset <= _identity(older)[1]:
        content = _read(older, offset, _identity(older)[1]) + _read(path, 0, size)
    else:
        content = _read(older, 0, _identity(older)[1]) + _read(path, 0, size)
    # A line that is not whole yet comes with the next reading.
    whole = content.rfind(b"\n") + 1
    position = f"{inode}-{size - (len(content) - whole)}" if inode else ""
    return Tail(_last(content[:whole], most_bytes).decode(errors="replace"), position)


def _identity(path: Path) -> tuple[int, int]:
    """Which file it is, and how long; zeros when there is none."""
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_ino, found.st_size


def _read(path: Path, start: int, end: int) -> bytes:
    first = max(start, end - MOST_BYTES)
    try:
        with path.open("rb") as file:
            file.seek(first)
            content = file.read(end - first)
    except OSError:
        return b""
    if first > start:
        return content.partition(b"\n")[2]
    return content


def _last(content: bytes, most_bytes: int) -> bytes:
    """The end of some lines, from the beginning of a line on."""
    if len(content) <= most_bytes:
        return content
    return content[-most_bytes:].partition(b"\n")[2]
