"""What texts have in common that look alike."""

from __future__ import annotations

import re
import unicodedata

# What nobody sees though it is no control: fillers, selectors of variants, the empty braille cell.
UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\U000e0100-\U000e01ef]"
)
# Letters and digits, folded, that look like a Latin one in a font of screens.
ALIKE = str.maketrans(
    "авеёкмнорстухіјѕһԁԛԝαβεηικμνορτυχωıl|01",
    "abeekmhopctyxijshdqwabehikmnoptyxwiiioi",
)


def folded(name: str) -> str:
    """A name without what two names that look alike may differ in."""
    alike = unicodedata.normalize("NFKC", name).casefold()
    return "".join(unicodedata.normalize("NFKC", alike).split()).translate(ALIKE)


def folded_words(text: str) -> str:
    """A text as words are looked for in it: without case, accents, and what nobody sees.

    Words stay apart: what is between them becomes one space.
    """
    seen = UNSEEN.sub("", unicodedata.normalize("NFKC", text))
    # Joiners, directions and soft hyphens hide in words; tabs and line breaks part them.
    shown = "".join(char for char in seen if unicodedata.category(char) != "Cf")
    apart = unicodedata.normalize("NFKD", shown.casefold())
    base = "".join(char for char in apart if not unicodedata.combining(char))
    return " ".join(unicodedata.normalize("NFC", base).translate(ALIKE).split())
