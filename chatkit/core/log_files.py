"""The files that detached programs print into: bounded, while the program runs.

A program that was started with its output in a file cannot leave that file for a new one, since
what it starts may print there, too. So the file is copied, and emptied.
"""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

from chatkit.core.files import private_folder, writing
from chatkit.core.system.moving import remove

MAX_BYTES = 2_000_000
VARIABLE = "CHATKIT_OUTPUT"
"""Tells a detached program which file its output goes to."""
STDOUT = 1


def open_for_output(path: Path) -> int:
    """Open an empty file that several processes print into, each at its end; returns a descriptor.

    Only with O_APPEND may the file be emptied while they print.

    Raises:
        NotWritten: The disk takes no writes.
    """
    with writing(path):
        private_folder(path.parent)
        if path.is_symlink():  # what it leads to would be emptied
            remove(path)
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)


def rotate_output(*, max_bytes: int = MAX_BYTES) -> None:
    """Begin the file of this program's output anew when it has grown too long.

    What it held is in `NAME.1` then. Nothing happens when the output goes elsewhere. A program that
    runs for long calls this every second or so.
    """
    name = os.environ.get(VARIABLE, "")
    if not name:
        return
    with suppress(OSError):  # the file was deleted, with its home
        output = os.fstat(STDOUT)
        if output.st_size <= max_bytes or not os.path.samestat(output, os.stat(name)):
            return
        with suppress(OSError):  # on a full disk the lines are lost, and the disk is not fuller
            remove(Path(f"{name}.1"))  # it may be a link
            shutil.copyfile(name, f"{name}.1")
            os.chmod(f"{name}.1", 0o600)
        os.ftruncate(STDOUT, 0)
        os.lseek(STDOUT, 0, os.SEEK_SET)  # Windows goes on where it was
