"""An event of a trace as journeys are made of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from chatkit.core.text.controls import visible
from chatkit.core.text.masking import excerpt, mask

LONGEST = 120


@dataclass(frozen=True)
class Seen:
    """Something that happened.

    Attributes:
        at: When it ended, in Unix seconds.
        source: Who saw it.
        kind: What it is.
        detail: More about it, secrets masked.
    """

    at: float
    source: str
    kind: str
    detail: Mapping[str, object]

    def text(self, name: str) -> str:
        """A detail that is a text, empty for none; short, masked, without controls."""
        return shown(self.raw(name))

    def raw(self, name: str) -> str:
        """A detail as it is in the trace, empty for none."""
        value = self.detail.get(name)
        return value if isinstance(value, str) else ""

    def number(self, name: str) -> float:
        """A detail that is a number, 0 for none."""
        value = self.detail.get(name)
        if isinstance(value, int | float):
            return float(value)
        return 0.0

    @property
    def status(self) -> int:
        """The status of the answer."""
        return int(self.number("status"))

    @property
    def cause(self) -> str:
        """What it belongs to, empty where nobody told."""
        return self.raw("cause")

    @property
    def began(self) -> float:
        """When it began."""
        return self.at - self.number("ms") / 1000

    def is_within(self, other: Seen, slack_s: float = 0.002) -> bool:
        """Whether it happened while another lasted; their processes read the clock apart."""
        return self.began >= other.began - slack_s and self.at <= other.at + slack_s


def shown(text: str, longest: int = LONGEST) -> str:
    """Any text as a line may show it."""
    clean = visible(mask(excerpt(text, 8 * longest)))  # a token that is cut is masked, too
    if len(clean) <= longest:
        return clean
    return f"{clean[:longest]}…"
