"""Composite formats: `{index[,alignment][:format]}` in a text, as String.Format fills them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from chatkit.localcloud.resource_manager.templates.language.core.limits import fits
from chatkit.localcloud.resource_manager.templates.language.core.values import (
    Json,
    compact,
    text_of,
)
from chatkit.localcloud.resource_manager.templates.language.dotnet.numbers import (
    NotANumberFormat,
    formatted_number,
)

ITEM = re.compile(r"\{[ ]*([0-9]{1,7})[ ]*(?:,[ ]*(-?[0-9]{1,6})[ ]*)?(?::((?:[^{}])*))?\}")
PLAIN = re.compile(r"[^{}]+")


class NotAFormat(ValueError):
    """A text is no composite format, or names a value that is not there."""


def composed(text: str, values: Sequence[Json]) -> str:
    """The text with its items replaced by the values.

    Raises:
        NotAFormat: The text is not a format; the message has .NET's words.
        TemplateError: It would be too large.
    """
    found = []
    length = 0
    at = 0
    while at < len(text):
        piece, at = _piece(text, at, values)
        length += len(piece)
        fits(length)
        found.append(piece)
    return "".join(found)


def _piece(text: str, at: int, values: Sequence[Json]) -> tuple[str, int]:
    plain = PLAIN.match(text, at)
    if plain:
        return plain[0], plain.end()
    if text.startswith(("{{", "}}"), at):
        return text[at], at + 2
    item = ITEM.match(text, at)
    if item is None:
        raise NotAFormat("Input string was not in a correct format.")
    if int(item[1]) >= len(values):
        raise NotAFormat(
            "Index (zero based) must be greater than or equal to zero and less than the size of the"
            " argument list."
        )
    written = _written(values[int(item[1])], item[3])
    return _aligned(written, int(item[2] or 0)), item.end()


def _written(value: Json, wanted: str | None) -> str:
    """Arrays and objects are JSON in single quotes, as Azure has it.

    Format strings are for numbers; .NET passes them over for strings.
    """
    if isinstance(value, list | dict):
        return compact(value, quote="'")
    if wanted and isinstance(value, int | float) and not isinstance(value, bool):
        try:
            return formatted_number(value, wanted)
        except NotANumberFormat as error:
            raise NotAFormat(str(error)) from None
    return text_of(value)


def _aligned(written: str, width: int) -> str:
    if width < 0:
        return written.ljust(-width)
    return written.rjust(width)
