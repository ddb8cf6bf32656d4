"""Times and ETags as Blob storage writes them."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from email.utils import formatdate, parsedate_to_datetime
from functools import lru_cache

TICKS_AT_1970 = 621_355_968_000_000_000
TICKS_PER_S = 10_000_000
_last_ticks = 0


def now() -> float:
    """Unix time in seconds."""
    return time.time()


def http_date(at: float) -> str:
    """RFC 1123, for example "Mon, 23 Nov 2026 18:00:00 GMT"."""
    return _http_date(int(at))


@lru_cache(maxsize=4096)
def _http_date(second: int) -> str:
    return formatdate(second, usegmt=True)


def iso(at: float) -> str:
    """ISO 8601 with seven digits, for example "2026-11-23T18:00:00.1234567Z"."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f0Z")


def parse_http_date(text: str) -> float | None:
    """Unix time of an HTTP date, or None when it is none."""
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None


def parse_iso(text: str) -> float | None:
    """Unix time of an ISO 8601 date or time (UTC unless it says otherwise), or None when it is none."""
    try:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def new_etag() -> str:
    """An ETag that no other change has, in Azure's form: quoted, the time in .NET ticks as hexadecimal digits."""
    global _last_ticks
    _last_ticks = max(_last_ticks + 1, TICKS_AT_1970 + int(time.time() * TICKS_PER_S))
    return f'"0x{_last_ticks:X}"'
