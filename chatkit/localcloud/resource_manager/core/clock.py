"""Azure's way to write a time."""

from __future__ import annotations

from datetime import UTC, datetime

from chatkit.core.time import clock


def iso(seconds: float | None = None) -> str:
    """Azure's time format with seven digits: 2026-04-09T19:18:12.7866667Z."""
    moment = datetime.fromtimestamp(clock.wall() if seconds is None else seconds, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f") + "7Z"
