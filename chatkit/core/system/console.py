"""What is printed: to a terminal, a file or a pipe that may not have every character.

Python takes the encoding of files and pipes from the locale, which is cp1252 on many a Windows, and
ASCII where somebody has switched UTF-8 off. Standard library only.
"""

from __future__ import annotations

import io
import shutil
import sys

UTF8_OUTPUT = {"PYTHONIOENCODING": "utf-8:backslashreplace"}
"""Variables for a program of the kit whose output the kit reads."""
WIDEST = 110


def prepare() -> None:
    """Let no character end this program: one that cannot be printed is spelled out.

    Lines go out at once: whoever waits for one in a file or a pipe reads it.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace", line_buffering=True)


def can_write(text: str) -> bool:
    """Whether all of a text can be printed as it is."""
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "ascii")
    except UnicodeEncodeError:
        return False
    return True


def draw_line(text: str) -> None:
    """Write over the line that the last call wrote; an empty text takes it away.

    Without escape sequences, which Windows' older console shows.
    """
    width = min(WIDEST, shutil.get_terminal_size().columns - 1)
    end = "" if text else "\r"
    print(f"\r{text[:width]:<{width}}", end=end, file=sys.stderr, flush=True)
