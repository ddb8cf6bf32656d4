"""A pack as it is read: what `chatkit pack` has written, and an environment keeps of it.

Standard library only.
"""

from __future__ import annotations

import hashlib
import json
import platform
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from chatkit.core.system.programs import executable
from chatkit.setup import installers
from chatkit.setup.installers import SetupFailed
from chatkit.setup.uv_by_pip import Uv

RECORD = "pack.json"
SUMS = "SHA256SUMS"
LOCK = "requirements.lock"
WHEELS = "wheels"
KEPT = "chatkit-pack.txt"
"""In an environment: where the pack was from which it was made."""
NO_WHEEL = ("no matching distribution", "no wheels with a matching")
"""What pip and uv say where none of a package's wheels is for this machine."""
COPY_AGAIN = "Copy the pack again, whole."


@dataclass(frozen=True)
class Pack:
    """A pack.

    Attributes:
        folder: Where it is.
        version: Of the kit in it.
        kit: The name of the kit's wheel.
        pythons: For which Pythons it has wheels, as `3.12`.
        platforms: For which machines, as `here` names them.
        uv: The name of uv's wheel for each machine.
    """

    folder: Path
    version: str
    kit: str
    pythons: tuple[str, ...]
    platforms: tuple[str, ...]
    uv: Mapping[str, str]

    @classmethod
    def read(cls, folder: Path) -> Pack:
        """Read what a pack says of itself.

        Raises:
            SetupFailed: The folder is not a pack, or not a whole one.
        """
        try:
            said = json.loads((folder / RECORD).read_text(encoding="utf-8"))
            return cls(
                folder=folder,
                version=str(said["version"]),
                kit=str(said["kit"]),
                pythons=tuple(str(one) for one in said["pythons"]),
                platforms=tuple(str(one) for one in said["platforms"]),
                uv={str(name): str(wheel) for name, wheel in said["uv"].items()},
            )
        except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
            raise SetupFailed(f"{folder / RECORD} cannot be read. {COPY_AGAIN}") from error

    @property
    def wheels(self) -> Path:
        """The folder of its packages."""
        return self.folder / WHEELS

    def check_whole(self) -> None:
        """Compare its files with their hashes.

        Raises:
            SetupFailed: One is missing or differs.
        """
        for name, digest in listed(self.folder):
            try:
                if sha256(self.folder / name) == digest:
                    continue
            except OSError as error:
                raise SetupFailed(f"{name} of the pack is missing. {COPY_AGAIN}") from error
            raise SetupFailed(f"{name} of the pack is damaged. {COPY_AGAIN}")

    def check_serves(self, python: str) -> None:
        """Make sure that it has packages for this machine and a Python.

        Raises:
            SetupFailed: It has none.
        """
        if here() not in self.platforms:
            raise SetupFailed(
                f"this pack is for {_either(self.platforms)}, and this machine is {here()}."
                f" `chatkit pack FOLDER --platform {here()}` makes one for it."
            )
        if python not in self.pythons:
            raise SetupFailed(
                f"this pack is for Python {_either(self.pythons)}, and this is Python {python}."
                f" `chatkit pack FOLDER --python {python}` makes one for it."
            )

    def install(self, python: Path, uv: Uv | None) -> None:
        """Install all of it into an environment, anew: another pack's kit may have this version.

        Args:
            python: The environment's interpreter.
            uv: This machine's; None takes the pack's, and pip where that does not run.

        Raises:
            SetupFailed: With a sentence for a person.
        """
        tool = uv or self._uv(python)
        try:
            lock = self.folder / LOCK
            installers.install(python, lock, tool, again=True, wheels=self.wheels)
        except SetupFailed as error:
            if not any(words in error.output.lower() for words in NO_WHEEL):
                raise
            raise SetupFailed(
                "this system is older than the pack's packages need: Linux with glibc 2.28, or"
                " macOS 13.",
                output=error.output,
            ) from error

    def _uv(self, python: Path) -> Uv | None:
        """Its uv, unpacked beside an environment's interpreter; None where it does not run."""
        wheel = self.uv.get(here())
        if wheel is None:
            return None
        path = python.with_name(executable("uv"))
        _unpack(self.wheels / wheel, path)
        with suppress(OSError):
            if subprocess.run([path, "--version"], capture_output=True).returncode == 0:
                return Uv(str(path))
        return None


def here() -> str:
    """The name of this machine: system and processor, as `linux-x86_64`."""
    if sys.platform == "win32":
        return sysconfig.get_platform().replace("win-", "windows-")
    if sys.platform == "darwin":
        return f"macos-{platform.machine()}"
    musl = "-musl" if "musl" in str(sysconfig.get_config_var("SOABI")) else ""
    return f"{sys.platform}-{platform.machine()}{musl}"


def this_python() -> str:
    """The version of this Python as packs and Azure name it: `3.12`."""
    return f"{sys.version_info[0]}.{sys.version_info[1]}"


def listed(folder: Path) -> Iterator[tuple[str, str]]:
    """The files of a pack with their hashes, as `sha256sum --check` reads them.

    Raises:
        SetupFailed: The list is gone or damaged.
    """
    try:
        lines = (folder / SUMS).read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise SetupFailed(f"{folder / SUMS} cannot be read. {COPY_AGAIN}") from error
    for line in lines:
        digest, _, name = line.partition("  ")
        yield name, digest


def sha256(path: Path) -> str:
    """The hash of a file."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def keep(pack: Pack, environment: Path) -> None:
    """Remember where the pack of an environment is: its wheels serve there, too."""
    path = environment / KEPT
    with suppress(OSError):  # on a full disk: an app's own packages are then not found
        if not path.exists() or path.read_text(encoding="utf-8") != str(pack.folder):
            path.write_text(str(pack.folder), encoding="utf-8")


def wheels() -> Path | None:
    """The wheels of the pack that this environment was made from, while that is there."""
    try:
        folder = Path((Path(sys.prefix) / KEPT).read_text(encoding="utf-8")) / WHEELS
    except (OSError, ValueError):
        return None
    return folder if folder.is_dir() else None


def make_without_pip(folder: Path) -> None:
    """Make an environment for uv. Debian's Python has no pip for it, and no internet to get one.

    Raises:
        SetupFailed: This Python cannot.
    """
    installers.run_tool([installers.base_python(), "-m", "venv", "--without-pip", str(folder)])


def _unpack(wheel: Path, program: Path) -> None:
    """Take the one program of that name out of a wheel (its `.data/scripts`, PEP 427)."""
    with zipfile.ZipFile(wheel) as content:
        names = [name for name in content.namelist() if name.endswith(f"/scripts/{program.name}")]
        program.write_bytes(content.read(names[0]))
    program.chmod(0o755)


def _either(names: tuple[str, ...]) -> str:
    return " or ".join(names)
