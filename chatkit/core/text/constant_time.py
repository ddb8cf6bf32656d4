"""Comparing secrets in a time that does not tell how much of them is right."""

from __future__ import annotations

import hmac


def is_same_secret(one: str, other: str) -> bool:
    """Whether two texts are the same; nothing is never the same as nothing.

    Any text may come: bytes of a header that are no UTF-8 stand in it as half characters.
    """
    return bool(one) and bool(other) and hmac.compare_digest(_bytes(one), _bytes(other))


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogatepass")
