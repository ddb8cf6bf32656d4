"""How a phone gets in without a camera."""

from __future__ import annotations


def short(address: str) -> str:
    """What people type into a browser: it adds the rest itself."""
    return address.removeprefix("http://").removesuffix("/")
