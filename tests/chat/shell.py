"""A kernel's shell, as far as widgets that leave something behind use it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Shell:
    """A kernel's shell: the outputs of its notebook, each with its display id."""

    def __init__(self) -> None:
        self.display_pub = self.events = self
        self.outputs: dict[str, dict[str, Any]] = {}
        self.after_cell: list[Callable[[], None]] = []

    def publish(
        self, data: dict[str, Any], _metadata: object, *, transient: dict[str, str], update: bool
    ) -> None:
        assert update == (transient["display_id"] in self.outputs)
        self.outputs[transient["display_id"]] = data

    def register(self, event: str, callback: Callable[[], None]) -> None:
        assert event == "post_run_cell"
        self.after_cell.append(callback)

    def unregister(self, _event: str, callback: Callable[[], None]) -> None:
        self.after_cell.remove(callback)

    def end_cell(self) -> None:
        for callback in self.after_cell:
            callback()

    def stored(self) -> list[str]:
        """What GitHub shows of each output."""
        return [data["text/html"] for data in self.outputs.values()]
