"""What a widget leaves behind in a notebook: its last state as HTML, for a reader without a kernel.

A stored notebook names a widget, and JupyterLab has nothing to show for it when the kernel is gone.
So a cell gets two outputs: the widget, and below it the last state, which follows what happens by
its display id. Lab shows one of the two: a rule in the second hides it as long as the first is
there, and the first when the widget is not. Where a front end leaves that rule out, as GitHub does,
the widget shows its name.
"""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import ipywidgets

from chatkit.chat.client.background_loop import BackgroundLoop
from chatkit.chat.widgets.foreign_text import escape
from chatkit.chat.widgets.painter import Painter
from chatkit.core.results import ipython_shell

EVERY_S = 1.0
SHOWN_IN = 4
"""A cell that is run again leaves its output behind; only the newest few are kept up to date."""
LIVE = "chatkit-live"
LAST = "chatkit-last"
CHILD = ".jp-OutputArea-child"
# The second class is Jupyter's, for a widget whose kernel has gone.
IN_USE = f":has(.{LIVE}:not(.jupyter-widgets-disconnected))"
RULE = (
    f"<style>{CHILD}{IN_USE}+{CHILD}:has(.{LAST}),"
    f"{CHILD}:has(+{CHILD} .{LAST}):not({IN_USE}){{display:none}}</style>"
)


@dataclass(frozen=True)
class State:
    """What there is to see, in two forms."""

    html: str
    text: str

    def bundle(self) -> dict[str, str]:
        """As the data of an output."""
        return {
            "text/html": f'<div class="{LAST}">{RULE}{self.html}</div>',
            "text/plain": self.text,
        }


class LastState:
    """Shows a widget in a cell, and keeps what stays of it up to date.

    Args:
        background: Where changes come from.
        widget: What is shown while the kernel lives.
        name: Of the widget, in its place where there are no widgets.
        draw: What there is to see now.
    """

    def __init__(
        self,
        background: BackgroundLoop,
        widget: ipywidgets.DOMWidget,
        *,
        name: str,
        draw: Callable[[], State],
    ) -> None:
        self._background = background
        self._widget = widget
        self._name = name
        self._draw = draw
        self._painter = Painter(background, self._publish, every_s=EVERY_S)
        self._display_ids: deque[str] = deque(maxlen=SHOWN_IN)
        self._stored = ""
        self._is_closed = False
        widget.add_class(LIVE)

    def show(self) -> None:
        """Put both outputs into the cell that runs."""
        shell = ipython_shell()
        if shell is None:
            print(self._draw().text)
            return
        if not self._display_ids and not self._is_closed:
            shell.events.register("post_run_cell", self._after_cell)
        if not self._is_closed:
            name = {"text/html": f"<i>{escape(self._name)}</i>", "text/plain": self._name}
            view = self._widget._repr_mimebundle_()
            _send(shell, {**view, **name}, secrets.token_hex(8))
        self._display_ids.append(secrets.token_hex(8))
        state = self._draw()
        self._stored = state.html
        _send(shell, state.bundle(), self._display_ids[-1])

    def changed(self) -> None:
        """Something has happened. For the background loop only."""
        if self._display_ids:
            self._painter.soon()

    def close(self) -> None:
        """Leave the last state behind; nothing follows. For any thread."""
        self._background.call_soon(self._painter.stop)
        shell = ipython_shell()
        if self._display_ids and shell is not None:
            self._publish()
            shell.events.unregister("post_run_cell", self._after_cell)
        self._display_ids.clear()
        self._is_closed = True

    def _after_cell(self, *_result: object) -> None:
        # A program that runs notebooks looks only while a cell runs: what came between two of them
        # it may not have seen.
        state = self._draw()
        if state.html != self._stored:
            self._stored = state.html
            self._update(state)

    def _publish(self) -> None:
        self._update(self._draw())

    def _update(self, state: State) -> None:
        shell = ipython_shell()
        if shell is None:
            return
        for display_id in tuple(self._display_ids):
            _send(shell, state.bundle(), display_id, update=True)


def _send(shell: Any, bundle: Mapping[str, Any], display_id: str, *, update: bool = False) -> None:
    shell.display_pub.publish(dict(bundle), {}, transient={"display_id": display_id}, update=update)
