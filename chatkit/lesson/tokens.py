"""Reading a token in a cell: its claims, and what its times mean."""

from __future__ import annotations

import time
from typing import Any

import jwt

TIMES = ("iat", "nbf", "exp")


class Claims(dict[str, Any]):
    """The claims of a token; times are shown relative to now, so that they say something."""

    def __repr__(self) -> str:
        width = max((len(name) for name in self), default=0)
        return "\n".join(f"{name:<{width}}  {self.describe(name)}" for name in sorted(self))

    def only(self, *names: str) -> Claims:
        """Some of the claims."""
        return Claims({name: self[name] for name in names if name in self})

    def describe(self, name: str) -> str:
        """A claim for people: a time as minutes from now."""
        if name not in TIMES:
            return str(self[name])
        minutes = round((float(self[name]) - time.time()) / 60)
        if minutes == 0:
            return "now"
        if minutes > 0:
            return f"in {minutes} minutes"
        return f"{-minutes} minutes ago"


def claims(token: str) -> Claims:
    """The claims of a token.

    Anybody can read them; only the holder of the key can change them, so nothing is verified here.
    """
    try:
        return Claims(jwt.decode(token, options={"verify_signature": False}))
    except jwt.InvalidTokenError:
        return Claims()
