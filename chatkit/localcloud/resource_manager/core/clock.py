"""How long operations take: at once, or as long as they took in recordings of the real Azure."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime

from chatkit.core.time import clock
from chatkit.localcloud.core.store import Store

# Seconds, from recorded traffic: medians where there is more than one run.
RECORDED_S = {
    "signalr.create": 93.6,
    "signalr.update": 73.0,
    "signalr.delete": 60.0,
    "signalr.regenerate": 2.0,
    "signalr.restart": 20.0,
    "storage.create": 17.0,
    "storage.sync": 0.5,
    "plan.put": 7.0,
    "site.put": 32.0,
    "site.settings": 3.0,
    "site.keys": 3.0,
    "site.delete": 3.0,
    "group.put": 2.0,
    "group.delete": 61.0,
    "provider.register": 20.0,
    "roles.propagate": 60.0,
}


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
        """How long this operation takes from now on."""
        return RECORDED_S[operation] * self.scale if self.mode == "recorded" else 0.0

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


def iso(seconds: float | None = None) -> str:
    """Azure's time format with seven digits: 2026-04-09T19:18:12.7866667Z."""
    moment = datetime.fromtimestamp(clock.wall() if seconds is None else seconds, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f") + "7Z"
