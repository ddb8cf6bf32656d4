"""Where a sign-in or sign-out may send the browser: this app, or what its owner has allowed."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import unquote

from chatkit.localcloud.core.web import parts_of


def is_allowed(target: str, *, own_origin: str, allowed: Iterable[str]) -> bool:
    """Decide whether a redirect target is safe.

    Args:
        target: What the request asked for.
        own_origin: Scheme, host and port of this app.
        allowed: The site's allowedExternalRedirectUrls; each allows itself and what lies below its
            path, whatever the query.
    """
    if not target or any(ord(char) <= 32 or char in "\\\x7f" for char in target):
        return False
    if target.startswith("/"):
        return not target.startswith("//") and not unquote(target).startswith(("//", "/\\"))
    parts = parts_of(target)
    if parts is None or not parts.scheme or not parts.netloc or "@" in parts.netloc:
        return False
    origin = f"{parts.scheme}://{parts.netloc}".lower()
    return origin == own_origin.lower() or any(_covers(url, origin, parts.path) for url in allowed)


def _covers(allowed: str, origin: str, path: str) -> bool:
    parts = parts_of(allowed)
    if parts is None or f"{parts.scheme}://{parts.netloc}".lower() != origin:
        return False
    decoded = unquote(path)
    if ".." in decoded.split("/"):
        return False
    prefix = parts.path.rstrip("/")
    return not prefix or decoded == prefix or decoded.startswith(prefix + "/")
