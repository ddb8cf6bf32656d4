"""A pack starts on another machine: with its own installer, without anything else."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from chatkit.pack import packing, start
from chatkit.pack.packing import pack
from chatkit.pack.platforms import PLATFORMS, targets
from chatkit.setup import installers, packs

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        os.name == "nt" or packs.here() not in PLATFORMS, reason="start.sh, on a machine of packs"
    ),
]
OWN = packs.this_python()
SETS_UP = "setting up the environment from the pack"


@dataclass(frozen=True)
class Machine:
    """Another machine, and a stick with a pack in it."""

    folder: Path
    stick: Path

    @property
    def course(self) -> Path:
        return self.folder / "chatkit"

    def start(self, *arguments: str, path: str = "") -> subprocess.CompletedProcess[str]:
        """Type `sh start.sh`, in another folder than the pack's."""
        return subprocess.run(
            ["/bin/sh", str(self.stick / "start.sh"), *arguments],
            cwd=self.folder,
            env={"HOME": str(self.folder), "PATH": path or f"{self._python}:/usr/bin:/bin"},
            capture_output=True,
            text=True,
            encoding="utf-8",
        )

    @property
    def _python(self) -> str:
        return str(Path(installers.base_python()).parent)


@pytest.fixture
def machine(tmp_path: Path, packages: object) -> Machine:
    stick = tmp_path / "St\u00efck, f\u00fcr alle" / "pack"
    pack(stick, targets([packs.here()], [OWN]), lambda *_: None)
    folder = tmp_path / "p\u00e9rson one"
    folder.mkdir()
    return Machine(folder, stick)


def rewrite(stick: Path, **said: object) -> None:
    """Let a pack say something else of itself."""
    known = json.loads((stick / packs.RECORD).read_text(encoding="utf-8"))
    (stick / packs.RECORD).write_text(json.dumps({**known, **said}), encoding="utf-8")
    packing._write_sums(stick)


def test_what_starts_a_pack_names_this_python_as_the_kit_does() -> None:
    """It runs before there is a kit, so it says it by itself."""
    assert packs.this_python() == start.RUNNING == ".".join(map(str, sys.version_info[:2]))


def test_the_first_start_makes_all_and_the_second_finds_it(machine: Machine) -> None:
    """In the person's own folder: nothing is written into the pack, nor needed of it again."""
    before = {path: path.stat().st_mtime_ns for path in machine.stick.rglob("*")}
    first = machine.start("--no-browser")
    assert first.stdout == f"{machine.course} lab --no-browser\n", first.stderr
    assert SETS_UP in first.stderr and "the course is ready" in first.stderr
    assert "Next:" not in first.stderr
    assert {path: path.stat().st_mtime_ns for path in machine.stick.rglob("*")} == before
    for path in (machine.stick / "wheels").glob("uv-*"):
        path.unlink()
    second = machine.start("status", "--json")
    assert (second.stdout, second.stderr) == (f"{machine.course} status --json\n", "")


def test_the_course_may_be_elsewhere(machine: Machine) -> None:
    """On a machine whose home is small."""
    other = machine.folder / "big disk" / "course"
    assert machine.start("--in", str(other), "doctor").stdout == f"{other} doctor\n"
    assert not machine.course.exists()


def test_two_starts_at_once_make_one_environment(machine: Machine) -> None:
    """The second one waits."""
    with ThreadPoolExecutor() as pool:
        both = [*pool.map(lambda _: machine.start("status"), range(2))]
    assert [one.stdout for one in both] == [f"{machine.course} status\n"] * 2
    assert sum(SETS_UP in one.stderr for one in both) == 1
    assert sum("the course is ready" in one.stderr for one in both) == 1


def test_a_killed_set_up_is_done_again(machine: Machine) -> None:
    """What it has left is thrown away."""
    machine.start("status")
    (machine.course / ".venv" / "chatkit-setup.json").unlink()
    (machine.course / ".venv" / "chatkit-setup.started").touch()
    again = machine.start("status")
    assert SETS_UP in again.stderr and again.stdout == f"{machine.course} status\n"


def test_a_course_that_was_not_laid_out_is_laid_out(machine: Machine) -> None:
    """A start was killed when the environment of a newer pack was there, and no more."""
    machine.start("status")
    (machine.course / ".venv" / packs.KEPT).unlink()
    again = machine.start("status")
    assert "the course is ready" in again.stderr and SETS_UP not in again.stderr
    assert machine.start("status").stderr == ""


def test_another_pack_of_the_same_version_is_installed(machine: Machine) -> None:
    """An instructor mends something and hands the stick out again."""
    machine.start("status")
    lock = machine.stick / packs.LOCK
    lock.write_text(f"{lock.read_text(encoding='utf-8')}# mended\n", encoding="utf-8")
    packing._write_sums(machine.stick)
    again = machine.start("status")
    assert "bringing the environment in .venv up to date" in again.stderr
    assert machine.start("status").stderr == ""


def test_a_pack_that_moved_is_found_by_what_needs_its_wheels(machine: Machine) -> None:
    """The stick is mounted elsewhere; nothing is set up again."""
    machine.start("status")
    moved = Machine(machine.folder, machine.stick.rename(machine.stick.with_name("moved")))
    assert moved.start("status").stderr == ""
    code = "from chatkit.setup import packs; print(packs.wheels())"
    command = [str(machine.course / ".venv" / "bin" / "python"), "-c", code]
    found = subprocess.run(command, check=True, capture_output=True, text=True, encoding="utf-8")
    assert found.stdout.strip() == str(moved.stick / "wheels")
    shutil.rmtree(moved.stick)
    found = subprocess.run(command, check=True, capture_output=True, text=True, encoding="utf-8")
    assert found.stdout.strip() == "None"


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("wheels/pure-1.0-py3-none-any.whl", "wheels/pure-1.0-py3-none-any.whl of the pack is"),
        ("wheels/chatkit-1.0-py3-none-any.whl", "this pack is not whole."),
        ("pack.json", "this pack is not whole."),
        ("SHA256SUMS", "SHA256SUMS cannot be read."),
    ],
)
@pytest.mark.parametrize("is_there", [True, False], ids=["cut", "gone"])
def test_a_copy_that_is_not_whole_is_refused(
    machine: Machine, name: str, sentence: str, is_there: bool
) -> None:
    """A stick that was pulled out too early; nothing is begun on this machine."""
    if is_there:
        content = (machine.stick / name).read_bytes()
        (machine.stick / name).write_bytes(content[: len(content) // 2] + b"\xff")
    else:
        (machine.stick / name).unlink()
    done = machine.start("status")
    assert done.returncode == 1 and done.stdout == ""
    assert sentence in done.stderr and done.stderr.count("\n") == 1, done.stderr
    assert "opy" in done.stderr and not machine.course.exists()


def test_a_pack_for_other_machines_says_so(machine: Machine) -> None:
    """And how one for this machine is made."""
    rewrite(machine.stick, platforms=["windows-amd64", "macos-arm64"])
    done = machine.start("status")
    assert done.returncode == 1 and not machine.course.exists()
    assert f"is for windows-amd64 or macos-arm64, and this machine is {packs.here()}" in done.stderr
    assert f"`chatkit pack FOLDER --platform {packs.here()}` makes one" in done.stderr


def test_a_pack_for_other_pythons_says_so(machine: Machine) -> None:
    """In one sentence; a program of that name that is no such Python does not count."""
    rewrite(machine.stick, pythons=["3.98", "3.99"])
    (machine.folder / "python3.98").symlink_to(installers.base_python())
    path = f"{machine.folder}:{Path(installers.base_python()).parent}:/usr/bin:/bin"
    done = machine.start("status", path=path)
    assert done.returncode == 1 and done.stderr == (
        f"chatkit: this pack is for Python 3.98 or 3.99, and this machine has Python {OWN}. Install"
        " Python 3.99, then start again.\n"
    )


def test_no_python_at_all_is_said(machine: Machine) -> None:
    """By the shell's script itself."""
    tools = machine.folder / "tools"
    tools.mkdir()
    dirname = shutil.which("dirname")
    assert dirname is not None
    (tools / "dirname").symlink_to(dirname)
    done = machine.start(path=str(tools))
    assert done.returncode == 1 and "this machine has no Python" in done.stderr


def test_a_place_that_takes_nothing_is_said(machine: Machine) -> None:
    """Without a traceback."""
    machine.course.touch()
    done = machine.start("status")
    assert done.returncode == 1 and done.stderr.count("\n") == 1
    assert str(machine.course) in done.stderr and "--in FOLDER" in done.stderr
