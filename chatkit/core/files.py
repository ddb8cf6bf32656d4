"""The one place that writes bytes: whole and checked, or not at all.

A reader never sees half of a file. A disk that is full in the middle leaves what was there before,
and the error says which disk it is.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import stat
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from typing import NamedTuple

from chatkit.core.errors import NotWritten, SetupError
from chatkit.core.system.moving import discard, remove, replace
from chatkit.core.system.names import is_too_long

KB = 1024
NOTHING: Mapping[Path, bytes | str] = {}
PRIVATE = 0o600
PUBLIC = 0o666  # less what this user's umask takes
# Windows' ERROR_HANDLE_DISK_FULL and ERROR_DISK_FULL; Python gives the first one another errno.
DISK_FULL_ON_WINDOWS = (39, 112)
QUOTA = getattr(errno, "EDQUOT", None)  # Windows has none
REASONS = {
    errno.ENOSPC: "the disk is full",
    QUOTA: "your quota on the disk is used up",
    errno.EFBIG: "it would be larger than a file may be here",
    errno.EROFS: "the disk is read-only",
    errno.EIO: "the disk has failed",
    errno.EACCES: "it is not allowed",
    errno.EPERM: "it is not allowed",
}
IN_THE_WAY = {
    errno.EISDIR: "a folder has its name",
    errno.ENOTDIR: "a file has the name of its folder",
    errno.EEXIST: "a file has the name of its folder",
    errno.ELOOP: "its folder is a link that leads to itself",
}
NOTHING_FREE = (errno.ENOSPC, QUOTA)
NOT_ALLOWED = (errno.EACCES, errno.EPERM)
FILE_LIMIT = "`ulimit -f` shows the limit of this shell, and `ulimit -f unlimited` takes it away."
SHORTER = (
    "Windows takes 259 characters: choose a shorter CHATKIT_HOME, or switch long paths on"
    " (learn.microsoft.com/windows/win32/fileio/maximum-file-path-limitation)."
)
# Without O_BINARY, Windows writes other line ends.
NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)


def write_private(path: Path, content: bytes | str) -> None:
    """Replace a file atomically; only this user can read it. Its folder is made if missing.

    Raises:
        NotWritten: Its disk is full, or takes no writes; the file is as it was.
    """
    write_together(private={path: content})


def write_public(path: Path, content: bytes | str) -> None:
    """Replace a file atomically; who could read it can read it afterwards, too.

    A link is replaced itself: what it leads to may lie outside of what is the kit's to write.

    Raises:
        NotWritten: As for `write_private`.
    """
    write_together(public={path: content})


def write_together(
    *, private: Mapping[Path, bytes | str] = NOTHING, public: Mapping[Path, bytes | str] = NOTHING
) -> None:
    """Replace several files: when one of them cannot be written, all stay as they were.

    Every content is on the disk before the first file is replaced, and replacing needs no space.

    Args:
        private: Contents of files that only this user can read.
        public: Contents of files that stay readable for whom they are.

    Raises:
        NotWritten: As for `write_private`.
    """
    drafts: list[_Draft] = []
    try:
        for path, content in private.items():
            drafts.append(_draft(path, content, mode=PRIVATE))
        for path, content in public.items():
            drafts.append(_draft(path, content, mode=_mode(path)))
        for draft in drafts:
            with replacing(draft.path):
                replace(draft.temporary, draft.path)
    except BaseException:
        discard(draft.temporary for draft in drafts)
        raise


class _Draft(NamedTuple):
    """A content on its way to its file."""

    path: Path
    temporary: Path


def _draft(path: Path, content: bytes | str, *, mode: int | None) -> _Draft:
    """Write a content beside its file; mode None is what this user's new files have."""
    data = content.encode() if isinstance(content, str) else content
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    with replacing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            made_with = PUBLIC if mode is None else PRIVATE
            descriptor = os.open(temporary, NEW_FILE, made_with)
            with FileIO(descriptor, "wb") as file:
                write_all(file, data)
            if mode is not None:
                temporary.chmod(mode)
        except BaseException:
            discard([temporary])
            raise
    return _Draft(path, temporary)


def _mode(path: Path) -> int | None:
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return None


def write_all(file: FileIO, data: bytes) -> None:
    """Write all of the data to an unbuffered file.

    A nearly full disk takes a part of it, and says only at the next write that it is full.

    Raises:
        OSError: It does not take all of it.
    """
    rest = memoryview(data)
    while rest:
        taken = file.write(rest)
        if not taken:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        rest = rest[taken:]


@contextmanager
def new_file(path: Path) -> Iterator[FileIO]:
    """A new file, unbuffered, to write to in the block; a block that fails leaves none.

    Its folder is made if missing; only this user can read that.

    Raises:
        NotWritten: The disk is full, or takes no writes.
    """
    with writing(path):
        file = _create(path)
        try:
            with file:
                yield file
        except BaseException:
            discard([path])
            raise


def _create(path: Path) -> FileIO:
    try:
        return open(path, "xb", buffering=0)
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        return open(path, "xb", buffering=0)


def private_folder(path: Path) -> None:
    """Make a folder for its owner alone, and those above it that are missing.

    `Path.mkdir` lets everybody read the folders above.
    """
    if path.is_dir():
        return
    private_folder(path.parent)
    path.mkdir(exist_ok=True, mode=0o700)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Say of errors that the disk causes in the block which file and which disk they are about.

    Raises:
        NotWritten: The disk is full, or takes no writes.
    """
    try:
        yield
    except OSError as error:
        refused = refusal(error, path)
        if refused is None:
            raise
        raise refused from error


@contextmanager
def replacing(path: Path) -> Iterator[None]:
    """The same of errors while a file is replaced, and of what has its name or its folder's.

    Raises:
        NotWritten: As for `writing`, a folder stands there, or its own takes no files.
    """
    with writing(path):
        try:
            yield
        except OSError as error:
            if error.errno == errno.ENOENT and not is_too_long(str(path)):
                # It was made, or is there: /proc, for example, has no place for a file.
                raise NotWritten(
                    f"{path} cannot be written: its folder takes no new files, or is gone.",
                    hint="Choose another folder.",
                ) from error
            if error.errno not in IN_THE_WAY:
                raise
            raise NotWritten(
                f"{path} cannot be written: {IN_THE_WAY[error.errno]}.",
                hint="Give what is there another name.",
            ) from error


def refusal(error: OSError, path: Path) -> NotWritten | None:
    """What an error says about writing a file; None when it does not come from the disk."""
    if getattr(error, "winerror", 0) in DISK_FULL_ON_WINDOWS:
        return not_written(path, errno.ENOSPC)
    if error.errno == errno.ENOENT and is_too_long(str(path)):
        return NotWritten(f"{path} cannot be written: its path is too long.", hint=SHORTER)
    if error.errno == errno.ENAMETOOLONG:
        return NotWritten(f"{path} cannot be written: its name is too long.", hint="Shorten it.")
    if error.errno is None or error.errno not in REASONS:
        return None
    return not_written(path, error.errno)


def not_written(path: Path, number: int) -> NotWritten:
    """The refusal to write a file, with the disk and what is free there.

    Args:
        path: The file.
        number: Why, as an errno.
    """
    disk = disk_of(path)
    sentence = f"{path} cannot be written: {REASONS.get(number, os.strerror(number))}"
    if number in NOTHING_FREE:
        return NotWritten(
            f"{sentence} ({disk} has {_free(disk)} left).",
            hint=f"Free some space on {disk}, then try again.",
            is_full=True,
        )
    if number == errno.EFBIG:
        return NotWritten(f"{sentence}.", hint=FILE_LIMIT, is_full=True)
    if number in NOT_ALLOWED:
        protected = _protected(path)
        return NotWritten(f"{sentence} ({protected} {_whose(protected)}).", hint=_freed(protected))
    return NotWritten(f"{sentence} ({disk}).")


def check_writable(folder: Path) -> None:
    """Look whether this user may write in a folder.

    Raises:
        NotWritten: Not so; the hint changes it.
    """
    if not os.access(folder, os.W_OK | os.X_OK):
        raise NotWritten(f"{folder} takes no writes: it {_whose(folder)}.", hint=_freed(folder))


def typed(folder: str) -> Path:
    """The folder that somebody has typed, absolute; `~` is a person's own.

    Raises:
        SetupError: It is that of nobody.
    """
    expanded = os.path.expanduser(folder)
    if expanded.startswith("~"):
        name = expanded.partition("/")[0]
        raise SetupError(
            f"{folder} is nowhere: {name} has no folder.", hint="Type all of its path."
        )
    return Path(expanded).absolute()


def check_can_be_made(path: Path) -> None:
    """Look whether this user can make a file or folder of that name; nothing of it stays.

    Raises:
        NotWritten: Not so.
    """
    missing = path.absolute()
    while not os.path.lexists(missing.parent):
        missing = missing.parent
    if missing.parent.is_dir():
        check_writable(missing.parent)
    probe = missing.with_name(f".{missing.name}.{secrets.token_hex(4)}.tmp")
    with replacing(path):
        probe.mkdir()
        probe.rmdir()


def check_takes_writes(folder: Path) -> None:
    """Look whether there is room for a little in a folder.

    Raises:
        NotWritten: The disk is full, or takes no writes.
    """
    write_private(folder / ".probe", "full?")
    remove(folder / ".probe")


def _protected(path: Path) -> Path:
    """What keeps this user from writing a file: its folder, in which the new one is made, or one
    above it, or else the file itself.
    """
    folder = path.absolute().parent
    while not os.path.isdir(folder) and folder.parent != folder:
        folder = folder.parent
    is_folder_open = os.access(folder, os.W_OK | os.X_OK)
    return path if is_folder_open and os.path.lexists(path) else folder


def _whose(path: Path) -> str:
    owner = _owner(path)
    if owner:
        return f"belongs to {owner}"
    return "is protected" if os.access(path, os.W_OK) else "is read-only"


def _freed(path: Path) -> str:
    """What lets this user write a file, or into a folder; empty where nobody knows."""
    if sys.platform == "win32":
        return f"The properties of {path} say who may write there."
    owner = _owner(path)
    if owner:
        return f"Take it back from {owner}, or use a folder of your own."
    if os.access(path, os.W_OK):
        return ""
    return f"`chmod u+rwX {path}` lets you write there again."


def _owner(path: Path) -> str:
    """Who owns a file, empty where that is this user or cannot be seen."""
    if sys.platform == "win32":  # files have no owner there that Python could tell
        return ""
    try:
        return "" if path.stat().st_uid == os.geteuid() else path.owner()
    except (OSError, KeyError):
        return ""


def disk_of(path: Path) -> Path:
    """Where the disk of a file, or of a file to be, is mounted."""
    here = path.absolute()
    while here.parent != here:
        # Not `Path.exists`: it fails in a folder that this user may not look into.
        if os.path.exists(here) and os.path.ismount(here):
            break
        here = here.parent
    return here


def free_bytes(path: Path) -> int:
    """What this user can still write on the disk of a file or folder that is there.

    A quota is not seen.
    """
    return shutil.disk_usage(path).free


def _free(disk: Path) -> str:
    try:
        return f"{free_bytes(disk) // KB:,} KB"
    except OSError:
        return "an unknown number of bytes"
