"""Drills: for some seconds a part of the chat fails, as it may fail in Azure.

They concern what people meet: the function apps, the page, blobs, and clients of SignalR Service.
Resource Manager has failures of its own (`chatkit local fault`). A drill ends by itself, and with
the local cloud.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

from chatkit.core.time import clock

DROP = "signalr-drop"
FUNCTIONS = "functions-down"
STORAGE = "storage-down"
SLOW = "slow"
EXPIRED = "token-expired"
KINDS = {
    DROP: "everybody is thrown out of SignalR Service; nobody gets in until it ends",
    FUNCTIONS: "function apps answer 503",
    STORAGE: "blobs and the page answer 503 ServerBusy",
    SLOW: "function apps and the page answer `seconds` late",
    EXPIRED: "everybody is thrown out; tokens from before it count as expired",
}
LASTS_S = 30.0
MAX_S = 3600.0
MAX_DELAY_S = 60.0
# What a token of the kit's apps and of the host's bindings is good for, when it does not say when
# it was made.
TOKEN_S = 3600.0


class DrillRefused(ValueError):
    """A drill that there is not; the text says why."""


@dataclass(frozen=True)
class Drill:
    """One that is on.

    Attributes:
        kind: One of KINDS.
        began: Unix time, as clocks show it.
        until: Steady time of its end.
        delay_s: How late answers come, for "slow".
    """

    kind: str
    began: float
    until: float
    delay_s: float

    @property
    def seconds_left(self) -> float:
        """Until it ends."""
        return max(0.0, self.until - clock.steady())


class Drills:
    """Which are on."""

    def __init__(self) -> None:
        self._active: dict[str, Drill] = {}
        self._watchers: list[Callable[[Drill], None]] = []

    def on_begin(self, watcher: Callable[[Drill], None]) -> None:
        """Let somebody act when a drill begins."""
        self._watchers.append(watcher)

    def begin(self, kind: str, *, for_s: float = LASTS_S, delay_s: float = 2.0) -> Drill:
        """Switch one on; one of the same kind begins anew.

        Args:
            kind: One of KINDS.
            for_s: Seconds until it ends; 0 only for what happens at once, "signalr-drop" and
                "token-expired".
            delay_s: How late answers come, for "slow".

        Raises:
            DrillRefused: There is no such drill, or it cannot last that long.
        """
        if kind not in KINDS:
            raise DrillRefused(f"There is no drill '{kind}'. There are {', '.join(KINDS)}.")
        if not (_is_number(for_s) and 0 <= for_s <= MAX_S):
            raise DrillRefused(f"A drill lasts up to {MAX_S:g} seconds.")
        if for_s == 0 and kind not in (DROP, EXPIRED):
            raise DrillRefused(f"'{kind}' needs a time: more than 0 seconds.")
        if not (_is_number(delay_s) and 0 <= delay_s <= MAX_DELAY_S):
            raise DrillRefused(f"Answers come up to {MAX_DELAY_S:g} seconds late.")
        drill = Drill(kind, clock.wall(), clock.steady() + for_s, delay_s)
        self._active[kind] = drill
        for watcher in self._watchers:
            watcher(drill)
        return drill

    def end(self, kind: str = "") -> None:
        """Switch one off, or all."""
        if kind:
            self._active.pop(kind, None)
        else:
            self._active.clear()

    def active(self) -> list[Drill]:
        """Those that are on."""
        return [drill for kind in [*self._active] if (drill := self.on(kind)) is not None]

    def on(self, kind: str) -> Drill | None:
        """The drill of a kind, if it is on."""
        drill = self._active.get(kind)
        if drill is not None and drill.seconds_left <= 0:
            del self._active[kind]
            return None
        return drill

    async def be_late(self) -> None:
        """Wait as long as answers are late."""
        if not self._active:
            return
        drill = self.on(SLOW)
        if drill is not None:
            await asyncio.sleep(drill.delay_s)

    def expires(self, claims: Mapping[str, Any]) -> bool:
        """Whether a token counts as expired: it was made before the drill.

        Args:
            claims: Of a token that is valid.
        """
        drill = self.on(EXPIRED)
        return drill is not None and _made_at(claims) < math.floor(drill.began)


def _made_at(claims: Mapping[str, Any]) -> float:
    """Unix time in whole seconds (RFC 7519 §4.1.6); from its end when it does not say."""
    for name in ("iat", "nbf"):
        made = claims.get(name)
        if _is_number(made):
            return made
    ends = claims.get("exp")
    if not _is_number(ends):
        return math.inf
    return ends - TOKEN_S


def _is_number(value: object) -> TypeGuard[float]:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value)
