"""What a known problem is: its name, cause and fix, and the two ways to notice it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chatkit.lesson.doctor.snapshot.snapshot import Snapshot

Probe = Callable[["Snapshot"], str]
SPACES = re.compile(r"\s+")
QUOTES = str.maketrans("‘’‚“”„`´", "'''\"\"\"''")


@dataclass(frozen=True)
class Problem:
    """One thing that goes wrong for learners.

    Attributes:
        number: As in docs/problems.md.
        title: What one sees, in a few words.
        cause: Why, in a sentence.
        fix: What to do, in a sentence.
        links: Threads on GitHub where people met it: "owner/name#number".
        symptoms: Patterns of what a browser, a tool or a log says. Case and white space do not
            matter.
        probe: Looks at what the learner has; returns what it saw there, empty when all is well.
        confirm: The same, asked only after a symptom was given: what it looks for is no fault by
            itself.
    """

    number: int
    title: str
    cause: str
    fix: str
    links: tuple[str, ...]
    symptoms: tuple[str, ...] = ()
    probe: Probe | None = None
    confirm: Probe | None = None

    @cached_property
    def _patterns(self) -> tuple[re.Pattern[str], ...]:
        return tuple(re.compile(text, re.IGNORECASE) for text in self.symptoms)

    def sounds_like(self, symptom: str) -> bool:
        """Whether a text, `plain` already, is what one sees of this problem."""
        return any(pattern.search(symptom) for pattern in self._patterns)

    @property
    def addresses(self) -> list[str]:
        """The links as addresses.

        GitHub leads from an issue's address to a pull request by itself.
        """
        return [f"https://github.com/{link.replace('#', '/issues/')}" for link in self.links]


def plain(text: str) -> str:
    """A pasted text with single spaces and straight quotation marks, and no longer than anybody
    reads.
    """
    return SPACES.sub(" ", text[:20_000].translate(QUOTES)).strip()
