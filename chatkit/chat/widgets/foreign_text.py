"""Foreign texts in a widget: no text becomes markup, or changes the direction of its neighbours.

In html a text goes through `escape` and stands in a `bdi`. Where no markup is possible (labels,
placeholders), `visible` spells out controls.
"""

from __future__ import annotations

from chatkit.core.results import escape as escaped
from chatkit.core.text.controls import visible, without_halves

__all__ = ["NO_TEX", "escape", "visible"]
# Lab and the classic notebook typeset what looks like TeX in stored html; people write "$5 to $10".
NO_TEX = "mathjax_ignore tex2jax_ignore"


def escape(value: object) -> str:
    """Make any foreign text safe inside html.

    Half a character, which no front end can be sent, becomes a mark.
    """
    return escaped(without_halves(str(value)))
