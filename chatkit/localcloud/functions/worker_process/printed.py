"""What a child prints, until a line of it is whole."""

from __future__ import annotations

from chatkit.core.text.masking import end_of_words

LINE_LIMIT_BYTES = 1 << 20


class Printed:
    """Bytes that a child has written.

    Attributes:
        last_line: The beginning of the last line that says something.
    """

    def __init__(self) -> None:
        self._waiting = bytearray()
        self.last_line = ""

    def take(self, data: bytes) -> str:
        """Add bytes; returns the lines that are whole now, and parts of one that does not end."""
        self._waiting += data
        end = self._waiting.rfind(b"\n") + 1
        if len(self._waiting) - end > LINE_LIMIT_BYTES:
            end += _end_of_part(self._waiting[end:])
        lines = self._waiting[:end].decode(errors="replace")
        del self._waiting[:end]
        self.last_line = lines.rstrip().rpartition("\n")[2][:300] or self.last_line
        return lines

    def rest(self) -> str:
        """The line at the end, whole or not."""
        return self.take(b"\n") if self._waiting else ""


def _end_of_part(line: bytearray) -> int:
    """Where a line that does not end may be cut: behind a word, so that no secret is cut."""
    text = line.decode("latin-1")  # one character a byte
    return end_of_words(text, 0, len(text)) or len(line)
