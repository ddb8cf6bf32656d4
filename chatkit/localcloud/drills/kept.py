"""A drill that is on, and the file in which drills are kept."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from chatkit.core.files import write_private
from chatkit.core.system.moving import remove
from chatkit.core.time import clock
from chatkit.core.time.clock import Mark
from chatkit.localcloud.drills.rooms import EVERYWHERE, Room
from chatkit.localcloud.drills.table import KINDS

FILE = "drills.json"


@dataclass(frozen=True)
class Drill:
    """One that is on.

    Attributes:
        kind: One of KINDS.
        room: Whom it concerns.
        began: Unix time, as clocks show it.
        until: Steady time of its end.
        delay_s: How late answers come, for "slow".
    """

    kind: str
    room: Room
    began: float
    until: float
    delay_s: float

    @property
    def seconds_left(self) -> float:
        """Until it ends."""
        return max(0.0, self.until - clock.steady())

    def described(self) -> dict[str, Any]:
        """As JSON: what happens, and what to look at."""
        return {
            "kind": self.kind,
            "seconds_left": round(self.seconds_left, 1),
            "delay_s": self.delay_s,
            **asdict(KINDS[self.kind]),
        }


def write(file: Path, drills: Iterable[Drill]) -> None:
    """Keep drills; without one there is no file.

    Raises:
        NotWritten: The disk is full, or takes no writes.
    """
    documents = [_document(drill) for drill in drills]
    if not documents:
        with suppress(OSError):
            remove(file)
        return
    # Another process has steady time of its own: it goes by the mark.
    kept = {"mark": asdict(clock.mark()), "drills": documents}
    write_private(file, json.dumps(kept))


def read(file: Path) -> dict[str, Drill]:
    """Those that are kept and not over, by kind; none in a file that is missing or damaged."""
    try:
        kept = json.loads(file.read_text(encoding="utf-8"))
        ahead_s = clock.steady() - clock.steady_of(Mark(**kept["mark"]))
        drills = [_drill(document, ahead_s) for document in kept["drills"]]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}
    return {drill.kind: drill for drill in drills if drill.kind in KINDS and drill.seconds_left}


def _document(drill: Drill) -> dict[str, Any]:
    parts = drill.room.parts
    return {
        "kind": drill.kind,
        "room": None if parts is None else sorted(parts),
        "began": drill.began,
        "until": drill.until,
        "delay_s": drill.delay_s,
    }


def _drill(document: dict[str, Any], ahead_s: float) -> Drill:
    parts = document["room"]
    room = EVERYWHERE if parts is None else Room.of((str(one), str(two)) for one, two in parts)
    return Drill(
        str(document["kind"]),
        room,
        float(document["began"]),
        float(document["until"]) + ahead_s,
        float(document["delay_s"]),
    )
