"""How an environment differs from the lock, and bringing it in line.

A package's own dependencies are lower bounds; the lock names the versions that were tested.
Standard library only.
"""

from __future__ import annotations

import importlib.metadata
import os
import re
import sys
import sysconfig
from pathlib import Path

from chatkit.setup import installers

ENTRY = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.M)


def others(lock: Path) -> dict[str, str]:
    """Packages of this environment that have another version than each that a lock names.

    Returns:
        The version that is installed, by name. One that is missing is not for this system.
    """
    locked: dict[str, set[str]] = {}
    for name, version in ENTRY.findall(lock.read_text(encoding="utf-8")):
        locked.setdefault(_same(name), set()).add(version)
    found: dict[str, str] = {}
    for package in importlib.metadata.distributions():
        name = _same(package.metadata["Name"] or "")
        # Of two on the path, Python imports the first.
        if name in locked and name not in found:
            found[name] = package.version
    return {name: version for name, version in found.items() if version not in locked[name]}


def can_be_installed() -> bool:
    """Whether this user may write into this environment."""
    return os.access(sysconfig.get_path("purelib"), os.W_OK)


def install(lock: Path) -> None:
    """Bring this environment to the versions of a lock.

    Raises:
        SetupFailed: With a sentence for a person.
    """
    installers.install(Path(sys.executable), lock, installers.find_uv(), again=False)


def _same(name: str) -> str:
    """One spelling of a package's name (packaging.python.org, "Name normalization")."""
    return re.sub(r"[-_.]+", "-", name).lower()
