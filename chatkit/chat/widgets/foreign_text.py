"""Foreign texts in a widget: no text becomes markup, or changes the direction of its neighbours.

In html a text goes through `escape` and stands in a `bdi`. Where no markup is possible (labels,
placeholders), `visible` spells out controls.
"""

from __future__ import annotations

import re

from chatkit.core.results import escape as escaped

# Lab and the classic notebook typeset what looks like TeX in stored html; people write "$5 to $10".
NO_TEX = "mathjax_ignore tex2jax_ignore"
UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
HALF = re.compile("[\ud800-\udfff]")


def escape(value: object) -> str:
    """Make any foreign text safe inside html.

    Half a character, which no front end can be sent, becomes a mark.
    """
    return escaped(HALF.sub("\ufffd", str(value)))


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

    return HALF.sub("\ufffd", UNSEEN.sub(spelled, text))
