"""The events of one instance, in the local cloud's trace under `signalr/<name>`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from chatkit.core import strict_json
from chatkit.core.text import masking
from chatkit.localcloud.core.trace import CAUSE, Event, Trace

# Longer arguments are cut.
EXCERPT_CHARS = 500


class InstanceTrace:
    """Records what happens at one instance.

    Args:
        trace: Of the local cloud.
        name: The instance's name.
    """

    def __init__(self, trace: Trace, name: str) -> None:
        self._trace = trace
        self._source = f"signalr/{name}"

    def emit(self, kind: str, **detail: Any) -> None:
        """Record what happened."""
        cause = CAUSE.get()
        if cause:
            detail["cause"] = cause
        self._trace.emit(self._source, kind, **detail)

    def after(self, number: int) -> Iterator[Event]:
        """What was recorded after the event of that number."""
        for event in self._trace.after(number, source=self._source):
            if event.source == self._source:
                yield event


def excerpt(arguments: tuple[Any, ...]) -> str:
    """A message's arguments as the trace keeps them."""
    try:
        text = strict_json.dumps(arguments).decode()
    except (TypeError, ValueError):
        text = repr(arguments)
    return masking.excerpt(text, EXCERPT_CHARS)
