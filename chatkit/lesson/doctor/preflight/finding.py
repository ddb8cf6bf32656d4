"""What the doctor says: one finding for each thing it looked at."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One thing the doctor looked at.

    Attributes:
        what: The thing, in a few words.
        ok: Whether the workshop can go on.
        found: What is there.
        hint: What to do when it is not ok; empty otherwise.
    """

    what: str
    ok: bool
    found: str
    hint: str = ""

    @classmethod
    def judge(cls, what: str, ok: bool, found: str, *, else_do: str) -> Finding:
        """Make a finding whose hint is needed only where the thing is not ok."""
        if ok:
            return cls(what, True, found)
        return cls(what, False, found, else_do)
