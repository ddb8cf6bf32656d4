"""A shared machine: an environment that root has made, and ordinary users who may only read it."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from chatkit.core.processes import wait_until
from chatkit.setup import installers, uv_by_pip
from tests.wheel.installed import ROOT, pip_install

PYTHON = Path("/usr/bin/python3")
"""root's own may lie in a folder that is closed to others."""
NOT_SHARED = shutil.ignore_patterns("chatkit*", "__editable__*", "_chatkit*", "__pycache__")
# useradd(8), userdel(8): the file of passwords or of groups could not be changed.
ACCOUNTS_LOCKED = (1, 10)
ACCOUNTS_WITHIN_S = 30
needs_root = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root makes users"
)


@dataclass(frozen=True)
class Person:
    """An ordinary user of the machine.

    Attributes:
        chatkit: The command, in an environment of root's.
    """

    name: str
    uid: int
    gid: int
    home: Path
    chatkit: Path

    @property
    def python(self) -> Path:
        """The interpreter of that environment."""
        return self.chatkit.with_name("python")

    @property
    def variables(self) -> dict[str, str]:
        """What a login sets."""
        return {"HOME": str(self.home), "PATH": "/usr/local/bin:/usr/bin:/bin"}

    def start(self, *command: str) -> subprocess.Popen[str]:
        """Start a program as this user."""
        return subprocess.Popen(
            command,
            user=self.uid,
            group=self.gid,
            extra_groups=[],
            cwd=self.home,
            env=self.variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
        )

    def say(self, *command: str) -> str:
        """What a program prints as this user; it must succeed."""
        process = self.start(*command)
        said, _ = process.communicate()
        assert process.returncode == 0, said
        return said

    def type(self, *words: str) -> str:
        """What `chatkit …` prints."""
        return self.say(str(self.chatkit), *words)

    def ports(self) -> set[int]:
        """Where this user's programs listen."""
        return {
            connection.laddr.port
            for process in _processes(self.uid)
            for connection in process.net_connections("tcp")
            if connection.status == psutil.CONN_LISTEN
        }


@contextmanager
def shared_machine() -> Iterator[Path]:
    """A folder that everybody may pass through, for an environment and homes."""
    folder = Path(tempfile.mkdtemp(prefix="chatkit-shared-"))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def environment_of_root(folder: Path, wheel: Path) -> Path:
    """Make an environment that nobody else may write to; returns its `chatkit` command."""
    subprocess.run([str(PYTHON), "-m", "venv", "--without-pip", str(folder)], check=True)
    python = folder / "bin" / "python"
    code = "import sys, sysconfig; print(sysconfig.get_path('purelib'), sys.version_info[:2])"
    said = subprocess.run(
        [str(python), "-c", code], check=True, capture_output=True, text=True, encoding="utf-8"
    )
    site, _, version = said.stdout.strip().partition(" ")
    if version == str(sys.version_info[:2]):
        _share_packages(Path(site), folder)
    else:
        lock = ROOT / "requirements.lock"
        uv = installers.find_uv() or uv_by_pip.fetched(python, ROOT / "requirements-uv.lock")
        installers.install(python, lock, uv, again=False)
    pip_install(python, wheel)
    # As pip leaves an environment: nobody else can keep what Python compiles.
    subprocess.run([str(python), "-m", "compileall", "-q", str(folder)], capture_output=True)
    return folder / "bin" / "chatkit"


def _share_packages(site: Path, folder: Path) -> None:
    """Bring this environment's packages there, without the network and without taking space."""
    for source in {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}:
        shutil.copytree(source, site, copy_function=_linked, ignore=NOT_SHARED, dirs_exist_ok=True)
    share = Path(sys.prefix, "share", "jupyter")
    shutil.copytree(share, folder / "share" / "jupyter", copy_function=_linked)


def _linked(source: str, target: str) -> str:
    try:
        os.link(source, target)
    except OSError:  # another disk
        shutil.copy2(source, target)
    return target


@contextmanager
def people(count: int, machine: Path, chatkit: Path) -> Iterator[list[Person]]:
    """Ordinary users, until the block ends; nothing of them stays."""
    run = secrets.token_hex(2)
    made: list[Person] = []
    try:
        for number in range(1, count + 1):
            name = f"chatkit-{run}-{number}"
            home = machine / name
            _change_accounts("useradd", "--create-home", "--home-dir", str(home), name)
            is_of = home.stat()
            made.append(Person(name, is_of.st_uid, is_of.st_gid, home, chatkit))
        yield made
    finally:
        for person in made:
            _end(person)
            _change_accounts("userdel", person.name)


def _change_accounts(*command: str) -> None:
    """Change the machine's accounts, as soon as nobody else does."""
    until = time.monotonic() + ACCOUNTS_WITHIN_S
    assert wait_until(lambda: _changed(*command), until=until, unless=lambda: False), command


def _changed(*command: str) -> bool | None:
    """True once it is done; None while somebody else has the files of accounts."""
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8")
    if done.returncode in ACCOUNTS_LOCKED:
        return None
    assert done.returncode == 0, done.stderr
    return True


def _end(person: Person) -> None:
    """End what a user still runs."""
    own = _processes(person.uid)
    for process in own:
        process.kill()
    psutil.wait_procs(own, timeout=30)


def _processes(uid: int) -> list[psutil.Process]:
    """What runs as a user."""
    found: list[psutil.Process] = []
    for process in psutil.process_iter():
        with suppress(OSError):  # it has ended meanwhile
            if Path(f"/proc/{process.pid}").stat().st_uid == uid:
                found.append(process)
    return found
