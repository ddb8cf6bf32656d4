"""Which files of a folder are published, and which stay although nobody left them out."""

from __future__ import annotations

import os
import stat
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from chatkit.cloud.publish import private_names
from chatkit.cloud.publish.ignore_file import IgnoreFile
from chatkit.core.errors import SetupError

SHOWN = 6


@dataclass(frozen=True)
class Found:
    """Something in a folder that is no folder itself.

    Attributes:
        path: Below the folder.
        target: What it stands for, below the folder; another path for a link.
        bad_link: Why a link is not followed; empty for a good one, and for a file.
        is_file: Whether bytes can be read there: no socket, no pipe, no device.
        inode: Of a file that has several names, which hard links are.
        links: How many names that file has.
    """

    path: PurePosixPath
    target: PurePosixPath
    bad_link: str = ""
    is_file: bool = True
    inode: tuple[int, int] | None = None
    links: int = 1


@dataclass(frozen=True)
class Selection:
    """What is published of a folder.

    Attributes:
        files: Paths below it, sorted.
        named: Those of them that a line of the person's own file names.
        left: What stays because of its name, its kind or its place, as people read it, sorted.
        bad_links: Links that are not followed, with the reason.
    """

    files: tuple[PurePosixPath, ...]
    named: frozenset[PurePosixPath]
    left: tuple[str, ...]
    bad_links: tuple[tuple[PurePosixPath, str], ...]


class Selector:
    """The rules for one folder.

    Strategy: what tools leave behind never counts. Settings of this machine never go. Else the
    person's own file decides: its lines leave out, and its lines with `!` ask for files of other
    kinds. What is private by its name has to be named there, since a pattern may mean others. A
    link counts for its own name and for what it stands for, a file with several names for each of
    them. One that has a name outside of the folder has to be named as well.

    Args:
        folder: The folder.
        ignore_file: Name of the person's own file in it.
        takes: Whether files of that kind are published.
    """

    def __init__(
        self, folder: Path, *, ignore_file: str, takes: Callable[[PurePosixPath], bool]
    ) -> None:
        self._folder = folder
        self._root = folder.resolve()
        self._own = IgnoreFile.read(folder / ignore_file)
        self._takes = takes

    def select(self) -> Selection:
        """Look at everything in the folder.

        Raises:
            SetupError: A folder in it cannot be read.
        """
        files: list[PurePosixPath] = []
        left: set[str] = set()
        bad_links: list[tuple[PurePosixPath, str]] = []
        everything = [*self._walk(PurePosixPath())]
        same = _same_files(everything)
        for found in everything:
            names = _names(found, same)
            if self._is_left_out(names):
                continue
            bad_link = found.bad_link or self._bad_hard_link(found, same)
            if bad_link and private_names.private_part(found.path) is None:
                bad_links.append((found.path, bad_link))
            if not bad_link and self._goes(found, names):
                files.append(found.path)
            else:
                left.add(self._shown(found))
        named = frozenset(path for path in files if self._own.names(path))
        return Selection(tuple(sorted(files)), named, tuple(sorted(left)), tuple(sorted(bad_links)))

    def publishes(self, path: PurePosixPath) -> bool:
        """Whether one file is among those that are published."""
        place = self._root / path
        # Folders on the way that are links are not followed.
        if not path.parts or place.parent.resolve() != place.parent:
            return False
        found = self._found(path, place)
        if found.inode is not None:
            return path in self.select().files
        names = _names(found, {})
        return not self._is_left_out(names) and not found.bad_link and self._goes(found, names)

    def _is_left_out(self, names: tuple[PurePosixPath, ...]) -> bool:
        """Whether nobody expects the file to go."""
        return any(private_names.is_leftover(path) or self._own.leaves_out(path) for path in names)

    def _bad_hard_link(self, found: Found, same: _SameFiles) -> str:
        """Why a file does not go that has a name which cannot be seen from here."""
        if found.inode is None or len(same.get(found.inode, ())) >= found.links:
            return ""
        if self._own.names(found.path):
            return ""
        return f"a hard link to a file outside of {self._folder.name}"

    def _goes(self, found: Found, names: tuple[PurePosixPath, ...]) -> bool:
        if not found.is_file or not _is_portable(found.path):
            return False
        if any(private_names.is_machine_setting(path) for path in names):
            return False
        if any(private_names.private_part(path) is not None for path in names):
            return self._own.names(found.path)
        return self._takes(found.path) or self._own.asks_for(found.path)

    def _shown(self, found: Found) -> str:
        """A file that stays; a whole folder where that is what stays."""
        part = private_names.private_part(found.path)
        if part is None or part == found.path:
            return shown(found.path)
        return f"{shown(part)}/"

    def _walk(self, below: PurePosixPath) -> Iterator[Found]:
        place = self._root / below
        try:
            names = sorted(entry.name for entry in os.scandir(place))
        except OSError as error:
            raise SetupError(f"{place.name} cannot be read: {error.strerror}.") from None
        for name in names:
            path = below / name
            inside = place / name
            # Resolved, not asked whether it is a link: a junction of Windows says that it is none.
            if inside.is_dir() and inside.resolve() == inside:
                if not private_names.is_leftover(path):
                    yield from self._walk(path)
            else:
                yield self._found(path, inside)

    def _found(self, path: PurePosixPath, place: Path) -> Found:
        try:
            target = place.resolve(strict=True)
        except (OSError, RuntimeError):  # RuntimeError: a link to itself, before Python 3.13
            return Found(path, path, is_file=False)
        if not target.is_relative_to(self._root):
            return Found(path, path, bad_link=f"a link that leads out of {self._folder.name}")
        inside = PurePosixPath(target.relative_to(self._root).as_posix())
        if target.is_dir():
            return Found(path, inside, bad_link="a link to a folder")
        return _file(path, inside, target)


_SameFiles = dict[tuple[int, int], list[PurePosixPath]]


def _file(path: PurePosixPath, inside: PurePosixPath, place: Path) -> Found:
    try:
        status = place.stat()
    except OSError:
        return Found(path, inside, is_file=False)
    is_file = stat.S_ISREG(status.st_mode)
    if not is_file or status.st_nlink < 2:
        return Found(path, inside, is_file=is_file)
    inode = (status.st_dev, status.st_ino)
    return Found(path, inside, inode=inode, links=status.st_nlink)


def _same_files(everything: Sequence[Found]) -> _SameFiles:
    """The names in the folder of each file that has several."""
    same: _SameFiles = {}
    for found in everything:
        if found.inode is not None and found.path == found.target:
            same.setdefault(found.inode, []).append(found.path)
    return same


def _names(found: Found, same: _SameFiles) -> tuple[PurePosixPath, ...]:
    """Everything that a file is called in the folder."""
    if found.inode is None:
        return (found.path, found.target)
    return (found.path, found.target, *same.get(found.inode, ()))


def shown(path: PurePosixPath) -> str:
    """A path that can be printed, whatever bytes its name has."""
    text = str(path)
    if text.isprintable():
        return text
    return ascii(text)[1:-1]


def sentence(left: tuple[str, ...], *, ignore_file: str) -> str:
    """What stays, for people who may miss it; empty when nothing does."""
    if not left:
        return ""
    names = ", ".join(left[:SHOWN])
    if len(left) > SHOWN:
        names += f" and {len(left) - SHOWN} more"
    return f" Stayed here: {names}. A line with ! in {ignore_file} asks for a file."


def _is_portable(path: PurePosixPath) -> bool:
    """Whether Azure takes the name: text, no backslash, no dot or space at a part's end."""
    # Not `isprintable`: macOS writes a narrow no-break space into the names of screenshots.
    is_text = all(unicodedata.category(char) not in ("Cc", "Cs") for char in str(path))
    return is_text and all(
        not part.endswith((".", " ")) and "\\" not in part for part in path.parts
    )
