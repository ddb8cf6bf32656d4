"""JSON as Resource Manager reads deployments: with comments, and with the place of every value.

The Azure CLI sends a template as it stands in its file, below a name without quotes, so that lines
stay what they are for the author. Json.NET reads that, and so does this.
"""

from __future__ import annotations

import json
import math
import re
from bisect import bisect_right
from dataclasses import dataclass

from chatkit.core import strict_json
from chatkit.localcloud.resource_manager.core.documents import Json

Path = tuple[str | int, ...]

MAX_DEPTH = 64
BLANK = re.compile(r"[ \t\r\n\ufeff]+|//[^\n]*|/\*[^*]*\*+(?:[^/*][^*]*\*+)*/")
NAME = re.compile(r"[A-Za-z_$][\w$]*")
NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
# A text that does not end reaches to the end, so that every character is looked at once.
TEXTS = {
    '"': re.compile(r'"((?:[^"\\]|\\.)*+)("?)', re.DOTALL),
    "'": re.compile(r"'((?:[^'\\]|\\.)*+)('?)", re.DOTALL),
}
WORDS: dict[str, Json] = {"true": True, "false": False, "null": None}
ENDS = {"{": "}", "[": "]"}
ESCAPED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
CONTROL = re.compile(r"[\x00-\x1f]")


@dataclass(frozen=True)
class Position:
    """A position in a text: line and column, counted from 1; both are 0 where it is not known."""

    line: int = 0
    column: int = 0


class NotJson(ValueError):
    """A text that is not JSON.

    Attributes:
        sentence: What is wrong.
        place: Where.
        path: The same as a path.
    """

    def __init__(self, sentence: str, place: Position, path: Path) -> None:
        super().__init__(f"{sentence} Path '{dotted(path)}', {at(place)}.")
        self.sentence = sentence
        self.place = place
        self.path = path


@dataclass(frozen=True)
class Located:
    """A value and where its parts stand.

    Attributes:
        value: What was read.
        starts: Positions in the text by path.
        lines: Positions at which lines begin.
    """

    value: Json
    starts: dict[Path, int]
    lines: list[int]

    def place(self, path: Path) -> Position:
        """Where the value of a path begins, or else what is around it."""
        while path not in self.starts:
            if not path:
                return Position()
            path = path[:-1]
        return _place(self.lines, self.starts[path])


def dotted(path: Path) -> str:
    """A path as Json.NET writes it: `properties.template.resources[0].name`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif NAME.fullmatch(part):
            text += f".{part}" if text else part
        else:
            text += f"['{part}']"
    return text


def at(place: Position) -> str:
    """A place in the words of Json.NET."""
    return f"line {place.line}, position {place.column}"


def read(content: bytes) -> Located:
    """Read a JSON value with its places.

    Raises:
        ValueError: It is not UTF-8, or has text that JSON cannot carry.
        NotJson: It is not JSON even with what Json.NET takes, or is nested too deeply.
    """
    reader = _Reader(content.decode("utf-8"))
    value = reader.value((), 0)
    reader.end()
    strict_json.dumps(value)  # half of a surrogate pair
    return Located(value, reader.starts, reader.lines)


class _Reader:
    """A text on the way from its beginning to its end."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self.starts: dict[Path, int] = {}
        self.lines = [0, *(match.end() for match in re.finditer("\n", text))]

    def _fail(self, message: str, path: Path) -> NotJson:
        return NotJson(message, _place(self.lines, self._at), path)

    def _next(self) -> str:
        """The next sign that counts, without taking it; "" at the end."""
        while match := BLANK.match(self._text, self._at):
            self._at = match.end()
        return self._text[self._at : self._at + 1]

    def end(self) -> None:
        """Refuse what stands behind the value."""
        sign = self._next()
        if sign:
            raise self._fail(f"Additional text encountered after finished reading: {sign}.", ())

    def value(self, path: Path, depth: int) -> Json:
        """The value that begins here."""
        if depth > MAX_DEPTH:
            raise self._fail(f"The reader's MaxDepth of {MAX_DEPTH} has been exceeded.", path)
        sign = self._next()
        self.starts[path] = self._at
        if sign == "{":
            return self._object(path, depth)
        if sign == "[":
            return self._array(path, depth)
        if sign in TEXTS:
            return self._string(sign, path)
        return self._plain(sign, path)

    def _object(self, path: Path, depth: int) -> Json:
        found: dict[str, Json] = {}
        self._at += 1
        while self._next() != "}":
            name = self._name(path)
            if self._next() != ":":
                raise self._fail(
                    f"Invalid character after parsing property name. Expected ':' but got:"
                    f" {self._next()}.",
                    path,
                )
            self._at += 1
            found[name] = self.value((*path, name), depth + 1)
            self._separator("}", path)
        self._at += 1
        return found

    def _array(self, path: Path, depth: int) -> Json:
        found: list[Json] = []
        self._at += 1
        while self._next() != "]":
            found.append(self.value((*path, len(found)), depth + 1))
            self._separator("]", path)
        self._at += 1
        return found

    def _separator(self, end: str, path: Path) -> None:
        sign = self._next()
        if sign == ",":
            self._at += 1
        elif sign != end:
            if not sign:
                raise self._fail("Unexpected end when reading JSON.", path)
            raise self._fail(
                f"After parsing a value an unexpected character was encountered: {sign}.", path
            )

    def _name(self, path: Path) -> str:
        sign = self._next()
        if sign in TEXTS:
            return self._string(sign, path)
        match = NAME.match(self._text, self._at)
        if match is None:
            if not sign:
                raise self._fail("Unexpected end when reading JSON.", path)
            raise self._fail(f"Invalid property identifier character: {sign}.", path)
        self._at = match.end()
        return match[0]

    def _string(self, quote: str, path: Path) -> str:
        match = TEXTS[quote].match(self._text, self._at)
        if match is None or not match[2]:
            raise self._fail(f"Unterminated string. Expected delimiter: {quote}.", path)
        inner = match[1]
        if quote == "'":
            inner = inner.replace("\\'", "'").replace('"', '\\"')
        # A text over several lines is one of its lines, as Json.NET reads it.
        plain = CONTROL.sub(lambda sign: ESCAPED.get(sign[0], f"\\u{ord(sign[0]):04x}"), inner)
        try:
            text: str = json.loads(f'"{plain}"')
        except ValueError:
            raise self._fail("Bad JSON escape sequence.", path) from None
        self._at = match.end()
        return text

    def _plain(self, sign: str, path: Path) -> Json:
        word = NAME.match(self._text, self._at)
        if word is not None and word[0] in WORDS:
            self._at = word.end()
            return WORDS[word[0]]
        number = NUMBER.match(self._text, self._at)
        if number is None:
            if not sign:
                raise self._fail("Unexpected end when reading JSON.", path)
            raise self._fail(f"Unexpected character encountered while parsing value: {sign}.", path)
        try:
            value: int | float = json.loads(number[0])
            if isinstance(value, float) and math.isinf(value):
                raise ValueError
        except ValueError:
            raise self._fail(f"Could not read the number {number[0][:20]}.", path) from None
        self._at = number.end()
        return value


def _place(lines: list[int], position: int) -> Position:
    line = bisect_right(lines, position)
    return Position(line, position - lines[line - 1] + 1)
