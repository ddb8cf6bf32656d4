"""A long, growing list as a few HTML widgets, so that a new row draws the newest few rows only.

One HTML widget for all rows would send all of them again with every new one, and the reader's place
in the list would be lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import groupby
from typing import Generic, TypeVar

import ipywidgets

T = TypeVar("T")
ROWS = 25
BLOCKS = 8


class Blocks(Generic[T]):
    """The newest rows of a list, at least `ROWS * (BLOCKS - 1)` of them.

    It stays at its newest end by itself.

    Args:
        draw: Makes the html of some neighbouring rows; told whether they are the newest. May be
            called with none.
        height: Of the list, as CSS.
        grows: A short list takes less than that.
    """

    def __init__(
        self,
        draw: Callable[[tuple[T, ...], bool], str],
        *,
        height: str = "220px",
        grows: bool = False,
    ) -> None:
        self._draw = draw
        self._drawn: dict[int, tuple[tuple[T, ...], bool]] = {}
        # Layout and style are widgets, too: all blocks share one of each.
        layout = ipywidgets.Layout(flex="0 0 auto", margin="0")
        first = ipywidgets.HTML(layout=layout)
        others = [ipywidgets.HTML(layout=layout, style=first.style) for _ in range(BLOCKS - 1)]
        self._pool = [first, *others]
        limit = "max_height" if grows else "height"
        frame = {
            limit: height,
            "overflow": "auto",
            "border": "1px solid #8888",
            "padding": "6px",
        }
        self.widget = ipywidgets.VBox(
            self._pool, layout=ipywidgets.Layout(flex_flow="column-reverse", **frame)
        )
        self.paint(())

    def paint(self, rows: Iterable[tuple[int, T]]) -> None:
        """Show rows, each with its number; numbers grow, gaps are fine.

        Rows that are far behind the last are left out.
        """
        groups = {
            key: tuple(row for _, row in group)
            for key, group in groupby(rows, key=lambda numbered: numbered[0] // ROWS)
        }
        newest = max(groups, default=0)
        for key in range(newest - BLOCKS + 1, newest + 1):
            self._show(key, groups.get(key, ()), key == newest)
        children = tuple(self._pool[key % BLOCKS] for key in range(newest, newest - BLOCKS, -1))
        if children != self.widget.children:
            self.widget.children = children

    def _show(self, key: int, rows: tuple[T, ...], is_newest: bool) -> None:
        slot = key % BLOCKS
        if self._drawn.get(slot) != (rows, is_newest):
            self._drawn[slot] = (rows, is_newest)
            self._pool[slot].value = self._draw(rows, is_newest)


def window(count: int) -> int:
    """The first row worth handing to `Blocks.paint`, of `count` rows numbered from 0."""
    return max(0, ((count - 1) // ROWS - BLOCKS + 1) * ROWS)
