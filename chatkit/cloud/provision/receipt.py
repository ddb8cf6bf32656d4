"""One line of a clean-up receipt."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Item:
    """One thing that should be gone.

    Attributes:
        what: The thing, without its name.
        proof: What was asked afterwards, and the answer.
        gone: Whether the answer proves it.
    """

    what: str
    proof: str
    gone: bool
