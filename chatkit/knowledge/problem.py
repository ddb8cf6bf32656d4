"""What a known problem is: its name, cause and fix, and the words by which it is recognised."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

SPACES = re.compile(r"\s+")
QUOTES = str.maketrans("‘’‚“”„`´", "'''\"\"\"''")
LEARN = "https://learn.microsoft.com/azure"
MANAGER = f"{LEARN}/azure-resource-manager"
LONGEST = 20_000
"""Characters of a pasted text that are read: its beginning and its end."""


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing that goes wrong for learners.

    Attributes:
        key: Its name among the kit's own files; nobody else sees it.
        title: What one sees, in a few words.
        cause: Why, in a sentence.
        fix: What to do, in a sentence.
        links: Where people met it, or where it is documented: "owner/name#number" for a thread on
            GitHub, or an address.
        codes: Error codes of Azure's services that are this problem and nothing else.
        says: Patterns of sentences that only this problem prints. Case and white space do not
            matter.
        may_say: Patterns of what this problem prints as well as others do. They count where no
            sentence of the first kind stands.
    """

    key: str
    title: str
    cause: str
    fix: str
    links: tuple[str, ...]
    codes: tuple[str, ...] = ()
    says: tuple[str, ...] = ()
    may_say: tuple[str, ...] = ()

    @property
    def remedy(self) -> str:
        """Cause and fix, as a note under an error has them."""
        return f"{self.cause} {self.fix}"

    @property
    def addresses(self) -> list[str]:
        """The links as addresses.

        GitHub leads from an issue's address to a pull request by itself.
        """
        return [link if link.startswith("https://") else _thread(link) for link in self.links]

    @property
    def patterns(self) -> tuple[str, ...]:
        """Everything that is searched for, codes included."""
        return (*self._said, *self.may_say)

    @property
    def _said(self) -> tuple[str, ...]:
        return (*(rf"\b{code}\b" for code in self.codes), *self.says)

    @cached_property
    def _certain(self) -> tuple[re.Pattern[str], ...]:
        return tuple(re.compile(pattern, re.IGNORECASE) for pattern in self._said)

    @cached_property
    def _possible(self) -> tuple[re.Pattern[str], ...]:
        return tuple(re.compile(pattern, re.IGNORECASE) for pattern in self.may_say)

    def is_said_by(self, text: str) -> bool:
        """Whether a text, `plain` already, has a sentence that only this problem prints."""
        return any(pattern.search(text) for pattern in self._certain)

    def may_be_said_by(self, text: str) -> bool:
        """Whether a text, `plain` already, has words that this problem prints as others do."""
        return any(pattern.search(text) for pattern in self._possible)


def plain(text: str) -> str:
    """A pasted text with single spaces and straight quotation marks, and no longer than anybody
    reads: of a long log the beginning and the end, where the error stands.
    """
    if len(text) > LONGEST:
        text = f"{text[: LONGEST // 2]} {text[-(LONGEST // 2 - 1) :]}"
    return SPACES.sub(" ", text.translate(QUOTES)).strip()


def _thread(link: str) -> str:
    return f"https://github.com/{link.replace('#', '/issues/')}"
