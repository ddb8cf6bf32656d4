"""May this user read and write a home? A verb that was once typed with `sudo` leaves files that the
next one cannot use.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from chatkit.core.errors import HomeDamaged, HomeUnusable
from chatkit.core.files import write_private
from chatkit.core.home import records
from chatkit.core.home.mended import Mended


@dataclass(frozen=True)
class Place:
    """A file or folder of the home.

    Attributes:
        is_written: It is written where it stands. Others are replaced as a whole, which needs the
            right to write their folder only.
    """

    path: Path
    is_folder: bool = False
    is_written: bool = False


def folder(path: Path) -> Place:
    """A folder, in which files are made."""
    return Place(path, is_folder=True, is_written=True)


def check(root: Path, places: Iterable[Place]) -> None:
    """Look whether this user can use what is there. What is missing is no fault.

    Args:
        root: The folder that the places are in.
        places: What to look at.

    Raises:
        HomeUnusable: A file belongs to somebody else, or cannot be read or written.
        HomeDamaged: A folder stands where a file should, or the other way round.
    """
    trusted = _owners(root)
    for place in places:
        try:
            found = place.path.stat()
        except FileNotFoundError:
            continue
        except OSError as error:
            if error.errno == errno.ELOOP:
                raise HomeDamaged(place.path, "it is a link that leads to itself") from error
            raise _refused(root, place.path, f"cannot be read ({error.strerror})") from error
        _check_kind(place, found)
        if trusted and found.st_uid not in trusted:
            raise _refused(root, place.path, f"belongs to {user_name(found.st_uid)}, not to you")
        _check_rights(root, place, found)


def mend(root: Path, places: Iterable[Place]) -> Iterator[Mended]:
    """Make what is there this user's, and readable and writable, as far as this user may.

    A file of somebody else's is copied, where that is allowed; theirs is kept beside. What is no
    file where one should be is put aside: it is made anew, or taken from its copy.
    """
    trusted = _owners(root)
    for place in places:
        with suppress(OSError):
            if _is_other_kind(place):
                aside = records.put_aside(place.path).name
                yield Mended(_shown(root, place.path), "nothing", aside=aside)
        if sys.platform == "win32":
            continue
        with suppress(OSError):
            found = place.path.stat()
            kept = ""
            aside = ""
            if found.st_uid not in trusted:
                aside = _take_over(place)
                kept = f"as it is, and it is yours now; before it was {user_name(found.st_uid)}'s"
            elif _add_rights(place, found):
                kept = "as it is, and it can be read and written now"
            if kept:
                yield Mended(_shown(root, place.path), kept, aside=aside)


def _take_over(place: Place) -> str:
    """Make a file or folder this user's; returns the name under which the other is kept."""
    if sys.platform == "win32":  # files have no owner there that Python could set
        return ""
    if os.geteuid() == 0 or place.is_folder:
        os.chown(place.path, os.geteuid(), os.getegid())
        return ""
    content = place.path.read_bytes()
    aside = records.put_aside(place.path)
    write_private(place.path, content)
    return aside.name


def _add_rights(place: Place, found: os.stat_result) -> bool:
    needed = stat.S_IRUSR
    if place.is_folder:
        needed |= stat.S_IXUSR
    if place.is_written:
        needed |= stat.S_IWUSR
    if sys.platform == "win32" or found.st_uid != os.geteuid():
        return False
    if found.st_mode & needed == needed:
        return False
    place.path.chmod(stat.S_IMODE(found.st_mode) | needed)
    return True


def _shown(root: Path, path: Path) -> str:
    return path.relative_to(root.parent).as_posix()


def _owners(root: Path) -> set[int]:
    """Who may own files of a home: this user, and whoever owns its folder.

    In a container, root works in a folder that a user of the machine owns.
    """
    if sys.platform == "win32":
        return set()
    try:
        return {os.geteuid(), root.stat().st_uid}
    except OSError:
        return {os.geteuid()}


def _check_kind(place: Place, found: os.stat_result) -> None:
    if not _is_kind(place, found):
        should_be = "folder" if place.is_folder else "file"
        raise HomeDamaged(place.path, f"it should be a {should_be}")


def _is_kind(place: Place, found: os.stat_result) -> bool:
    """Whether there is what should be: a pipe, for example, is no file, and reading it waits."""
    return stat.S_ISDIR(found.st_mode) if place.is_folder else stat.S_ISREG(found.st_mode)


def _is_other_kind(place: Place) -> bool:
    try:
        return not _is_kind(place, place.path.stat())
    except FileNotFoundError:
        return False
    except OSError as error:
        return error.errno == errno.ELOOP


def _check_rights(root: Path, place: Place, found: os.stat_result) -> None:
    needed = os.R_OK
    if place.is_folder:
        needed |= os.X_OK
    if not os.access(place.path, needed):
        raise _refused(root, place.path, f"cannot be read{_whose(found)}")
    if place.is_written and not os.access(place.path, os.W_OK):
        raise _refused(root, place.path, f"cannot be written{_whose(found)}")


def _whose(found: os.stat_result) -> str:
    if sys.platform == "win32" or found.st_uid == os.geteuid():
        return ": it is read-only"
    return f": it belongs to {user_name(found.st_uid)}"


def _refused(root: Path, path: Path, why: str) -> HomeUnusable:
    if sys.platform == "win32":
        return HomeUnusable(path, why)
    return HomeUnusable(
        path,
        why,
        hint="`chatkit local repair` makes it yours where you may do that;"
        f" `sudo chown -R {user_name(os.geteuid())} {root} && chmod -R u+rwX {root}`"
        " does it everywhere.",
    )


def user_name(uid: int) -> str:
    """The name of a user, their number when they have none."""
    if sys.platform == "win32":
        return str(uid)
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
