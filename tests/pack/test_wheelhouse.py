"""Wheels for another machine, fetched by the real pip from an index on the disk."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from chatkit.core.errors import SetupError
from chatkit.core.system.programs import python_of
from chatkit.pack import locks
from chatkit.pack.platforms import targets
from chatkit.pack.wheelhouse import PART, Wheelhouse, parts
from chatkit.setup import installers
from tests.pack.small_packages import Index, index

(WINDOWS,) = targets(["windows-amd64"], ["3.12"])
(MAC,) = targets(["macos-x86_64"], ["3.12"])
pytestmark = pytest.mark.slow
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> str:
    """An interpreter that has pip."""
    if importlib.util.find_spec("pip"):
        return sys.executable
    folder = tmp_path_factory.mktemp("pip") / "environment"
    installers.create(folder, None)
    return str(python_of(folder))


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Index:
    return index(tmp_path / "index", monkeypatch)


@pytest.fixture
def wheelhouse(tmp_path: Path, python: str) -> Wheelhouse:
    folder = tmp_path / "a pack" / "wheels"
    folder.mkdir(parents=True)
    return Wheelhouse(folder, python)


def nothing(_there: int, _wanted: int) -> None:
    """Nobody looks on."""


def names(wheelhouse: Wheelhouse) -> set[str]:
    return {path.name for path in wheelhouse.folder.iterdir()}


def test_a_machine_gets_its_own_wheels(packages: Index, wheelhouse: Wheelhouse) -> None:
    """Not this machine's, and none of a line whose marker is about others."""
    packages.add("pure")
    packages.add("winonly", tag="cp312-cp312-win_amd64", marker="sys_platform == 'win32'")
    packages.add("posix", marker="os_name == 'posix'")
    told: list[tuple[int, int]] = []
    entries = locks.entries(packages.lock)
    wheelhouse.fill(entries, WINDOWS, lambda there, wanted: told.append((there, wanted)))
    assert names(wheelhouse) == {
        "pure-1.0-py3-none-any.whl",
        "winonly-1.0-cp312-cp312-win_amd64.whl",
    }
    assert wheelhouse.used == names(wheelhouse) and told == [(0, 2), (2, 2)]
    wheelhouse.check_complete()


def test_what_is_there_is_not_fetched_again(packages: Index, wheelhouse: Wheelhouse) -> None:
    """Neither by another attempt nor for another machine."""
    packages.add("pure")
    wheelhouse.fill(locks.entries(packages.lock), WINDOWS, nothing)
    again = Wheelhouse(wheelhouse.folder, "no-such-python")
    again.fill(locks.entries(packages.lock), MAC, nothing)
    assert again.used == {"pure-1.0-py3-none-any.whl"}


def test_half_a_file_is_fetched_anew(packages: Index, wheelhouse: Wheelhouse) -> None:
    """What a killed attempt, or a full disk, has left."""
    whole = packages.add("pure").read_bytes()
    half = wheelhouse.folder / "pure-1.0-py3-none-any.whl"
    half.write_bytes(whole[:100])
    wheelhouse.fill(locks.entries(packages.lock), WINDOWS, nothing)
    assert half.read_bytes() == whole


def test_every_package_without_a_wheel_is_named(packages: Index, wheelhouse: Wheelhouse) -> None:
    """Also one of which there is only the source; the others are brought."""
    packages.add("pure")
    packages.add("linux", tag="cp312-cp312-manylinux_2_28_x86_64")
    source = packages.folder / "source-1.0.tar.gz"
    with tarfile.open(source, "w:gz"):
        pass
    packages.name("source", source)
    wheelhouse.fill(locks.entries(packages.lock), MAC, nothing)
    with pytest.raises(SetupError) as caught:
        wheelhouse.check_complete()
    assert "There is no wheel of linux 1.0 for macos-x86_64 with Python 3.12, source 1.0" in str(
        caught.value
    )
    assert names(wheelhouse) == {"pure-1.0-py3-none-any.whl"}


@pytest.mark.long
def test_another_file_than_the_locks_is_refused(packages: Index, wheelhouse: Wheelhouse) -> None:
    """By its hash."""
    packages.add("pure")
    lock = packages.lock.replace(packages.lock.rpartition(":")[2].strip(), "0" * 64)
    with pytest.raises(SetupError, match="hash differs"):
        wheelhouse.fill(locks.entries(lock), WINDOWS, nothing)
    assert names(wheelhouse) == set()


@pytest.mark.long
def test_no_network_is_said(
    packages: Index, wheelhouse: Wheelhouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And not taken for a package that has no wheel."""
    packages.add("pure")
    monkeypatch.setenv("PIP_NO_INDEX", "0")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    monkeypatch.setenv("PIP_INDEX_URL", f"{NOWHERE}/simple")
    monkeypatch.setenv("PIP_RETRIES", "1")
    with pytest.raises(SetupError, match=r"cannot be downloaded\. Check the network"):
        wheelhouse.fill(locks.entries(packages.lock), WINDOWS, nothing)


@pytest.mark.long
def test_pip_itself_installs_what_was_brought(
    packages: Index, wheelhouse: Wheelhouse, tmp_path: Path, python: str
) -> None:
    """For that machine, from the folder alone."""
    packages.add("one", tag="cp312-abi3-win_amd64")
    packages.add("two")
    wheelhouse.fill(locks.entries(packages.lock), WINDOWS, nothing)
    (tmp_path / "lock").write_text(packages.lock, encoding="utf-8")
    command = [python, "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes"]
    command += [
        "--no-index",
        "--find-links",
        wheelhouse.folder.as_uri(),
        "-r",
        str(tmp_path / "lock"),
    ]
    command += ["--platform", "win_amd64", "--python-version", "3.12", "--implementation", "cp"]
    command += ["--only-binary", ":all:", "--target", str(tmp_path / "target")]
    subprocess.run(command, check=True, env={**os.environ, "PIP_FIND_LINKS": ""})
    assert {path.name for path in (tmp_path / "target").glob("*.py")} == {"one.py", "two.py"}


def test_two_versions_of_a_package_are_fetched_one_after_the_other() -> None:
    """A Python 3.11 of any patch may need either; pip takes one in a call."""
    text = "".join(f"p{number}==1 --hash=sha256:{'0' * 64}\n" for number in range(PART + 1))
    twice = f"{text}same==1 --hash=sha256:{'0' * 64}\nsame==2 --hash=sha256:{'1' * 64}\n"
    found = [[str(entry) for entry in part] for part in parts(locks.entries(twice))]
    assert [len(part) for part in found] == [PART, 2, 1]
    assert found[1:] == [[f"p{PART} 1", "same 1"], ["same 2"]]
