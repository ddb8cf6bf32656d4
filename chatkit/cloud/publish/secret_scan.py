"""Secrets in files that are to be published: they stop it, and are named by file, line and kind."""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from chatkit.cloud.publish import ignore_file
from chatkit.cloud.publish.secret_shapes import SHAPES
from chatkit.cloud.publish.selection import shown
from chatkit.core.errors import SetupError

SHOWN = 5


@dataclass(frozen=True)
class Secret:
    """Something in a file that looks like a secret; never the secret itself.

    Attributes:
        path: The file.
        line: Counts from 1.
        what: What it is.
    """

    path: PurePosixPath
    line: int
    what: str


def find(path: PurePosixPath, content: bytes) -> Secret | None:
    """The first thing in a file that looks like a secret."""
    text = _plain(content)
    folded = text.lower()
    for shape in SHAPES:
        if any(mark in folded for mark in shape.marks):
            place = shape.find(text)
            if place is not None:
                return Secret(path, text.count(b"\n", 0, place) + 1, shape.what)
    return None


def _plain(content: bytes) -> bytes:
    """A text as the shapes are written: without a mark at its beginning, lines ended by LF."""
    # Text in UTF-16, as PowerShell writes it, has a zero byte beside each letter.
    text = content.replace(b"\0", b"")
    for mark in (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        text = text.removeprefix(mark)
    return text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def refuse(
    files: Mapping[PurePosixPath, bytes], *, what: str, ignore_file_name: str, instead: str
) -> None:
    """Stop when something in files that are to be published looks like a secret.

    Args:
        files: Their contents, by path; without those that somebody asked for by name.
        what: What happens to what is published.
        ignore_file_name: The file with a line for each file that is wanted, as people find it.
        instead: What else to do.

    Raises:
        SetupError: Something does.
    """
    searched = [find(path, content) for path, content in files.items()]
    found = [secret for secret in searched if secret is not None]
    if not found:
        return
    places = [f"{shown(one.path)}, line {one.line}: {one.what}" for one in found[:SHOWN]]
    if len(found) > SHOWN:
        places.append(f"and {len(found) - SHOWN} more files")
    listed = "".join(f"\n  {place}" for place in places)
    line = ignore_file.line_for(found[0].path)
    raise SetupError(
        f"Nothing was sent. {what} This looks like a secret:{listed}",
        hint=f"\n{instead} If it is no secret, add the line {line} to {ignore_file_name}.",
    )
