"""The list of a class as people have it: a CSV file from a spreadsheet or a form.

Spreadsheets write it in the encoding and with the separator of their country: UTF-8 with and
without a mark, UTF-16, Windows' code page 1252; commas, semicolons, tabs; sometimes a first line
`sep=;`, which tells Excel the separator.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from chatkit.core.errors import SetupError
from chatkit.core.reading import texts
from chatkit.core.text.controls import UNSEEN, visible

MOST_PEOPLE = 500
MOST_BYTES = 4 * 1024 * 1024
NAME_LENGTH = 80
MAIL_LENGTH = 254
SHOWN = 8  # lines that an error names
SHOWN_HEADER = 80  # letters of a first line that an error repeats
COLUMNS = {
    "name": ("name", "names", "full name", "display name", "participant"),
    "mail": (
        *("mail", "email", "e-mail", "mail address", "email address", "e-mail address"),
        *("e-mail-adresse", "mailadresse"),
    ),
    "region": ("region", "azure region", "location"),
    "given": ("first name", "given name", "firstname", "forename", "vorname"),
    "family": ("last name", "family name", "lastname", "surname", "nachname", "familienname"),
}
"""What heads a column, in English and, of names in two columns, in German."""
SEPARATORS = ",;\t|"
MAIL = re.compile(r"[^@\s<>,;\"]{1,64}@[^@\s<>,;\"]+\.[^@\s<>,;\".]{2,}")
REGION = re.compile(r"[a-z][a-z0-9]{2,29}")
REGION_GROUP = re.compile(r"^\([^()]*\)")  # the portal shows "(Europe) West Europe"
JOINERS = re.compile("[\u200c\u200d]")
"""Persian, Sinhala and emoji cannot be written without them."""
DIRECTION_MARKS = re.compile("[\u061c\u200e\u200f\ufeff]")
"""Spreadsheets put them around Arabic and Hebrew; a name is the same without."""
AS_TEXT = re.compile(r'="(.*)"', re.DOTALL)  # Excel's way to keep a text a text
SEPARATOR_LINE = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)
HINT = (
    "The first line with anything in it names the columns: name (or first name and last name), and"
    " perhaps mail and region."
)


@dataclass(frozen=True)
class Entry:
    """One person of the list.

    Attributes:
        line: In the file, from 1.
        name: In Unicode's composed form, without spaces around it.
        mail: May be empty.
        region: Short name of an Azure region; may be empty.
    """

    line: int
    name: str
    mail: str = ""
    region: str = ""


def read(path: Path) -> list[Entry]:
    """Read the people of a file, in its order.

    Raises:
        SetupError: It cannot be read, or rows are bad; each of them is named with its line.
    """
    return parse(_content(path), path.name)


def parse(content: bytes, name: str) -> list[Entry]:
    """Read the people of a file's bytes.

    Args:
        content: The bytes.
        name: What errors call the file.

    Raises:
        SetupError: They are no such list, or rows are bad.
    """
    text = _decoded(content, name)
    rows = list(_rows(text, name))
    if not rows:
        raise SetupError(f"{name} is empty.", hint=HINT)
    columns = _columns(rows[0][1], name)
    width = len(rows[0][1])
    more = "has more columns than the first line: a name with a comma needs quotation marks"
    faults = [f"line {line} {more}" for line, cells in rows[1:] if any(cells[width:])]
    entries = [
        entry
        for line, cells in rows[1:]
        if (entry := _entry(line, cells, columns, faults)) is not None
    ]
    faults += _repeated(entries)
    if faults:
        raise _bad(name, faults)
    if not entries:
        raise SetupError(f"{name} names nobody.", hint=HINT)
    if len(entries) > MOST_PEOPLE:
        message = f"{name} names {len(entries)} people; a class has at most {MOST_PEOPLE}."
        raise SetupError(message, hint="Make two classes, each from a home of its own.")
    return entries


def _content(path: Path) -> bytes:
    try:
        if not path.is_file():
            why = "it is a folder" if path.is_dir() else "there is no such file"
            raise SetupError(f"{path} cannot be read: {why}.")
        if path.stat().st_size > MOST_BYTES:
            raise SetupError(f"{path.name} is too large for a list of people.", hint=HINT)
        return path.read_bytes()
    except OSError as error:
        raise SetupError(f"{path} cannot be read: {error.strerror}.") from error


def is_guessed(path: Path) -> bool:
    """Whether a list's encoding was assumed: its letters beyond ASCII may be other ones.

    Raises:
        SetupError: It cannot be read.
    """
    return _unicode(_content(path)) is None


def _decoded(content: bytes, name: str) -> str:
    """The text, as Unicode, else in code page 1252."""
    if content[:2] == b"PK":
        raise SetupError(f"{name} is a workbook.", hint="Save it as CSV, and give me that file.")
    found = _unicode(content)
    if found is not None:
        return found
    try:
        return content.decode("cp1252")
    except UnicodeDecodeError as error:
        hint = "Save it as CSV UTF-8."
        raise SetupError(f"{name} is no text in an encoding that I know.", hint=hint) from error


def _unicode(content: bytes) -> str | None:
    """The text by its mark, else as UTF-16 where every other byte is 0, else as UTF-8."""
    try:
        if b"\0" in content[:4] and not content.startswith(tuple(mark for mark, _ in texts.MARKS)):
            big = content[:1] == b"\0"
            return content.decode("utf-16-be" if big else "utf-16-le")
        return texts.decode(content)
    except UnicodeDecodeError:
        return None


def _rows(text: str, name: str) -> Iterator[tuple[int, list[str]]]:
    """Rows that have something in them, each with the line that it begins in."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    first = 1
    said = SEPARATOR_LINE.fullmatch(lines[0])
    if said:
        lines = lines[1:]
        first = 2
    separator = said[1] if said else _separator(lines)
    # Else a quotation mark that nobody closes takes the people behind it into one name.
    reader = csv.reader(io.StringIO("\n".join(lines)), delimiter=separator, strict=True)
    begin = first
    try:
        for row in reader:
            cells = [_cell(one) for one in row]
            if any(cells):
                yield begin, cells
            begin = first + reader.line_num
    except csv.Error as error:
        message = f"{name}, line {begin}: {error}."
        raise SetupError(message, hint="Look at its quotation marks. Nothing was made.") from error


def _separator(lines: list[str]) -> str:
    """The one that stands most often in the first line that has anything."""
    header = next((line for line in lines if line.strip(SEPARATORS + " ")), "")
    return max(SEPARATORS, key=header.count)


def _cell(text: str) -> str:
    found = AS_TEXT.fullmatch(text.strip())
    plain = unicodedata.normalize("NFC", found[1] if found else text)
    return " ".join(DIRECTION_MARKS.sub("", plain).split()).strip("\u200c\u200d")


def _columns(header: list[str], name: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for column, cell in enumerate(header):
        for known, spellings in COLUMNS.items():
            if cell.casefold().strip(": ") in spellings and known not in found:
                found[known] = column
    if not found.keys() & {"name", "family"}:
        heads = visible(", ".join(filter(None, header))[:SHOWN_HEADER])
        raise SetupError(f"{name} has no column 'name': its first line is {heads}.", hint=HINT)
    is_whole = "name" in found and ("family" in found or not _is_plain(header[found["name"]]))
    if is_whole:
        found.pop("given", None)
    return found


def _is_plain(cell: str) -> bool:
    """Whether a heading does not say if the name is whole."""
    return cell.casefold().strip(": ") in COLUMNS["name"][:2]


def _entry(line: int, cells: list[str], columns: dict[str, int], faults: list[str]) -> Entry | None:
    """The person of a row; None when it is bad, and why is among the faults then."""

    def cell(column: str) -> str:
        position = columns.get(column, len(cells))
        return cells[position] if position < len(cells) else ""

    region = REGION_GROUP.sub("", cell("region")).replace(" ", "").lower()
    # Beside a column of given names alone, one that is called "name" has the family's.
    parts = (cell("given"), cell("name") or cell("family"))
    entry = Entry(line, " ".join(filter(None, parts)), cell("mail"), region)
    fault = _fault(entry)
    if not fault:
        return entry
    faults.append(f"line {line} {fault}")
    return None


def _fault(entry: Entry) -> str:
    if not entry.name:
        return "has no name"
    if len(entry.name) > NAME_LENGTH:
        return f"has a name of more than {NAME_LENGTH} letters"
    unseen = _unseen(entry.name)
    if unseen:
        return f"has a name with letters that nobody can see ({unseen})"
    if entry.mail and (len(entry.mail) > MAIL_LENGTH or not MAIL.fullmatch(entry.mail)):
        return f"has no mail address in its column: {visible(entry.mail[:40])}"
    if entry.region and not REGION.fullmatch(entry.region):
        return f"has no region in its column: {visible(entry.region[:40])}"
    return ""


def _unseen(name: str) -> str:
    """The first letter of a name that nobody can see, by its number; empty for none."""
    seen = JOINERS.sub("", name)
    found = [one for one in seen if UNSEEN.match(one) or not one.isprintable()]
    return f"U+{ord(found[0]):04X} behind {visible(seen.partition(found[0])[0])!r}" if found else ""


def same_name(name: str) -> str:
    """What two spellings of one name have in common."""
    return JOINERS.sub("", name).casefold()


def _repeated(entries: list[Entry]) -> Iterator[str]:
    """Rows that say again who was there before."""
    mails: dict[str, int] = {}
    names: dict[str, Entry] = {}
    for entry in entries:
        mail = entry.mail.casefold()
        if mail and mail in mails:
            yield f"line {entry.line} has the mail of line {mails[mail]}"
            continue
        same = names.get(same_name(entry.name))
        if same is not None and not (mail and same.mail):
            why = "and no mail tells them apart"
            yield f"line {entry.line} has the name of line {same.line}, {why}"
            continue
        names[same_name(entry.name)] = entry
        if mail:
            mails[mail] = entry.line


def _bad(name: str, faults: list[str]) -> SetupError:
    shown = "; ".join(faults[:SHOWN])
    more = f"; and {len(faults) - SHOWN} more lines" if len(faults) > SHOWN else ""
    return SetupError(f"{name}: {shown}{more}.", hint="Nothing was made. Correct the file.")
