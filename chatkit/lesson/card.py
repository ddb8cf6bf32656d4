"""One card for something that a person needs to know: what happened, why, and what to type."""

from __future__ import annotations

from dataclasses import dataclass

from chatkit.core.text.controls import visible
from chatkit.core.text.masking import mask

LONGEST = 600
RED = "\x1b[31m"
BOLD = "\x1b[1m"
PLAIN = "\x1b[0m"


@dataclass(frozen=True)
class Card:
    """What a person needs to know about a mistake.

    Attributes:
        name: The exception's class.
        what: What happened.
        why: The reason; empty where `what` says it.
        remedy: What to type or do; empty where nobody knows.
    """

    name: str
    what: str
    why: str = ""
    remedy: str = ""

    def lines(self, *, coloured: bool = False) -> list[str]:
        """The card as at most three lines of plain text."""
        begin = end = name = ""
        if coloured:
            begin = RED + BOLD
            end = PLAIN
        if self.name:
            name = f"{self.name}: "
        parts = ((name, self.what), ("Why: ", self.why), ("Do: ", self.remedy))
        return [f"{begin}{label}{end}{_line(text)}" for label, text in parts if text]


def _line(text: str) -> str:
    """A text as one line, which takes over no terminal and holds no secret."""
    line = mask(visible(" ".join(filter(None, map(str.strip, text.splitlines())))))
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}…"
