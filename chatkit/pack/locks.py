"""The entries of a lock, as `uv pip compile --generate-hashes` writes them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


@dataclass(frozen=True)
class Entry:
    """One version of a package.

    Attributes:
        hashes: SHA-256 of each file of it.
    """

    requirement: Requirement
    hashes: frozenset[str]

    @property
    def name(self) -> str:
        """The package's name, spelled as in files' names."""
        return canonicalize_name(self.requirement.name)

    @property
    def version(self) -> str:
        """The one version."""
        return next(iter(self.requirement.specifier)).version

    def __str__(self) -> str:
        return f"{self.name} {self.version}"

    def line(self) -> str:
        """As an installer reads it for a machine that was chosen already: without a marker."""
        hashes = "".join(f" --hash=sha256:{one}" for one in sorted(self.hashes))
        return f"{self.name}=={self.version}{hashes}"


def read(lock: Path) -> list[Entry]:
    """All entries of a lock."""
    return entries(lock.read_text(encoding="utf-8"))


def entries(text: str) -> list[Entry]:
    """All entries of a lock's text."""
    found: list[Entry] = []
    for line in re.sub(r"\\\r?\n", " ", text).splitlines():
        said = line.partition(" --hash=")[0].strip()
        if said and not said.startswith("#"):
            found.append(Entry(Requirement(said), frozenset(HASH.findall(line))))
    return found


def only(known: Iterable[Entry], names: Iterable[str]) -> list[Entry]:
    """The entries of some packages."""
    wanted = {canonicalize_name(name) for name in names}
    return [entry for entry in known if entry.name in wanted]
