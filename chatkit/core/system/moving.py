"""Replacing, renaming, removing and reading files that another program may have open.

Windows refuses that for as long as it has them open (ERROR_SHARING_VIOLATION, and
ERROR_ACCESS_DENIED for what is being replaced itself): a reader for a moment, a virus scanner for
some. Elsewhere nothing is waited for. Standard library only.
"""

from __future__ import annotations

import os
import shutil
import stat
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from chatkit.core.system.names import extended

T = TypeVar("T")
PATIENCE_S = 2.0
PAUSE_S = 0.02


def replace(source: str | Path, target: str | Path) -> None:
    """Give a file the name of another one, which it replaces."""
    _patiently(lambda: os.replace(source, target))


def rename(source: str | Path, target: str | Path) -> Path:
    """Give a file or folder a name that nothing has; returns it."""
    _patiently(lambda: os.rename(source, target))
    return Path(target)


def read_file(path: Path) -> bytes:
    """Read a file that another process of the kit may be replacing."""
    return _patiently(path.read_bytes)


def move(source: Path, target: Path) -> None:
    """Give a file or folder another name, also on another disk."""
    _patiently(lambda: shutil.move(source, target))


def remove(path: Path) -> None:
    """Remove a file, if it is there."""

    def unlink() -> None:
        _let_write(path)
        path.unlink(missing_ok=True)

    _patiently(unlink)


def remove_tree(folder: Path) -> None:
    """Remove a folder with all that is in it, if it is there."""
    whole = Path(extended(os.path.abspath(folder)))

    def unlink_all() -> None:
        if sys.platform == "win32":
            for path in [*whole.rglob("*")]:
                _let_write(path)
        shutil.rmtree(whole)

    with suppress(FileNotFoundError):
        _patiently(unlink_all)


def discard(paths: Iterable[Path]) -> None:
    """Remove files that nobody needs; one that cannot be removed stays."""
    for path in paths:
        with suppress(OSError):
            _let_write(path)
            path.unlink(missing_ok=True)


def discard_tree(folder: Path) -> None:
    """Remove what can be removed of a folder that nobody needs."""
    with suppress(OSError):
        remove_tree(folder)
    shutil.rmtree(folder, ignore_errors=True)


def _patiently(act: Callable[[], T]) -> T:
    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            return act()
        except PermissionError:
            if sys.platform != "win32" or time.monotonic() > until:
                raise
        time.sleep(PAUSE_S)


def _let_write(path: Path) -> None:
    """Take the mark "read-only" off a file: Windows neither replaces nor deletes one that has it.

    Elsewhere the rights of its folder decide.
    """
    if sys.platform == "win32":
        with suppress(OSError):
            if not path.stat().st_mode & stat.S_IWRITE:
                path.chmod(stat.S_IWRITE | stat.S_IREAD)
