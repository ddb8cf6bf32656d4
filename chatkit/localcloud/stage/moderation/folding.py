"""Folds texts that look alike into the same form."""

from __future__ import annotations

import re
import unicodedata

# What nobody sees though it is no control: fillers, selectors of variants, the empty braille cell.
UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\U00016fe4\U0001d159\U000e0100-\U000e01ef]"
)
# Signs above and below one letter: with more than four of them it covers the lines around it.
MARKS = re.compile(
    "([\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]{4})"
    "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]+"
)
# What parts words though it is a control; what hides in them, with signs that are none yet.
PARTS = "\t\n\r"
HIDING = ("Cc", "Cf", "Cn")
# From here on a text goes the other way, letter by letter.
TURNED = re.compile("[\u202d\u202e]")
# Letters and digits, folded, that look like a Latin one in a font of screens.
ALIKE = str.maketrans(
    "авеёкмнорстухіјѕһԁԛԝѵӏαβεηικμνορτυχωօոսհցյıɩɑɡl|01ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ",
    "abeekmhopctyxijshdqwviabehikmnoptyxwonuhgjiiagiioiabcdefghijkimnoprstuvwyz",
)
# Letters that no normal form makes plain: in circles and squares, and those that flags consist of.
PLAIN = {ord("ϲ"): "c", ord("Ϲ"): "c"} | {
    start + number: letter
    for start in (0x1F150, 0x1F170, 0x1F1E6)
    for number, letter in enumerate("abcdefghijklmnopqrstuvwxyz")
}
# A line through a letter is an accent that no normal form takes away.
STROKES = str.maketrans("đħłøŧƀɓɨʉ", "dhiotbbiu")


def folded(name: str) -> str:
    """A name without what two names that look alike may differ in."""
    alike = unicodedata.normalize("NFKC", UNSEEN.sub("", name).translate(PLAIN)).casefold()
    same = "".join(unicodedata.normalize("NFKC", alike).split()).translate(ALIKE)
    return same.replace("rn", "m").replace("vv", "w")


def folded_words(text: str) -> str:
    """A text as words are looked for in it: without case, accents, and what nobody sees.

    Words stay apart: what is between them becomes one space.
    """
    seen = UNSEEN.sub("", unicodedata.normalize("NFKC", text.translate(PLAIN)))
    # Joiners, directions, soft hyphens and controls hide in words; tabs and line breaks part them.
    shown = "".join(
        char for char in seen if char in PARTS or unicodedata.category(char) not in HIDING
    )
    apart = unicodedata.normalize("NFKD", shown.casefold())
    base = "".join(char for char in apart if not unicodedata.combining(char))
    return " ".join(unicodedata.normalize("NFC", base).translate(STROKES).translate(ALIKE).split())
