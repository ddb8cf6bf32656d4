"""ETags, dates, and the conditions that requests make of them.

Follows RFC 9110 §5.6.7, §8.8 and §13.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import formatdate, parsedate_to_datetime
from functools import lru_cache

IF_MATCH = "if-match"
IF_NONE_MATCH = "if-none-match"
IF_MODIFIED_SINCE = "if-modified-since"
IF_UNMODIFIED_SINCE = "if-unmodified-since"
# A read that fails one of these is answered 304; every other failure is 412 (RFC 9110 §13.2.2).
NOT_MODIFIED = (IF_NONE_MATCH, IF_MODIFIED_SINCE)
TICKS_AT_1970 = 621_355_968_000_000_000
NS_PER_TICK = 100
_last_ticks = 0


class InvalidDate(ValueError):
    """A date condition that is no date, of a service that refuses it.

    Attributes:
        header: The condition's header, without its prefix.
        text: Its value.
    """

    def __init__(self, header: str, text: str) -> None:
        super().__init__(f"{header}: {text}")
        self.header = header
        self.text = text


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """The conditions of one request; an empty text is a condition that the request does not make.

    Attributes:
        bare_tags: Compare tags by their text alone, without W/ and quotes, also for If-Match.
        strict_dates: Refuse what is no date. RFC 9110 §13.1.3 and §13.1.4 ignore it.
    """

    if_match: str = ""
    if_none_match: str = ""
    if_modified_since: str = ""
    if_unmodified_since: str = ""
    bare_tags: bool = False
    strict_dates: bool = False

    @classmethod
    def read(
        cls,
        headers: Mapping[str, str],
        *,
        prefix: str = "",
        bare_tags: bool = False,
        strict_dates: bool = False,
    ) -> Conditions:
        """Take the conditions out of headers.

        Args:
            headers: By lower-case name, or in any case.
            prefix: What stands before the four names, for conditions on something else than the
                request's target.
            bare_tags: As the attribute.
            strict_dates: As the attribute.
        """
        return cls(
            if_match=headers.get(prefix + IF_MATCH, ""),
            if_none_match=headers.get(prefix + IF_NONE_MATCH, ""),
            if_modified_since=headers.get(prefix + IF_MODIFIED_SINCE, ""),
            if_unmodified_since=headers.get(prefix + IF_UNMODIFIED_SINCE, ""),
            bare_tags=bare_tags,
            strict_dates=strict_dates,
        )

    def unmet(self, etag: str | None, modified: float = 0.0) -> str:
        """Return the header of the first condition that does not hold; empty when all of them hold.

        The order is that of RFC 9110 §13.2.2: an ETag condition makes the date condition of its
        kind void.

        Args:
            etag: The stored version's tag, with its quotes; None when nothing is stored.
            modified: When that version was stored, Unix time.

        Raises:
            InvalidDate: With `strict_dates`, for a condition that counts and is no date.
        """
        if self.if_match:
            if etag is None or not self._names(self.if_match, etag, weak=False):
                return IF_MATCH
        elif self._changed_since(IF_UNMODIFIED_SINCE, self.if_unmodified_since, modified) is True:
            return IF_UNMODIFIED_SINCE
        if self.if_none_match:
            if etag is not None and self._names(self.if_none_match, etag, weak=True):
                return IF_NONE_MATCH
        elif self._changed_since(IF_MODIFIED_SINCE, self.if_modified_since, modified) is False:
            return IF_MODIFIED_SINCE
        return ""

    def _names(self, listed: str, etag: str, *, weak: bool) -> bool:
        """Say whether a list of tags, or `*`, names a version.

        RFC 9110 §13.1.1 compares If-Match strongly and §13.1.2 If-None-Match weakly. No tag made
        here holds a comma.
        """
        tags = [tag.strip() for tag in listed.split(",")]
        if "*" in tags:
            return True
        if weak or self.bare_tags:
            tags = [tag.removeprefix("W/") for tag in tags]
        if self.bare_tags:
            return etag.strip('"') in [tag.strip('"') for tag in tags]
        return etag in tags

    def _changed_since(self, header: str, text: str, modified: float) -> bool | None:
        """Say whether a version is newer than a date; None for a condition not made, or void."""
        if not text:
            return None
        date = parse_http_date(text)
        if date is None:
            if self.strict_dates:
                raise InvalidDate(header, text)
            return None
        # An HTTP date has whole seconds (RFC 9110 §5.6.7), so Last-Modified was cut off as well.
        return int(modified) > date


def new_ticks() -> int:
    """The time in .NET ticks, which Azure makes ETags of. No two calls return the same."""
    global _last_ticks
    _last_ticks = max(_last_ticks + 1, TICKS_AT_1970 + time.time_ns() // NS_PER_TICK)
    return _last_ticks


def http_date(at: float) -> str:
    """Unix time as an HTTP date, for example "Mon, 23 Nov 2026 18:00:00 GMT"."""
    return _http_date(int(at))


@lru_cache(maxsize=4096)
def _http_date(second: int) -> str:
    return formatdate(second, usegmt=True)


def parse_http_date(text: str) -> float | None:
    """Unix time of an HTTP date, or None for another text."""
    try:
        found = parsedate_to_datetime(text)
        if found.tzinfo is None:  # RFC 9110 §5.6.7: whatever the form, the time is UTC
            found = found.replace(tzinfo=UTC)
        return found.timestamp()
    except (ValueError, TypeError, OverflowError):
        return None
