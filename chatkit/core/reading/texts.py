"""Text files in the encodings that editors and shells write.

A byte order mark says which one: PowerShell 5 writes UTF-16 with one, Notepad UTF-8. Without one
the text is UTF-8. `File.ReadAllText` of .NET, which Core Tools and the Functions host read with,
and pip decide the same way.
"""

from __future__ import annotations

import codecs
import errno
import stat
from pathlib import Path

from chatkit.core.errors import AppFileDamaged
from chatkit.core.system import shells

# UTF-32 before UTF-16: its little-endian mark begins with the one of UTF-16.
MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def read_app_file(path: Path, *, again: str = "") -> bytes:
    """Read a file of the learner's app.

    Args:
        path: The file.
        again: See `AppFileDamaged`.

    Raises:
        AppFileDamaged: It cannot be read; the error says what gives the right to.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise unreadable(path, error, again=again) from error


def unreadable(path: Path, error: OSError, *, again: str = "") -> AppFileDamaged:
    """The error for a file of the learner's app that cannot be read."""
    repair = "Repair it"
    if error.errno == errno.EACCES:
        allowing = shells.allowing(path)
        repair = f"{allowing} lets you read it" if allowing else repair
    why = f"it cannot be read ({error.strerror})"
    # Catching up runs checks that read it, too.
    again = again or f"run the notebook's cell `%%chatfile {path.parent.name}/{path.name}` again"
    return AppFileDamaged(path, why, again=again, repair=repair)


def read(path: Path, *, errors: str = "strict") -> str:
    """Read a text file.

    Raises:
        OSError: It cannot be read, or is a pipe, of which reading would wait.
        UnicodeDecodeError: It is not text in the encoding that its mark names, else not UTF-8.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        raise OSError(errno.EINVAL, "it is no file", str(path))
    return decode(path.read_bytes(), errors=errors)


def decode(content: bytes, *, errors: str = "strict") -> str:
    """The text of a file's bytes, with line feeds at the ends of its lines.

    Raises:
        UnicodeDecodeError: It is not text in the encoding that its mark names, else not UTF-8.
    """
    mark, encoding = next(
        (found for found in MARKS if content.startswith(found[0])), (b"", "utf-8")
    )
    text = content[len(mark) :].decode(encoding, errors)
    return text.replace("\r\n", "\n").replace("\r", "\n")
