"""JSON as Newtonsoft reads it, which Azure uses: it forgives more than Python's reader.

Microsoft's page shows `json` with strings in single quotes. Names without quotes, comments and
commas at the end are read, too.
"""

from __future__ import annotations

import json
import math
import re
from typing import NoReturn

from chatkit.localcloud.resource_manager.templates.language.core.values import Json

DOUBLE = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
SINGLE = re.compile(r"'(?:[^'\\]|\\.)*'", re.DOTALL)
WORD = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")
COLON = re.compile(r"\s*:")
COMMA_AT_THE_END = re.compile(r",(?=\s*[}\]])")
PLAIN = re.compile(r"[^\"'A-Za-z_$,/]+")


class NotJson(ValueError):
    """A text is no JSON."""


def read_json(text: str) -> Json:
    """The value that a text holds.

    Raises:
        NotJson: It holds none, and why.
    """
    try:
        return _read(text)
    except ValueError:
        pass
    try:
        return _read(_strict(text))
    except ValueError as error:
        raise NotJson(str(error)) from None


def _read(text: str) -> Json:
    found: Json = json.loads(text, parse_constant=_no_constant, parse_float=_float)
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no value")


def _float(written: str) -> float:
    if math.isinf(float(written)):
        raise ValueError(f"{written} is out of range")
    return float(written)


def _strict(text: str) -> str:
    """The same, written as Python's reader wants it."""
    found = []
    at = 0
    while at < len(text):
        piece, at = _piece(text, at)
        found.append(piece)
    return "".join(found)


def _piece(text: str, at: int) -> tuple[str, int]:
    """What stands there, as it has to be written, and where the next piece begins."""
    if text[at] == "/":
        return " ", _end_of_comment(text, at)
    for kind in (PLAIN, DOUBLE, COMMA_AT_THE_END, SINGLE, WORD):
        piece = kind.match(text, at)
        if piece:
            is_name = kind is WORD and COLON.match(text, piece.end()) is not None
            return _rewritten(kind, piece[0], is_name), piece.end()
    if text[at] in "\"'":
        raise ValueError("Unterminated string")
    return text[at], at + 1


def _end_of_comment(text: str, at: int) -> int:
    if text.startswith("//", at):
        end = text.find("\n", at)
        return len(text) if end < 0 else end
    end = text.find("*/", at + 2)
    if end < 0 or not text.startswith("/*", at):
        raise ValueError("A slash begins no comment")
    return end + 2


def _rewritten(kind: re.Pattern[str], written: str, is_name: bool) -> str:
    if kind is SINGLE:
        return '"' + written[1:-1].replace("\\'", "'").replace('"', '\\"') + '"'
    if is_name:
        return json.dumps(written)
    if kind is COMMA_AT_THE_END:
        return " "
    return written
