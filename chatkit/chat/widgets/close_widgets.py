"""Closing widgets, with all that belongs to them."""

from __future__ import annotations

import ipywidgets


def close_widgets(widget: ipywidgets.Widget) -> None:
    """Close a widget and those in it; they vanish from every cell that shows them."""
    for child in getattr(widget, "children", ()):
        close_widgets(child)
    # These are widgets, too, and stay in the front end when nobody closes them.
    for part in ("style", "layout"):
        if hasattr(widget, part):
            getattr(widget, part).close()
    widget.close()
