"""Byte ranges: `Range: bytes=0-99`, `bytes=100-`, and on websites also `bytes=-100`.

Follows RFC 9110 §14.1.2 and, for the blob service, Microsoft's page "Specifying the range header".
"""

from __future__ import annotations

import re

RANGE = re.compile(r"bytes=(\d{0,19})-(\d{0,19})$")


def parse(text: str, size: int, *, suffix: bool = False) -> tuple[int, int] | None:
    """Find the part of a content that a range header names.

    Args:
        text: The header's value.
        size: Length of the content in bytes.
        suffix: Understand `bytes=-N`, the last N bytes, too. The blob service does not.

    Returns:
        First byte and length; None when the text is no range this service understands. Then the
        whole content is sent (RFC 9110 §14.2: a server may ignore Range).

    Raises:
        IndexError: No byte of the content is inside: 416 (RFC 9110 §15.5.17).
    """
    found = RANGE.match(text.strip())
    if found is None:
        return None
    first, last = found.groups()
    if not first:
        if not last or not suffix:
            return None
        return _suffix(int(last), size)
    start = int(first)
    if last and int(last) < start:
        return None
    if start >= size:
        raise IndexError(start)
    end = size - 1
    if last:
        end = min(int(last), end)
    return start, end - start + 1


def _suffix(length: int, size: int) -> tuple[int, int]:
    if not length or not size:
        raise IndexError(length)
    length = min(length, size)
    return size - length, length
