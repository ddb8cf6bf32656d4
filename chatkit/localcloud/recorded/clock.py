"""How long operations take, at once or as recorded in the real Azure, and what is known late."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from chatkit.core.time import clock
from chatkit.core.time.recorded import NOT_RECORDED, RECORDED
from chatkit.localcloud.core.store import Store
from chatkit.localcloud.recorded.propagating import Propagating

AZURE = "azure"
SLOW = ("recorded", AZURE)


@dataclass
class Clock:
    """The durations in force.

    Attributes:
        mode: "fast", "recorded", or "azure": as recorded, and changes are known late.
        scale: Seconds are multiplied by this: 0.05 is 1:20.
        seed: Of the times that changes take.
        propagating: Changes that are not yet known everywhere.
    """

    mode: str = "fast"
    scale: float = 1.0
    seed: int = 0
    propagating: Propagating = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.propagating = Propagating(self._scaled)

    @classmethod
    def load(cls, store: Store) -> Clock:
        """The mode that was last chosen in this home."""
        kept = store.get("resource-manager", "clock") or {}
        mode = str(kept.get("mode", "fast"))
        return cls(mode, float(kept.get("scale", 1.0)), int(kept.get("seed", 0)))

    def choose(self, mode: str, scale: float, store: Store, *, seed: int = 0) -> None:
        """Change the mode, and keep it over restarts. What is on its way is known at once."""
        store.put("resource-manager", "clock", {"mode": mode, "scale": scale, "seed": seed})
        self.mode = mode
        self.scale = scale
        self.seed = seed
        self.propagating.begin_anew()

    def _scaled(self, seconds: float) -> float:
        return seconds * self.scale

    def late_s(self, kind: str) -> float:
        """How long the next change of a kind is unknown; no time unless the mode is "azure"."""
        if self.mode != AZURE:
            return 0.0
        return self.propagating.draw_s(kind, self.seed)

    def begin(self, kind: str, *names: str) -> None:
        """Let a change that was acknowledged be unknown for a while, as on Azure."""
        takes_s = self.late_s(kind)
        if takes_s:
            self.propagating.begin(kind, names, takes_s)

    def told(self) -> str:
        """What a room is told about it; nothing while operations take no time."""
        match self.mode:
            case "recorded":
                return "Operations take as long as they took in the real Azure."
            case "azure":
                return "Operations take as long as in the real Azure, and changes are known late."
        return ""

    def is_late(self, kind: str, name: str) -> bool:
        """Whether a change is not yet known."""
        return self.propagating.has(kind, name)

    def duration_s(self, operation: str) -> float:
        """How long this operation takes from now on; no time where nobody has recorded it."""
        if operation not in RECORDED:
            assert operation in NOT_RECORDED, operation
            return 0.0
        return RECORDED[operation].seconds * self.scale if self.mode in SLOW else 0.0

    async def wait(self, operation: str) -> None:
        """Be as slow as a synchronous operation is."""
        duration_s = self.duration_s(operation)
        if duration_s:
            await asyncio.sleep(duration_s)

    def retry_after_s(self, usual_s: int) -> int:
        """What Retry-After says: the usual wait in recorded time, else 1."""
        # azure-core takes 0 for absent and waits 30 s.
        if self.mode not in SLOW:
            return 1
        return max(1, round(usual_s * self.scale))

    @staticmethod
    def now() -> float:
        """Unix time in seconds that no setting of the clock moves: for how long things last."""
        return clock.steady()
