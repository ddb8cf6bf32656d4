"""What the doctor says: one finding for each thing it looked at."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One thing the doctor looked at.

    Attributes:
        what: The thing, in a few words.
        ok: Whether the workshop can go on; None when that cannot be known.
        found: What is there.
        hint: What to do when it is not ok; empty otherwise.
        problem: Key of the known problem that it is, where it is one.
    """

    what: str
    ok: bool | None
    found: str
    hint: str = ""
    problem: str = ""

    @classmethod
    def judge(cls, what: str, ok: bool, found: str, *, else_do: str, problem: str = "") -> Finding:
        """Make a finding whose hint is needed only where the thing is not ok."""
        if ok:
            return cls(what, True, found)
        return cls(what, False, found, else_do, problem)
