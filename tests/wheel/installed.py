"""The package as people get it: a wheel, installed into an environment of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from dataclasses import dataclass
from pathlib import Path

from chatkit.core.system.programs import python_of
from chatkit.setup import installers

ROOT = Path(__file__).resolve().parents[2]
OF_THIS_RUN = ("CHATKIT_", "PYTEST_", "PYTHON", "JPY_", "JUPYTER", "VIRTUAL_ENV", "XDG_")


def built(folder: Path) -> Path:
    """Build the wheel of the checkout, without the network."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


@dataclass(frozen=True)
class Installed:
    """An environment that has the wheel, and sees the other packages of this one.

    Attributes:
        python: Its interpreter.
        person: The home folder of who uses it.
    """

    python: Path
    person: Path

    def run(
        self, *module: str, cwd: Path | None = None, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run `python -m MODULE ...` as that person, who has set no variable."""
        return subprocess.run(
            [str(self.python), "-m", *module],
            cwd=cwd or self.person,
            env=self.variables(),
            check=check,
            text=True,
            encoding="utf-8",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def say(self, code: str, *, cwd: Path | None = None) -> list[str]:
        """The lines that a piece of Python prints there."""
        command = [str(self.python), "-c", code]
        where = cwd or self.person
        done = subprocess.run(
            command,
            cwd=where,
            env=self.variables(),
            check=True,
            capture_output=True,
            text=True,
            encoding="utf-8",
        )
        return done.stdout.splitlines()

    def variables(self) -> dict[str, str]:
        """The environment variables of that person."""
        others = {
            name: value for name, value in os.environ.items() if not name.startswith(OF_THIS_RUN)
        }
        # Lab's own files are where its packages were installed.
        share = Path(sys.prefix, "share", "jupyter")
        lab = {"JUPYTER_PATH": str(share), "JUPYTERLAB_DIR": str(share / "lab")}
        return {**others, **lab, "HOME": str(self.person), "USERPROFILE": str(self.person)}


def installed(wheel: Path, folder: Path) -> Installed:
    """Install a wheel into a new environment, without the network."""
    environment, uv = folder / "environment", installers.find_uv()
    if uv is None:  # this environment's pip installs there: one of its own takes seconds
        venv.create(environment, symlinks=os.name != "nt")
    else:
        installers.create(environment, uv)
    python = python_of(environment)
    pip_install(python, wheel)
    share_packages(python)
    person = folder / "person"
    person.mkdir()
    return Installed(python, person)


def share_packages(python: Path) -> None:
    """Let an environment see this one's packages, after its own."""
    # Folders that such a file names come last, and their own .pth files are not read: no chatkit.
    others = dict.fromkeys((sysconfig.get_path("purelib"), sysconfig.get_path("platlib")))
    listed = installers.site_packages(python) / "others.pth"
    listed.write_text("\n".join(others), encoding="utf-8")


def pip_install(python: Path, wheel: Path) -> None:
    """Install a wheel, and nothing else, into an environment that may have no pip."""
    uv = installers.find_uv()
    where, options = ["--python", str(python)], ["--no-deps", "--no-index", str(wheel)]
    pip = [sys.executable, "-m", "pip", *where, "install", "--no-compile", *options]
    command = pip if uv is None else [uv.path, "pip", "install", *where, *options]
    subprocess.run(command, check=True, capture_output=True)


def uvx(folder: Path) -> Path:
    """uv's command that runs a package without installing it, fetched by pip from its lock."""
    installers.create(folder, None)
    python = python_of(folder)
    lock = str(ROOT / "requirements-uv.lock")
    command = [str(python), "-m", "pip", "install", "--no-deps", "--require-hashes", "-r", lock]
    subprocess.run(command, check=True, capture_output=True)
    return python.with_name("uvx.exe" if os.name == "nt" else "uvx")
