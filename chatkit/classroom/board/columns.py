"""The board's columns: each section, with the minutes that its notebook says it takes."""

from __future__ import annotations

import json
import re
from pathlib import Path

from chatkit.classroom.board.record import SectionShown
from chatkit.core.work import course_choice

MINUTES = re.compile(r"\*About ([0-9]{1,3}) minutes?\.")
HEADING = re.compile(r"^# (?:[0-9]{2}\W+)?(.+)$", re.MULTILINE)
NUMBERED = "[0-9][0-9]-*.ipynb"


def columns(folder: Path | None = None) -> list[SectionShown]:
    """Number, title and minutes of each notebook of the course, in order."""
    notebooks = folder or course_choice.folder() / "notebooks"
    return [_column(path) for path in sorted(notebooks.glob(NUMBERED))]


def _column(path: Path) -> SectionShown:
    document = json.loads(path.read_text(encoding="utf-8"))
    text = "".join(document["cells"][0]["source"])
    title = HEADING.search(text)
    minutes = MINUTES.search(text)
    return {
        "number": path.name[:2],
        "title": title[1].strip() if title else path.stem[3:],
        "minutes": int(minutes[1]) if minutes else 0,
    }
