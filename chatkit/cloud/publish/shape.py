"""What one kind of secret looks like, and whether a text is such a secret."""

from __future__ import annotations

import re
from dataclasses import dataclass

from chatkit.cloud.publish.placeholders import is_name, is_part, is_pattern, is_placeholder

VALUE = "value"
"""Group of an expression: a value that may be a placeholder."""
PLAIN = "plain"
"""The same, without quotes: it may be a part of an object of the program, too."""
BARE = "bare"
"""The same: it may be any name of the program, too."""
RANDOM = "random"
"""The same: a word is no secret there, only letters with digits are."""
STRONG = "strong"
"""The same: paths and patterns may stand there, too, so that it has both cases and digits."""
SAME_BYTES = 8
AROUND_BYTES = 240
"""How much of a connection string is looked at, on both sides of its password."""


@dataclass(frozen=True)
class Shape:
    """How one kind of secret looks.

    Attributes:
        what: What it is.
        marks: Texts in lower case, one of which is in every such secret. Looking for them is fast,
            and most files have none.
        expressions: The secret itself, in each of its forms. One begins where a run of its
            characters begins, so that its work grows with the file's size.
        context: What has to stand near it; None when the secret is one by itself.
        before: What has to stand right before it.
    """

    what: str
    marks: tuple[bytes, ...]
    expressions: tuple[re.Pattern[bytes], ...]
    context: re.Pattern[bytes] | None = None
    before: re.Pattern[bytes] | None = None

    def find(self, text: bytes) -> int | None:
        """Where the first secret of this kind begins."""
        places = [
            place for one in self.expressions if (place := self._first(one, text)) is not None
        ]
        return min(places, default=None)

    def _first(self, expression: re.Pattern[bytes], text: bytes) -> int | None:
        for match in expression.finditer(text):
            if self._is_secret(match) and self._fits(text, match):
                return match.start()
        return None

    def _is_secret(self, match: re.Match[bytes]) -> bool:
        if len({*match[0][-SAME_BYTES:]}) == 1:  # sk-xxxxxxxx
            return False
        for group, found in match.groupdict().items():
            if found is None:
                continue
            value = found.decode(errors="replace")
            if is_placeholder(value):
                return False
            if group != VALUE and is_part(value):
                return False
            if group in (BARE, RANDOM, STRONG) and (is_name(value) or not _is_mixed(value)):
                return False
            if group == STRONG and (is_pattern(value) or value.lower() == value):
                return False
        return True

    def _fits(self, text: bytes, match: re.Match[bytes]) -> bool:
        begin = max(0, match.start() - AROUND_BYTES)
        if self.before is not None and self.before.search(text, begin, match.start()) is None:
            return False
        end = match.end() + AROUND_BYTES
        return self.context is None or self.context.search(text, begin, end) is not None


def _is_mixed(value: str) -> bool:
    return any(char.isdigit() for char in value) and any(char.isalpha() for char in value)
