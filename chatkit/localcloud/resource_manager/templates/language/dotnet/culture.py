"""How .NET orders strings in its invariant culture: by letters first, then accents, then case.

Microsoft's page "Comparison functions" says that 'A' is greater than 'a', which no order by code
points gives. Marks before digits before letters, without the finer rules of Unicode's collation.
"""

from __future__ import annotations

import unicodedata
from typing import TypeAlias

SortKey: TypeAlias = "tuple[list[tuple[int, str]], str, list[bool], str]"


def sort_key(text: str) -> SortKey:
    """What two strings are ordered by; a small letter comes before the same as a capital one."""
    plain = text
    if not text.isascii():
        decomposed = unicodedata.normalize("NFD", text)
        plain = "".join(one for one in decomposed if not unicodedata.combining(one))
    letters = [(_rank(one), one.lower()) for one in plain]
    return letters, text.lower(), [one.isupper() for one in text], text


def _rank(character: str) -> int:
    if character.isalpha():
        return 2
    return int(character.isnumeric())
