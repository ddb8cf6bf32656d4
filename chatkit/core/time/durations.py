"""How long, as people type it: 30s, 2m, 1h30m, or a number of seconds."""

from __future__ import annotations

import math
import re

LASTING = re.compile(
    r"(?:(\d{1,4}) ?h)? ?(?:(\d{1,5}) ?m(?:in)?)? ?(?:(\d{1,6}(?:\.\d{1,3})?) ?s(?:ec)?)?",
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
