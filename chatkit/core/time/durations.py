"""Durations as people type them: 30s, 2m, 1.5h, 1h30m, or a number of seconds."""

from __future__ import annotations

import math
import re

LASTING = re.compile(
    r"(?:(\d{1,4}(?:\.\d{1,3})?) ?h)? ?(?:(\d{1,5}(?:\.\d{1,3})?) ?m(?:in)?)?"
    r" ?(?:(\d{1,6}(?:\.\d{1,3})?) ?s(?:ec)?)?",
    re.I | re.A,
)
EXAMPLES = "30s, 2m, 1h30m or a number of seconds"


def seconds(text: str) -> float:
    """Read how long.

    Raises:
        ValueError: It is nothing of the kind; the sentence gives examples.
    """
    wanted = " ".join(text.split())
    found = LASTING.fullmatch(wanted)
    if found and wanted:
        hours, minutes, rest = (float(part or 0) for part in found.groups())
        return hours * 3600 + minutes * 60 + rest
    try:
        plain = float(wanted) if wanted.isascii() else math.nan
    except ValueError:
        plain = math.nan
    if not math.isfinite(plain) or plain < 0:
        raise ValueError(f"{text!r} is no time like {EXAMPLES}.")
    return plain


def has_unit(text: str) -> bool:
    """Whether a time says what it counts; a number alone may be meant as hours, or as minutes."""
    return text.rstrip()[-1:].isalpha()
