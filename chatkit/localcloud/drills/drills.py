"""Drills: for some seconds a part of the chat fails, as it may fail in Azure.

They concern what people meet: function apps, the page, blobs, and clients of SignalR Service, of
one chat. Resource Manager has failures of its own (`chatkit local fault`).

Strategy: a drill ends by itself at a time that is kept in a file of the local cloud's folder. A
local cloud that was killed goes on with it for what is left; one that is stopped ends it. Functions
that run on this machine are processes of their own: they read the file (`KeptDrills`).
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeGuard

from chatkit.core.errors import NotWritten
from chatkit.core.system.moving import remove
from chatkit.core.time import clock
from chatkit.localcloud.drills.kept import Drill, read, write
from chatkit.localcloud.drills.rooms import Part, Room
from chatkit.localcloud.drills.table import DROP, EXPIRED, KINDS, SLOW

log = logging.getLogger("chatkit.local.drills")
LASTS_S = 30.0
MAX_S = 3600.0
DELAY_S = 2.0
MAX_DELAY_S = 60.0
# What a token of the kit's apps and of the host's bindings is good for, when it does not say when
# it was made.
TOKEN_S = 3600.0


class DrillRefused(ValueError):
    """A drill that there is not; the text says why."""


class Drills:
    """Which are on.

    Args:
        file: Where they are kept; None where they end with this process.
    """

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._active = read(file) if file is not None else {}
        self._watchers: list[Callable[[Drill], None]] = []
        self._late: dict[Part, tuple[float, float]] = {}  # when the last one came, and may go on

    def on_begin(self, watcher: Callable[[Drill], None]) -> None:
        """Let somebody act when a drill begins."""
        self._watchers.append(watcher)

    def begin(
        self, kind: str, room: Room, *, for_s: float = LASTS_S, delay_s: float = DELAY_S
    ) -> Drill:
        """Switch one on; one of the same kind begins anew.

        Args:
            kind: One of KINDS.
            room: Whom it concerns.
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
        drill = Drill(kind, room, clock.wall(), clock.steady() + for_s, delay_s)
        self._active[kind] = drill
        self._keep()
        for watcher in self._watchers:
            watcher(drill)
        return drill

    def end(self, kind: str = "") -> None:
        """Switch one off, or all."""
        if kind:
            self._active.pop(kind, None)
        else:
            self._active.clear()
        self._keep()

    def end_for(self, room: Room) -> None:
        """Switch those off that concern a chat: nobody looks at it any more."""
        for drill in self.active():
            if drill.room.meets(room):
                self.end(drill.kind)

    def active(self) -> list[Drill]:
        """Those that are on."""
        return [drill for kind in KINDS if (drill := self._on(kind)) is not None]

    def told(self, room: Room | None = None) -> list[dict[str, Any]]:
        """The drills that are on, as JSON.

        Args:
            room: Only those that concern this chat.
        """
        return [
            drill.described() for drill in self.active() if room is None or drill.room.meets(room)
        ]

    def on(self, kind: str, part: Part) -> Drill | None:
        """The drill of a kind, if it is on for a part of a chat."""
        drill = self._on(kind)
        if drill is None or not drill.room.has(part):
            return None
        return drill

    async def be_late(self, part: Part) -> None:
        """Wait as long as answers of a part of a chat are late.

        Nothing overtakes what came before it, also when the drill ends meanwhile.
        """
        drill = self.on(SLOW, part)
        if drill is None and part not in self._late:
            return
        now = clock.steady()
        due = now if drill is None else now + drill.delay_s
        if part in self._late:
            came, last = self._late[part]
            due = max(due, last + (now - came) / 4)  # each wait is shorter, until none is left
        if due <= now:
            del self._late[part]
            return
        self._late[part] = (now, due)
        await asyncio.sleep(due - now)

    def expires(self, claims: Mapping[str, Any], part: Part) -> bool:
        """Whether a token counts as expired: it was made before the drill.

        Args:
            claims: Of a token that is valid.
            part: What it opens.
        """
        drill = self.on(EXPIRED, part)
        return drill is not None and _made_at(claims) < math.floor(drill.began)

    def _on(self, kind: str) -> Drill | None:
        if not self._active:  # nearly always, and asked for each request
            return None
        drill = self._active.get(kind)
        if drill is not None and drill.seconds_left <= 0:
            del self._active[kind]
            self._keep()
            return None
        return drill

    def _keep(self) -> None:
        if self._file is None:
            return
        try:
            write(self._file, self._active.values())
        except NotWritten as error:  # it is on all the same, and ends by itself
            log.warning("a drill is not kept for a restart: %s", error)
            # What was kept before would be told to functions on this machine.
            with suppress(OSError):
                remove(self._file)


class KeptDrills(Drills):
    """Those of a local cloud that is another process.

    Args:
        file: Where that one keeps them; None where there is none.
    """

    def __init__(self, file: Path | None) -> None:
        super().__init__()
        self._kept = file
        self._read_at: object = None

    def _on(self, kind: str) -> Drill | None:
        if self._kept is not None:
            stamp = _stamp(self._kept)
            if stamp != self._read_at:
                self._active = read(self._kept)
                self._read_at = stamp
        return super()._on(kind)


def _stamp(file: Path) -> object:
    """What changes with a file; it is replaced whole."""
    try:
        found = file.stat()
    except OSError:
        return None
    return (found.st_mtime_ns, found.st_size, found.st_ino)


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
