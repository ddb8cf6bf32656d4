"""Zip packages of function apps.

Checked whole before anything is written, rejected rather than repaired.
"""

from __future__ import annotations

import lzma
import re
import stat
import struct
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from chatkit.core.files import writing
from chatkit.core.system.names import extended, fault, is_device
from chatkit.localcloud.functions.host.errors import PackageRejected

MAX_ENTRIES = 20_000
MAX_TOTAL_BYTES = 1_000_000_000
MAX_NAME_BYTES = 255  # of Linux, macOS and Windows
MAX_PATH_CHARS = 1_000  # leaves room for the folder of the version, in Linux's 4,096 bytes
MAX_RATIO = 200
RATIO_MATTERS_ABOVE_BYTES = 50_000_000


def unpack(package: Path, folder: Path) -> list[str]:
    """Check a package and extract it into a folder that must not exist yet.

    Returns:
        Warnings for the build log.

    Raises:
        PackageRejected: What is wrong with it; the folder may hold a part and is the caller's to
            remove.
        NotWritten: The disk is full, or takes no writes; the folder may hold a part, too.
    """
    try:
        with zipfile.ZipFile(package) as archive:
            entries = archive.infolist()
            check(entries)
            with writing(folder):
                folder.mkdir(parents=True)
                archive.extractall(extended(str(folder)))
    except (zipfile.BadZipFile, zlib.error, struct.error, ValueError) as error:
        raise PackageRejected(f"The package is not a valid zip file: {error}.") from None
    except (NotImplementedError, RuntimeError, EOFError, lzma.LZMAError) as error:
        raise PackageRejected(
            f"The package uses a zip feature that is not supported: {error}."
        ) from None
    except OSError as error:
        raise PackageRejected(f"The package cannot be unpacked: {error.strerror}.") from None
    return _warnings(entries)


def check(entries: list[zipfile.ZipInfo]) -> None:
    """Apply every rule to a package's list of entries.

    Raises:
        PackageRejected: The first rule that is broken.
    """
    if len(entries) > MAX_ENTRIES:
        raise PackageRejected(f"The package has {len(entries)} entries; {MAX_ENTRIES} are allowed.")
    for entry in entries:
        _check_entry(entry)
    _check_names(entries)
    _check_sizes(entries)
    _check_root([entry.filename for entry in entries])


def _check_entry(entry: zipfile.ZipInfo) -> None:
    name = entry.orig_filename
    parts = PurePosixPath(name).parts
    if not name or "\x00" in name or any(ord(character) < 32 for character in name):
        raise PackageRejected("The package has an entry with an unreadable name.")
    if name.startswith("/") or re.match(r"^[A-Za-z]:", name):
        raise PackageRejected(f"The package has an absolute path: '{name}'.")
    if "\\" in name:
        raise PackageRejected(
            f"The package has a path with a backslash: '{name}'. Zip paths use '/'."
        )
    if ".." in parts:
        raise PackageRejected(f"The package has a path that leaves its folder: '{name}'.")
    if any(is_device(part) for part in parts):
        raise PackageRejected(f"The package has a reserved device name: '{name}'.")
    for part in parts:
        refused = fault(part)
        if refused:
            raise PackageRejected(
                f"The package has the name '{name}', which this machine cannot have: {refused}."
            )
    longest = max((len(part.encode(errors="replace")) for part in parts), default=0)
    if longest > MAX_NAME_BYTES or len(name) > MAX_PATH_CHARS:
        raise PackageRejected(
            f"The package has a name that is too long: '{name[:60]}...'. A name has at most"
            f" {MAX_NAME_BYTES} bytes, a path {MAX_PATH_CHARS} characters."
        )
    mode = entry.external_attr >> 16
    if mode and not (stat.S_ISREG(mode) or stat.S_ISDIR(mode) or stat.S_IFMT(mode) == 0):
        raise PackageRejected(f"The package has a symbolic link or special file: '{name}'.")
    if entry.flag_bits & 1:
        raise PackageRejected(f"The package is encrypted ('{name}').")


def _check_names(entries: list[zipfile.ZipInfo]) -> None:
    """No two entries in one place: names compare without case, as on Windows and macOS."""
    seen: set[str] = set()
    files: dict[str, str] = {}
    for entry in entries:
        place = str(PurePosixPath(entry.filename.casefold()))
        if place in seen:
            raise PackageRejected(
                f"The package has the entry '{entry.filename}' twice (names compare without case)."
            )
        seen.add(place)
        if not entry.is_dir():
            files[place] = entry.filename
    for folder in _folders(seen):
        if folder in files:
            raise PackageRejected(
                f"The package has '{files[folder]}' both as a file and as a folder."
            )


def _folders(places: set[str]) -> set[str]:
    """The folders that hold these entries: each is one to make, whether an entry names it or not.

    Raises:
        PackageRejected: There are too many.
    """
    found: set[str] = set()
    for place in places:
        end = place.rfind("/")
        while end > 0 and place[:end] not in found:
            found.add(place[:end])
            end = place.rfind("/", 0, end)
        if len(found) > MAX_ENTRIES:
            raise PackageRejected(f"The package has more than {MAX_ENTRIES} folders.")
    return found


def _check_sizes(entries: list[zipfile.ZipInfo]) -> None:
    total = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries) or 1
    if total > MAX_TOTAL_BYTES:
        raise PackageRejected(
            f"The package would unpack to {total:,} bytes; {MAX_TOTAL_BYTES:,} are allowed."
        )
    if total > RATIO_MATTERS_ABOVE_BYTES and total / packed > MAX_RATIO:
        raise PackageRejected(
            f"The package would unpack to {total // packed} times its size: that looks "
            "like a zip bomb."
        )


def _check_root(names: list[str]) -> None:
    if "host.json" in names:
        return
    nested = next((name for name in names if name.endswith("/host.json")), "")
    if nested:
        raise PackageRejected(
            f"host.json is not at the root of the package but at '{nested}'.",
            hint="Zip the contents of the folder, not the folder itself.",
        )
    raise PackageRejected(
        "The package has no host.json at its root.",
        hint="Zip the contents of the function app's folder.",
    )


def _warnings(entries: list[zipfile.ZipInfo]) -> list[str]:
    names = {entry.filename for entry in entries}
    warnings = []
    if "local.settings.json" in names:
        warnings.append(
            "The package holds local.settings.json. It is not used here, and its secrets "
            "do not belong in a package."
        )
    if "requirements.txt" not in names:
        warnings.append(
            "The package has no requirements.txt: only azure-functions will be there in Azure."
        )
    is_model_1 = any(PurePosixPath(name).match("*/function.json") for name in names)
    if "function_app.py" not in names and not is_model_1:
        warnings.append("The package has no function_app.py at its root.")
    return warnings
