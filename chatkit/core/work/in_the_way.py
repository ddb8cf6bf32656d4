"""What stands in the place of a file of the learner's work, and moving it aside.

Folders, pipes, sockets, links that lead nowhere and files that nobody may read can neither be
compared with what the kit has written nor be replaced. They get another name beside, which loses
nothing.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from chatkit.core.errors import SetupError
from chatkit.core.files import not_written, replacing
from chatkit.core.system.moving import rename

# In the name of what is kept beside, before its number.
KEPT = ".before-"
KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


@dataclass(frozen=True)
class Found:
    """What is at a path.

    Attributes:
        content: Of the file, or of the one that a link leads to; None where there is none.
        odd: What is there that is no readable file, as "a folder"; empty where nothing is.
    """

    content: bytes | None = None
    odd: str = ""


def look(path: Path) -> Found:
    """Read a file, if it is one.

    Raises:
        SetupError: This user may not look into its folder.
    """
    try:
        kind = stat.S_IFMT(path.stat().st_mode)
        if kind != stat.S_IFREG:
            return Found(odd=KINDS.get(kind, "no file"))
        return Found(path.read_bytes())
    except OSError as error:
        if os.path.islink(path):
            return Found(odd="a link that leads to no file")
        if os.path.lexists(path):
            return Found(odd=f"a file that cannot be read ({error.strerror})")
        if error.errno in (errno.EACCES, errno.EPERM):
            refused = not_written(path, error.errno)
            raise SetupError(f"{path.parent} cannot be read.", hint=refused.hint) from error
        return Found()


def unused(path: Path, *, keeps_suffix: bool) -> Path:
    """A path beside that nothing has: `NAME.before-1`, or `STEM.before-1.SUFFIX`."""
    name, suffix = (path.stem, path.suffix) if keeps_suffix else (path.name, "")
    number = 1
    # `Path.exists` says of a link that leads nowhere that nothing is there.
    while os.path.lexists(kept := path.with_name(f"{name}{KEPT}{number}{suffix}")):
        number += 1
    return kept


@contextmanager
def moved_aside(odd: Mapping[Path, Path]) -> Iterator[None]:
    """Give what is odd its other name; a block that fails gives it back.

    Raises:
        NotWritten: Its folder takes no writes.
    """
    moved: dict[Path, Path] = {}
    try:
        for path, aside in odd.items():
            with replacing(path):
                rename(path, aside)
            moved[path] = aside
        yield
    except BaseException:
        for path, aside in moved.items():
            with suppress(OSError):
                if not os.path.lexists(path):
                    rename(aside, path)
        raise


def leads_out(folder: Path, path: Path) -> bool:
    """Whether a folder on the way from one folder to a path below it is a link to elsewhere."""
    inside = os.path.realpath(folder)
    return not Path(os.path.realpath(path.parent)).is_relative_to(inside)
