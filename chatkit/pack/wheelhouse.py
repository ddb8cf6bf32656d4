"""The packages of a pack: wheels that pip fetches for other machines, each as the lock names it.

Strategy: pip evaluates markers for the machine that it runs on. So each target's lines of the lock
are chosen here, and pip gets them without markers, in small parts: what a part has brought stays
when the next one fails, and is not fetched again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from chatkit.core.errors import SetupError
from chatkit.core.files import writing
from chatkit.core.system.moving import discard
from chatkit.pack.locks import Entry
from chatkit.pack.platforms import Target
from chatkit.setup import installers
from chatkit.setup.installers import SetupFailed
from chatkit.setup.packs import sha256

PART = 24
"""How many packages pip fetches in one call."""
NO_WHEEL = re.compile(r"No matching distribution found for ([A-Za-z0-9._-]+)==")
UNREACHABLE = tuple(sign for sign in installers.OFFLINE if sign != "from versions: none")
Step = Callable[[int, int], object]


@dataclass
class Wheelhouse:
    """A folder of wheels.

    Attributes:
        folder: It is there.
        python: An interpreter that has pip.
        used: The names of the wheels that some target needs.
        lacking: What no wheel was found for.
    """

    folder: Path
    python: str
    used: set[str] = field(default_factory=set)
    lacking: list[str] = field(default_factory=list)
    _hashes: dict[str, str] = field(default_factory=dict)

    def fill(self, entries: Sequence[Entry], target: Target, step: Step) -> None:
        """Bring what a target needs of a lock.

        Args:
            entries: Of the lock.
            target: A machine and its Python.
            step: Takes how many packages are there, and of how many.

        Raises:
            SetupError: They cannot be fetched; what is there stays.
        """
        wanted = [entry for entry in entries if target.needs(entry.requirement)]
        missing = [entry for entry in wanted if self.wheel(entry, target) is None]
        there = len(wanted) - len(missing)
        step(there, len(wanted))
        for part in parts(missing):
            self._fetch(part, target)
            there += len(part)
            step(there, len(wanted))
        for entry in wanted:
            found = self.wheel(entry, target)
            if found is None:
                self.lacking.append(f"{entry} for {target}")
            else:
                self.used.add(found)

    def wheel(self, entry: Entry, target: Target) -> str | None:
        """The file of a package that a target takes and the lock knows, where it is there."""
        for path in self._of(entry):
            if target.takes(path.name) and self._sha256(path) in entry.hashes:
                return path.name
        return None

    def _of(self, entry: Entry) -> Iterator[Path]:
        """The files of one version of a package."""
        for path in sorted(self.folder.glob("*.whl")):
            with suppress(InvalidWheelFilename):
                name, version, _, _ = parse_wheel_filename(path.name)
                if name == entry.name and entry.requirement.specifier.contains(version):
                    yield path

    def leave_only(self, names: Iterable[str]) -> None:
        """Delete what an earlier attempt with other targets has brought."""
        kept = {*names}
        discard(path for path in self.folder.iterdir() if path.name not in kept)

    def check_complete(self) -> None:
        """Make sure that there was a wheel of everything.

        Raises:
            SetupError: Some packages have no wheel; the message names them.
        """
        if self.lacking:
            raise SetupError(
                f"There is no wheel of {', '.join(self.lacking)}.",
                hint="`--platform` and `--python` choose others; a package without a wheel cannot"
                " be installed from a pack.",
            )

    def _sha256(self, path: Path) -> str:
        # Read once: nobody else writes here.
        if path.name not in self._hashes:
            self._hashes[path.name] = sha256(path)
        return self._hashes[path.name]

    def _fetch(self, part: list[Entry], target: Target) -> None:
        """Fetch packages; those of which there is no wheel are left out."""
        left = part
        while left:
            try:
                self._download(left, target)
                return
            except SetupFailed as error:
                lacking = {canonicalize_name(name) for name in NO_WHEEL.findall(error.output)}
                is_cut_off = any(sign in error.output.lower() for sign in UNREACHABLE)
                if is_cut_off or not lacking:
                    raise SetupError(f"The pack is not made: {said(error)}") from error
                left = [entry for entry in left if entry.name not in lacking]

    def _download(self, part: list[Entry], target: Target) -> None:
        lines = self.folder.parent / "fetched.txt"
        with writing(lines):
            lines.write_text("\n".join(entry.line() for entry in part), encoding="utf-8")
        self._forget_damaged(part)
        command = [self.python, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
        command += ["--no-input", "--no-deps", "--require-hashes", "--only-binary", ":all:"]
        command += ["--dest", str(self.folder), "--requirement", str(lines)]
        # The lock's markers have decided; for pip a Python 3.11 is 3.11.0.
        command += [
            "--ignore-requires-python",
            "--implementation",
            "cp",
            "--python-version",
            target.version,
        ]
        command += ["--abi", target.abi]
        for tag in target.platform.tags:
            command += ["--platform", tag]
        try:
            installers.run_tool(command)
        finally:
            discard([lines])

    def _forget_damaged(self, part: list[Entry]) -> None:
        """Delete files of these packages that are not the lock's: half ones of an attempt before.

        pip would take its word that they are there.
        """
        for entry in part:
            for path in [*self._of(entry)]:
                if self._sha256(path) not in entry.hashes:
                    self._hashes.pop(path.name)
                    discard([path])


def parts(entries: Sequence[Entry]) -> Iterator[list[Entry]]:
    """Small parts of a list, with no package twice in one: pip takes one version in a call."""
    part: list[Entry] = []
    for entry in entries:
        if len(part) == PART or any(other.name == entry.name for other in part):
            yield part
            part = []
        part.append(entry)
    if part:
        yield part


def said(error: SetupFailed) -> str:
    """Why packages were not fetched, for the person who makes a pack."""
    low = error.output.lower()
    if any(sign in low for sign in UNREACHABLE):
        return (
            "the packages cannot be downloaded. Check the network (behind a proxy, set"
            " HTTPS_PROXY), then type the same again: what was fetched is kept."
        )
    if "no space left" in low:
        return (
            "the disk is full, the pack's or that of temporary files. Packages for a machine take"
            " about 100 MB; free some, then type the same again: what was fetched is kept."
        )
    return error.elsewhere
