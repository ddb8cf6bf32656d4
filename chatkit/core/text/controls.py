"""Foreign texts where no markup is possible: labels, terminals, sentences of an error.

No text takes over the terminal, or changes the direction of its neighbours.
"""

from __future__ import annotations

import re

UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
HALF = re.compile("[\ud800-\udfff]")
MARK = "\ufffd"


def visible(text: str, *, keep: str = "") -> str:
    """A text for a place that takes no markup.

    Controls, and what would turn it around, are spelled out as `\\u202e`.

    Args:
        text: Anything.
        keep: Controls that may stay, for example a line feed.
    """

    def spelled(found: re.Match[str]) -> str:
        if found[0] in keep:
            return found[0]
        return f"\\u{ord(found[0]):04x}"

    return without_halves(UNSEEN.sub(spelled, text))


def without_halves(text: str) -> str:
    """Half a character, which no front end can be sent, becomes a mark."""
    return HALF.sub(MARK, text)
