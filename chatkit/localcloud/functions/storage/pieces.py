"""Contents in pieces, as a file that a client reads."""

from __future__ import annotations

from collections.abc import Sequence


class PieceReader:
    """Reads pieces one after the other; one that is as long as was asked for is not copied.

    Args:
        pieces: The content.
    """

    def __init__(self, pieces: Sequence[bytes]) -> None:
        self.size = sum(map(len, pieces))
        self._pieces = pieces
        self._number = 0
        self._start = 0

    def read(self, size: int = -1) -> bytes:
        """The next bytes; fewer at the end."""
        wanted = self.size if size < 0 else size
        found: list[bytes] = []
        while wanted and self._number < len(self._pieces):
            piece = self._pieces[self._number]
            part = piece[self._start : self._start + wanted]
            found.append(part)
            wanted -= len(part)
            self._start += len(part)
            if self._start == len(piece):
                self._number += 1
                self._start = 0
        if len(found) == 1:
            return found[0]
        return b"".join(found)
