"""Putting a damaged file aside, and reading records that the kit can do without."""

from __future__ import annotations

import json
import sys
import time
from contextlib import suppress
from pathlib import Path

from chatkit.core.system.moving import read_file, rename

MARK = ".damaged-"


def put_aside(path: Path) -> Path:
    """Rename a damaged file, beside where it stands; nothing is lost that was in it.

    Returns:
        Its new path: NAME.damaged-DATE-TIME, with a number when there is one already.
    """
    aside = unused(path)
    rename(path, aside)
    return aside


def unused(path: Path) -> Path:
    """The path that a damaged file gets."""
    stamp = time.strftime("%Y%m%d-%H%M%S")
    aside = path.with_name(f"{path.name}{MARK}{stamp}")
    number = 1
    while aside.exists():
        number += 1
        aside = path.with_name(f"{path.name}{MARK}{stamp}-{number}")
    return aside


def read_record(path: Path, *, lost: str) -> dict[str, object]:
    """Read a record that the kit can do without; a damaged one is put aside, which is said.

    Args:
        path: A JSON object.
        lost: What a person loses with it, as the end of a sentence.

    Returns:
        The record; empty when there is none, or only a damaged one.
    """
    try:
        found = json.loads(read_file(path).decode())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError):
        found = None
    if isinstance(found, dict):
        return found
    forget_record(path, lost=lost)
    return {}


def forget_record(path: Path, *, lost: str) -> None:
    """Put a damaged record aside, and say so on stderr: nobody has to do anything about it."""
    # Another process may have put it aside meanwhile, or the folder takes no writes, which is said
    # when something is written.
    with suppress(OSError):
        aside = put_aside(path)
        print(f"chatkit: {path} was damaged: {lost}. It is kept as {aside.name}.", file=sys.stderr)
