"""The presenter's list of words: whether a text has one of them.

A word is found as a whole word, whatever its case, accents, width and look-alike letters, and also
when its letters are spelled out one by one, alone or between others. Where a script has no spaces
between words, it is found anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from chatkit.localcloud.stage.moderation.folding import TURNED, folded_words

MAX_WORDS = 500
MAX_WORD = 60
# Thai, Lao, Myanmar, Khmer; Chinese and Japanese.
NO_SPACES = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)
# "b a d", "b.a.d": at least three letters, each alone.
SPELLED = re.compile(r"(?<![^\W_])[^\W_](?:[\W_]{1,3}[^\W_]){2,}(?![^\W_])")
LEAST_SPELLED = 3
NOT_BETWEEN = re.compile(r"[\W_]+")
BAD_LIST = f"A word list is a list of at most {MAX_WORDS} texts of up to {MAX_WORD} characters."


def checked(words: object) -> tuple[str, ...]:
    """A word list as it is kept: each word once, in the order in which they were written.

    Raises:
        ValueError: It is not a word list.
    """
    if not isinstance(words, list) or len(words) > MAX_WORDS:
        raise ValueError(BAD_LIST)
    kept: dict[str, str] = {}
    for word in words:
        if not isinstance(word, str) or len(word.strip()) > MAX_WORD:
            raise ValueError(BAD_LIST)
        if folded_words(word):
            kept.setdefault(folded_words(word), word.strip())
    return (*kept.values(),)


class WordList:
    """Words that nobody may write.

    Args:
        words: As the presenter wrote them.
    """

    def __init__(self, words: Iterable[str]) -> None:
        self.words = (*words,)
        self._folded = {folded_words(word): word for word in self.words}

    def found_in(self, text: str) -> str | None:
        """The first word of the list that a text has, as the presenter wrote it."""
        if not self._folded:
            return None
        plain = folded_words(text)
        if TURNED.search(text):
            plain += f" {plain[::-1]}"
        spelled = [NOT_BETWEEN.sub("", found) for found in SPELLED.findall(plain)]
        apart = NOT_BETWEEN.sub(" ", plain)
        for word, written in self._folded.items():
            if _has(plain, word) or _has(apart, word):
                return written
            letters = NOT_BETWEEN.sub("", word)
            if len(letters) >= LEAST_SPELLED and any(letters in one for one in spelled):
                return written
        return None


def _has(text: str, word: str) -> bool:
    start = text.find(word)
    while start >= 0:
        end = start + len(word)
        if not _goes_on(text, start) and not _goes_on(text, end):
            return True
        start = text.find(word, start + 1)
    return False


def _goes_on(text: str, index: int) -> bool:
    """Whether a word goes on from before an index to behind it."""
    around = text[max(0, index - 1) : index + 1]
    if index == 0 or len(around) < 2 or NO_SPACES.search(around):
        return False
    return around.isalnum()
