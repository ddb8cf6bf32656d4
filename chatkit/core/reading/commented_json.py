"""JSON with comments and with a comma after the last item, as .NET's readers take it.

Core Tools read local.settings.json and the Functions host reads host.json with Json.NET, which
skips comments and ignores such a comma. What of it people write stays readable here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

# A text or a comment that does not end reaches to the end of the file, so that every character is
# looked at once.
TOKEN = re.compile(
    r'(?P<text>"(?:[^"\\]|\\.)*+"?)|(?P<comment>//[^\n]*+|/\*.*?(?:\*/|\Z))|(?P<sign>\S)',
    re.DOTALL,
)
NOT_A_LINE_END = re.compile(r"[^\n]")


def loads(text: str, *, parse_float: Callable[[str], Any] = float) -> Any:
    """Read a JSON value.

    Args:
        text: JSON.
        parse_float: What a number with a point or an exponent becomes.

    Raises:
        ValueError: It is not JSON even so, or is nested too deeply.
    """
    try:
        return json.loads(text, parse_float=parse_float)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    except ValueError:
        plain = _plain(text)
        if plain == text:
            raise
    try:
        return json.loads(plain, parse_float=parse_float)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def _plain(text: str) -> str:
    """The same text with blanks for what is not JSON: an error's line and column stay right."""
    parts: list[str] = []
    end = 0
    comma: int | None = None
    for token in TOKEN.finditer(text):
        parts.append(text[end : token.start()])
        end = token.end()
        if token.lastgroup == "comment":
            parts.append(NOT_A_LINE_END.sub(" ", token[0]))
            continue
        if comma is not None and token[0] in ("}", "]"):
            parts[comma] = " "
        parts.append(token[0])
        comma = len(parts) - 1 if token[0] == "," else None
    return "".join(parts) + text[end:]
