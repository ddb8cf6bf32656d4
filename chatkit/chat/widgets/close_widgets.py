"""Taking widgets away, with all that belongs to them."""

from __future__ import annotations

import ipywidgets


def take_away(widget: ipywidgets.Widget) -> None:
    """Close a widget, those in it, and what only holds their looks; they vanish from every cell that shows them."""
    for child in getattr(widget, "children", ()):
        take_away(child)
    for looks in ("style", "layout"):
        if hasattr(widget, looks):
            getattr(widget, looks).close()
    widget.close()
