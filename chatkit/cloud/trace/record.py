"""The record of a home: a line of JSON for each request, for this user alone."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chatkit.cloud.trace.entry import Entry
from chatkit.core.system.moving import replace

FILE = "requests.jsonl"
BEFORE = "requests.1.jsonl"
MAX_BYTES = 4_000_000
# A link in its place would lead the lines elsewhere.
FLAGS = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0)
NEW_LINE = b"\n"


@dataclass(frozen=True)
class Record:
    """What was sent from one home, the newest last; bounded.

    Several processes append to it, each a whole line at a time.

    Attributes:
        home: The kit's folder.
        target: "local" or "azure".
    """

    home: Path
    target: str

    def note(self, entry: dict[str, Any]) -> None:
        """Add a request, where the disk takes it: what was done counts, not what is noted of it."""
        line = json.dumps({"target": self.target, **entry}, separators=(",", ":")).encode()
        with suppress(OSError):
            self._rotate()
            descriptor = os.open(self.home / FILE, FLAGS | getattr(os, "O_BINARY", 0), 0o600)
            try:
                os.write(descriptor, line + NEW_LINE)
            finally:
                os.close(descriptor)

    def _rotate(self) -> None:
        with suppress(FileNotFoundError):
            if (self.home / FILE).stat().st_size > MAX_BYTES:
                replace(self.home / FILE, self.home / BEFORE)


def read(home: Path, target: str) -> list[Entry]:
    """What was sent to a target, the oldest first; lines that are damaged are left out."""
    found: list[Entry] = []
    for name in (BEFORE, FILE):
        with suppress(FileNotFoundError):
            for line in (home / name).read_bytes().splitlines():
                with suppress(ValueError):
                    entry = json.loads(line)
                    if isinstance(entry, dict) and entry.get("target") == target:
                        found.append(entry)  # type: ignore[arg-type]
    return found
