"""What a repair has done to one file."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Mended:
    """One file of a home that was not as it should be, and is now.

    Attributes:
        file: Its path below the home.
        kept: What of it is still there.
        lost: What of it is not there any more, and how to get it back; may be empty.
        aside: Name under which the damaged file is kept, beside the new one; may be empty.
    """

    file: str
    kept: str
    lost: str = ""
    aside: str = ""

    def __str__(self) -> str:
        parts = [f"{self.file}: kept {self.kept}"]
        if self.lost:
            parts.append(f"lost {self.lost}")
        if self.aside:
            parts.append(f"the damaged one is {self.aside}")
        return "; ".join(parts) + "."
