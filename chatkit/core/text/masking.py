"""Masks secrets in text: keys, signatures, bearer tokens, JSON web tokens.

The work grows with the length of the text, whatever a stranger writes into it: nothing here reads
the same characters again from another beginning.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from typing import Final

MASK: Final = "***"
# It begins with a set of letters, and each branch looks back at its own: `re` then skips quickly
# to where one of these letters stands, which makes it three to ten times faster.
# `++` never gives back what it has read.
SECRET = re.compile(
    r"""([AaBbCcSsTt](?:
          (?<=[Aa]) (?i:ccess_token|ccessKey|ccountKey) =
        | (?<=[Bb]) (?i:earer) \s{1,20} (?=[\w.~+/=-])
        | (?<=[Cc]) (?<!status_[Cc]) (?<!exit_[Cc]) (?i:lient_secret|ode) =
        | (?<=[Ss]) (?i:haredAccessSignature=|ig=|haredKey[ ]\w{1,64}:)
        | (?<=[Tt]) (?i:oken) =
        ))
        (?: (?<=\s) [\w.~+/=-]++ | (?<=[=:]) [^;&\s"']++ )""",
    re.VERBOSE,
)
_NAME = re.compile(
    r"""(?i: bearer \s{1,20}
           | sharedkey [ ] \w{1,64} :
           | (?: access_token | accesskey | accountkey | client_secret | (?<!status_)(?<!exit_)code
               | sharedaccesssignature | sig | token ) = )""",
    re.VERBOSE,
)
"""What stands before a secret: as in `SECRET`, also where that takes it for a part of another."""
_NAME_REACH: Final = 100  # longer than every name
TOKEN_START: Final = "eyJ"  # Base64 of `{"`
_RUN = re.compile(r"[\w-]++")
_REST = re.compile(r"(?:\.[\w-]++){2}")
# Of a token that goes on behind the end of what is looked at.
_CUT_REST = re.compile(r"(?:\.[\w-]++)?+\.?$")

PIECE_CHARACTERS: Final = 4096
# No secret goes on behind one of these, except behind the words of `_LEADING`.
SEPARATORS: Final = " \t\r\n;&\"'"
_SEPARATOR = re.compile(f"[{SEPARATORS}]")
_LEADING = re.compile(r"(?i:Bearer|SharedKey)\s{1,20}\Z")
# So many of them in a row are taken for a word without separators.
_LEADING_WORDS: Final = 3
# Longer than every beginning that says what follows it: "SharedAccessSignature=", or one of
# `_LEADING` with its spaces.
_LONGEST_NAME: Final = 32


def mask(text: str) -> str:
    """Replace every secret in a text by asterisks."""
    return mask_web_tokens(SECRET.sub(rf"\1{MASK}", text))


def mask_web_tokens(text: str, mask: str = MASK) -> str:
    """Replace every JSON web token in a text."""
    kept: list[str] = []
    done = 0
    for start, end in _web_tokens(text):
        kept += [text[done:start], mask]
        done = end
    return "".join([*kept, text[done:]])


def mask_pieces(text: str, *, size: int = PIECE_CHARACTERS) -> Iterator[str]:
    """Mask a long text piece by piece, so that its reader can do something else in between.

    The pieces together are what `mask` gives, also where a secret lies across two of them. Only in
    a word that is longer than a piece more is masked: a secret that does not end within its piece
    takes the rest of the word with it.

    Strategy: a piece ends behind a separator, where no secret goes on. A word that fills a piece
    has no separator; there the piece ends before what may be the beginning of a secret.

    Args:
        text: Any text.
        size: How many characters are looked at in one go, at least 64.
    """
    position = 0
    while position < len(text):
        limit = position + size
        end = len(text) if limit >= len(text) else end_of_words(text, position, limit)
        if end > position:
            yield mask(text[position:end])
            position = end
            continue
        masked, used, is_open = _mask_start(text[position:limit])
        yield masked
        position += used
        position = yield from _pass_secret(text, position, size, is_open=is_open)


def excerpt(text: str, size: int) -> str:
    """A short text as it is; of a longer one the beginning, with secrets masked.

    Args:
        text: Any text.
        size: The most characters, at least 65.
    """
    if len(text) <= size:
        return text
    return next(mask_pieces(text, size=size - 1)) + "…"


def end_of_words(text: str, position: int, limit: int) -> int:
    """The last place before the limit at which no secret goes on; `position` without one."""
    end = limit
    for _ in range(_LEADING_WORDS):
        end = 1 + max(text.rfind(separator, position, end) for separator in SEPARATORS)
        if end <= position:
            return position
        nearby = max(position, end - _LONGEST_NAME)
        leading = _LEADING.search(text[nearby:end])
        if leading is None:
            return end
        end = nearby + leading.start()
    return position


def _mask_start(piece: str) -> tuple[str, int, bool]:
    """Mask the first piece of a longer word.

    Returns:
        The masked text, how many characters of the piece it stands for, and whether the secret at
        its end goes on.
    """
    decided = max(len(piece) - _LONGEST_NAME, *(end for _, end in _secrets(piece)), 0)
    if decided == len(piece):
        return mask(piece), decided, True
    undecided = _cut_web_token(piece)
    if undecided == 0:
        return MASK, len(piece), True
    if undecided > 0:
        decided = undecided
    return mask(piece[:decided]), decided, False


def _pass_secret(
    text: str, position: int, size: int, *, is_open: bool
) -> Generator[str, None, int]:
    """Go to the end of the word of a secret that goes on, or whose name a piece has cut off.

    Yields:
        Nothing of it, piece by piece.

    Returns:
        Where the text goes on.
    """
    named = _behind_a_name(text, position)
    while is_open or named is not None:
        position = position if named is None else named
        while position < len(text) and not _SEPARATOR.match(text, position):
            found = _SEPARATOR.search(text, position, position + size)
            position = found.start() if found else min(position + size, len(text))
            yield ""
        is_open = False
        # A name with no secret behind it is not looked at again.
        named = None if position == named else _behind_a_name(text, position)
    return position


def _behind_a_name(text: str, place: int) -> int | None:
    """Where a secret begins whose name a place would cut off; None without one.

    What is masked may end with a name, which says what the text behind it is.
    """
    nearby = max(0, place - _NAME_REACH)
    for found in _NAME.finditer(text[nearby : place + _NAME_REACH]):
        if found.start() < place - nearby <= found.end():
            return nearby + found.end()
    return None


def _secrets(text: str) -> Iterator[tuple[int, int]]:
    yield from (found.span() for found in SECRET.finditer(text))
    yield from _web_tokens(text)


def _web_tokens(text: str) -> Iterator[tuple[int, int]]:
    """Where tokens begin and end."""
    for start, end in _first_runs(text):
        rest = _REST.match(text, end)
        if rest is not None:
            yield start, rest.end()


def _cut_web_token(text: str) -> int:
    """Where a token begins of which the end of the text may be a part; -1 without one.

    One that begins within another token is not cut off from it.
    """
    first = reach = 0
    for start, end in _first_runs(text):
        if start >= reach:
            first = start
        if _CUT_REST.match(text, end):
            return first
        rest = _REST.match(text, end)
        if rest is not None:
            reach = max(reach, rest.end())
    return -1


def _first_runs(text: str) -> Iterator[tuple[int, int]]:
    """Where the first part of a token may stand: from `eyJ` to the end of the run.

    A run is read once. When its first `eyJ` begins no token, a later one does not either: both end
    at the same place.
    """
    start = text.find(TOKEN_START)
    while start >= 0:
        end = start + len(TOKEN_START)
        if start == 0 or not _is_word_character(text[start - 1]):
            run = _RUN.match(text, start)
            assert run is not None
            end = run.end()
            yield start, end
        start = text.find(TOKEN_START, end)


def _is_word_character(character: str) -> bool:
    return character.isalnum() or character == "_"
