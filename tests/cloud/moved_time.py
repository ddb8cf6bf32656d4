"""Time that passes only while somebody waits for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest


@dataclass
class MovedTime:
    """Stands in for the module `time` where the kit waits.

    Attributes:
        now: Seconds; the clock of the wall and the one that only counts on.
        at: What happens when a moment has come, by its second.
    """

    now: float = 1_000_000.0
    at: dict[float, Callable[[], None]] = field(default_factory=dict)

    def monotonic(self) -> float:
        """The time that passes."""
        return self.now

    def time(self) -> float:
        """The time of the wall."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let time pass, and what is due happen."""
        self.now += seconds
        for due in sorted(moment for moment in self.at if moment <= self.now):
            self.at.pop(due)()

    def after(self, seconds: float, happens: Callable[[], None]) -> None:
        """Let something happen some seconds from now."""
        self.at[self.now + seconds] = happens


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> MovedTime:
    """The kit's time."""
    moved = MovedTime()
    for module in ("calls", "recent", "publish.website"):
        monkeypatch.setattr(f"chatkit.cloud.{module}.time", moved)
    monkeypatch.setattr("chatkit.cloud.publish.functions.monotonic", moved.monotonic)
    return moved
