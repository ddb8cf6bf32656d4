"""How long each step took, kept in the home for each target: what a class can plan with."""

from __future__ import annotations

import json
from pathlib import Path

from chatkit.core.files import write_private

FILE = "timings.json"


def load(home: Path, target: str) -> dict[str, float]:
    """Read the seconds of each step, in the order in which the steps were first done.

    It is empty when nothing readable is there.
    """
    return _all(home).get(target, {})


def note(home: Path, target: str, title: str, seconds: float) -> None:
    """Remember how long a step took."""
    known = _all(home)
    known.setdefault(target, {})[title] = round(seconds, 3)
    write_private(home / FILE, json.dumps(known, indent=1))


def _all(home: Path) -> dict[str, dict[str, float]]:
    try:
        known = json.loads((home / FILE).read_text(encoding="utf-8"))
        return {
            str(target): {str(title): float(s) for title, s in steps.items()}
            for target, steps in known.items()
        }
    except (OSError, ValueError, AttributeError, TypeError):
        return {}
