"""How long each step took, kept in the home for each target: what a class can plan with."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

from chatkit.core.errors import NotWritten
from chatkit.core.files import write_private
from chatkit.core.home import records

FILE = "timings.json"
LOST = "how long earlier steps took is not known any more"


def load(home: Path, target: str) -> dict[str, float]:
    """Read the seconds of each step, in the order in which the steps were first done.

    It is empty when nothing readable is there.
    """
    return _all(home).get(target, {})


def note(home: Path, target: str, title: str, seconds: float) -> None:
    """Remember how long a step took, where the disk takes it: the step itself is done."""
    known = _all(home)
    known.setdefault(target, {})[title] = round(seconds, 3)
    with suppress(NotWritten):
        write_private(home / FILE, json.dumps(known, indent=1))


def _all(home: Path) -> dict[str, dict[str, float]]:
    path = home / FILE
    known = records.read_record(path, lost=LOST)
    found: dict[str, dict[str, float]] = {}
    for target, steps in known.items():
        if not isinstance(steps, dict) or not all(
            isinstance(seconds, int | float) for seconds in steps.values()
        ):
            records.forget_record(path, lost=LOST)
            return {}
        found[target] = {title: float(seconds) for title, seconds in steps.items()}
    return found
