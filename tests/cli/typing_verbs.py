"""What the fixture `chatkit` is, for annotations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Typed:
    """What a verb did: its exit code and what it wrote."""

    code: int
    out: str
    err: str


class Chatkit(Protocol):
    """Types `chatkit …`."""

    def __call__(self, *arguments: str) -> Typed: ...
