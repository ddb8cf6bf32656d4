"""How long operations take: at once, or as long as they took in recordings of the real Azure."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from chatkit.core.time import clock
from chatkit.core.time.recorded import NOT_RECORDED, RECORDED
from chatkit.localcloud.core.store import Store


@dataclass
class Clock:
    """The durations in force.

    Attributes:
        mode: "fast" or "recorded".
        scale: Recorded seconds are multiplied by this: 0.05 is 1:20.
    """

    mode: str = "fast"
    scale: float = 1.0

    @classmethod
    def load(cls, store: Store) -> Clock:
        """The mode that was last chosen in this home."""
        kept = store.get("resource-manager", "clock") or {}
        return cls(str(kept.get("mode", "fast")), float(kept.get("scale", 1.0)))

    def choose(self, mode: str, scale: float, store: Store) -> None:
        """Change the mode, and keep it over restarts."""
        store.put("resource-manager", "clock", {"mode": mode, "scale": scale})
        self.mode = mode
        self.scale = scale

    def duration_s(self, operation: str) -> float:
        """How long this operation takes from now on; no time where nobody has recorded it."""
        if operation not in RECORDED:
            assert operation in NOT_RECORDED, operation
            return 0.0
        return RECORDED[operation].seconds * self.scale if self.mode == "recorded" else 0.0

    async def wait(self, operation: str) -> None:
        """Be as slow as a synchronous operation is."""
        duration_s = self.duration_s(operation)
        if duration_s:
            await asyncio.sleep(duration_s)

    def retry_after_s(self, usual_s: int) -> int:
        """What Retry-After says: the usual wait in recorded time, else 1."""
        # azure-core takes 0 for absent and waits 30 s.
        if self.mode != "recorded":
            return 1
        return max(1, round(usual_s * self.scale))

    @staticmethod
    def now() -> float:
        """Unix time in seconds that no setting of the clock moves: for how long things last."""
        return clock.steady()
