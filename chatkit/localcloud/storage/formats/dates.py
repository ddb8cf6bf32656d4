"""Times and ETags as Blob storage writes them."""

from __future__ import annotations

from datetime import UTC, datetime

from chatkit.core.time import clock
from chatkit.localcloud.core.etags import new_ticks


def now() -> float:
    """Unix time in seconds."""
    return clock.wall()


def iso(at: float) -> str:
    """ISO 8601 with seven digits, for example "2026-11-23T18:00:00.1234567Z"."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f0Z")


def parse_iso(text: str) -> float | None:
    """Unix time of an ISO 8601 date or time, UTC by default; None for another text."""
    try:
        found = datetime.fromisoformat(text)
        if found.tzinfo is None:
            found = found.replace(tzinfo=UTC)
        return found.timestamp()
    except (ValueError, OverflowError):
        return None


def new_etag() -> str:
    """An ETag that no other change has: quoted, .NET ticks as hexadecimal digits."""
    return f'"0x{new_ticks():X}"'
