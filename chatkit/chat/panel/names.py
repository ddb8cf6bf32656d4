"""What to call people so that nobody is taken for somebody else.

`labels` and `shortName` of the page (content/text.js) do the same: page and panel agree.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from difflib import SequenceMatcher

SHORT = 4
SPACES = re.compile(r"\s+")


def labels(names: Mapping[str, str]) -> dict[str, str]:
    """Each person's name, with the beginning of the id where two names look the same.

    Args:
        names: Id to name.
    """
    alike: dict[str, list[str]] = defaultdict(list)
    for key, name in names.items():
        alike[_look(name)].append(key)
    found = dict(names)
    for keys in alike.values():
        if len(keys) > 1:
            length = _enough(keys)
            found |= {key: f"{names[key]} ({key[:length]})" for key in keys}
    return found


def short(name: str, mine: str) -> str:
    """A sign-in name as colleagues say it: without a domain that is mine, too."""
    user, at, domain = name.rpartition("@")
    return user if user and mine.endswith(f"{at}{domain}") else name


def unknown(key: str) -> str:
    """What to call somebody of whom only the id is known, which anybody may have made up."""
    return f"somebody not seen here ({key[:SHORT]})"


def nearest_first(wanted: str, labels: Sequence[str]) -> list[str]:
    """Names in the order in which somebody may have meant them."""
    return sorted(labels, key=lambda label: -_likeness(wanted, label))


def _likeness(wanted: str, label: str) -> float:
    return SequenceMatcher(None, wanted.lower(), label.lower()).ratio()


def _look(name: str) -> str:
    """How a name looks to a fast reader; what is in brackets behind it does not count."""
    text = unicodedata.normalize("NFKC", name)
    text = "".join(letter for letter in text if unicodedata.category(letter) != "Cf")
    text = SPACES.sub(" ", text).strip().lower()
    while text.endswith(")") and "(" in text:
        text = text[: text.rindex("(")].rstrip()
    return text


def _enough(keys: Collection[str]) -> int:
    """How many characters tell some ids apart."""
    length = SHORT
    while len({key[:length] for key in keys}) < len(keys):
        length += 1
    return length
