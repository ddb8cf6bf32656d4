"""Log files that rotate while they are written, and that a full disk does not stop."""

from __future__ import annotations

import logging
import logging.handlers
import sys
from contextlib import suppress
from pathlib import Path

from chatkit.core.system.moving import replace


class RotatingLog(logging.handlers.RotatingFileHandler):
    """A log file and its one predecessor.

    Lines that the disk does not take are left out. The first one that it takes again says how many
    are missing. A line that comes after the end is written as well, and leaves no file open.

    Args:
        path: The file; made with the first line.
        max_bytes: At this size it becomes the predecessor.
    """

    def __init__(self, path: Path, *, max_bytes: int) -> None:
        super().__init__(path, maxBytes=max_bytes, backupCount=1, encoding="utf-8", delay=True)
        self._missing = 0
        self._ended = False

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line."""
        before = self._missing
        super().emit(record)
        if self._missing == before:
            self._missing = 0
        if self._ended:
            super().close()

    def close(self) -> None:
        """Close the file."""
        self._ended = True
        super().close()

    def format(self, record: logging.LogRecord) -> str:
        """The line, and what is missing before it."""
        text = super().format(record)
        if not self._missing:
            return text
        # The last line in the file may have been cut off.
        return f"\n({self._missing} lines are missing here: the disk took no more.)\n{text}"

    def rotate(self, source: str, dest: str) -> None:
        """Make the file the predecessor. Windows renames none that somebody reads just then."""
        with suppress(FileNotFoundError):
            replace(source, dest)

    def handleError(self, record: logging.LogRecord) -> None:
        """Leave a line out that the disk does not take."""
        if not isinstance(sys.exception(), OSError):
            super().handleError(record)
            return
        self._missing += 1
        # What the stream still holds would be written twice, and cut off again.
        stream = self.stream
        self.stream = None  # as before the first line: the next one opens it again
        if stream is not None:
            with suppress(OSError):
                stream.close()
