"""What tells a check's message from what people write: a mark of its own, and when it was sent.

A text alone tells nothing: anybody may write it, or find a check's message somewhere and repeat it.
So a check's text ends in 32 hexadecimal digits: when it was made, which run of checks made it, and
what nobody can guess. It is a check's only when it was sent at that time. `content/text.js` reads
the same.
"""

from __future__ import annotations

import re
import secrets
import time
from datetime import datetime

CHECK_TEXT = re.compile(
    r"A check is running: [^()\n]{1,200} \((?P<at>[0-9a-f]{8})(?P<run>[0-9a-f]{8})[0-9a-f]{16}\)\."
)
SENT_WITHIN_S = 120.0
"""The message is sent at once; but a function may start slowly, and two clocks may differ."""


def new_run() -> str:
    """What the marks of one run of checks have in common."""
    return secrets.token_hex(4)


def check_text(what: str, run: str) -> str:
    """The text of a check's message, to be sent now; no two are the same."""
    mark = f"{int(time.time()):08x}{run}{secrets.token_hex(8)}"
    return f"A check is running: {what} ({mark})."


def run_of(text: str, sent_at: str) -> str:
    """Which run of checks has sent a message; empty when it was no check.

    Args:
        text: Of the message.
        sent_at: When it was sent, in ISO 8601; empty for just now.
    """
    found = CHECK_TEXT.fullmatch(text)
    if found is None:
        return ""
    try:
        at = datetime.fromisoformat(sent_at).timestamp() if sent_at else time.time()
    except (ValueError, OverflowError, OSError):
        return ""
    if abs(at - int(found["at"], 16)) > SENT_WITHIN_S:
        return ""
    return found["run"]
