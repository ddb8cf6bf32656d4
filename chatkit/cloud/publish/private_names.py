"""Names that say that a file is not for others: keys, credentials, settings, what tools leave.

Names are compared as the most forgiving file system compares them: in any case, in any of Unicode's
compatible forms, and without dots and spaces at their end, which Windows ignores.
"""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePosixPath

WELL_KNOWN = ".well-known"  # RFC 8615: the one folder with a dot that a website is asked for
# What tools leave in a folder. Nobody misses it elsewhere.
LEFTOVERS = {
    *("__pycache__", ".ipynb_checkpoints", ".venv", "venv", "node_modules", ".python_packages"),
    *(".pytest_cache", ".mypy_cache", ".ruff_cache", ".vscode", ".idea", ".vs", ".hg", ".svn"),
    *(".ds_store", "thumbs.db", "desktop.ini", ".funcignore", ".pageignore", "project.lock.json"),
}
LEFTOVER_PREFIXES = (".git", "._", ".~lock.")
LEFTOVER_SUFFIXES = (".pyc", ".pyo", ".ipynb")
KEPT_VERSION = re.compile(r"\.before-[0-9]")  # what `%%chatfile` keeps beside
# Settings of this machine, which nothing else ever needs.
SETTINGS_PREFIXES = (".env", "local.settings.json")
KEY_SUFFIXES = {
    *(".pem", ".key", ".pfx", ".p12", ".p8", ".ppk", ".jks", ".keystore", ".kdbx", ".gpg"),
    *(".env", ".publishsettings", ".tfstate", ".tfvars"),
}
KEY_PREFIXES = ("id_rsa", "id_dsa", "id_ecdsa", "id_ed25519")
# As data, not as code: an app may well have a module `credentials.py`.
PRIVATE_DATA = re.compile(
    r"(?:credentials?|secrets?|client_?secrets?|service[-_]?account|appsettings|local\.settings)"
    r"(?![a-z])"
)
DATA_SUFFIXES = {"", ".json", ".yaml", ".yml", ".toml", ".ini", ".cfg", ".csv", ".xml", ".txt"}
COPY_SUFFIXES = {".bak", ".old", ".orig", ".save", ".swp", ".tmp"}


def is_leftover(path: PurePosixPath) -> bool:
    """Whether a tool has left the file, or a folder that it is in."""
    return any(_is_leftover(plain(part)) for part in path.parts)


def is_machine_setting(path: PurePosixPath) -> bool:
    """Whether the file holds settings of this machine."""
    return any(plain(part).startswith(SETTINGS_PREFIXES) for part in path.parts)


def private_part(path: PurePosixPath) -> PurePosixPath | None:
    """The first part of a path that says that it is private, with what is above it."""
    for depth, part in enumerate(path.parts[:-1], start=1):
        if plain(part).startswith(".") and part != WELL_KNOWN:
            return PurePosixPath(*path.parts[:depth])
    if _is_private(plain(path.name)):
        return path
    return None


def plain(name: str) -> str:
    """A name as it is compared."""
    return unicodedata.normalize("NFKC", name).casefold().rstrip(". \t\u200b")


def _is_leftover(name: str) -> bool:
    return (
        name in LEFTOVERS
        or name.startswith(LEFTOVER_PREFIXES)
        or name.endswith(LEFTOVER_SUFFIXES)
        or KEPT_VERSION.search(name) is not None
    )


def _is_private(name: str) -> bool:
    if name.startswith((".", *KEY_PREFIXES)):
        return True
    original = _without_copy_suffix(name)
    suffix = PurePosixPath(original).suffix
    if suffix in KEY_SUFFIXES:
        return True
    return suffix in DATA_SUFFIXES and PRIVATE_DATA.match(original) is not None


def _without_copy_suffix(name: str) -> str:
    """The name of the file that this one is a copy of."""
    name = name.rstrip("~")
    while (suffix := PurePosixPath(name).suffix) in COPY_SUFFIXES:
        name = name.removesuffix(suffix)
    return name
