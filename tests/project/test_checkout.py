"""A checkout has the same bytes on every machine."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
WINDOWS = ("-c", "core.autocrlf=true", "-c", "core.eol=crlf", "-c", "core.symlinks=false")
WINDOWS_HAS_NOT = re.compile(r'[<>:"|?*\\]|[ .](/|$)')
COMPARING = (
    "tests/steps/test_chatfile.py",
    "tests/core/work/test_course_folder.py",
    "tests/core/work/test_notebook_copies.py",
    "tests/cloud/publish/test_kit_package.py",
)
"""Files of tests that compare bytes, and need no network and no cloud."""


def git(*arguments: str, folder: Path = ROOT, given: bytes | None = None) -> list[str]:
    done = subprocess.run(
        ["git", *arguments], cwd=folder, input=given, capture_output=True, check=True
    )
    return done.stdout.decode().split("\0" if "-z" in arguments else "\n")


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone as a Windows makes it on which git writes that system's line ends."""
    folder = tmp_path_factory.mktemp("clone") / "a checkout, Ünï 学习"
    git("-c", "safe.directory=*", *WINDOWS, "clone", "-q", "--no-hardlinks", str(ROOT), str(folder))
    return folder


def test_windows_line_ends_reach_no_file(clone: Path) -> None:
    """Not even one that nobody compares today."""
    listed = [entry.split("\t") for entry in git("ls-files", "-s", "-z", folder=clone) if entry]
    names = "\n".join(name for _, name in listed)
    found = git("hash-object", "--no-filters", "--stdin-paths", folder=clone, given=names.encode())
    wrong = [
        name
        for (entry, name), has in zip(listed, found, strict=False)
        if entry.split(" ")[1] != has
    ]
    assert len(listed) > 1000 and wrong == []


def test_it_needs_no_links_and_no_names_that_some_system_lacks(clone: Path) -> None:
    """Windows makes links for administrators only, and it and macOS fold the case of names."""
    listed = [entry.split("\t") for entry in git("ls-files", "-s", "-z", folder=clone) if entry]
    assert [name for entry, name in listed if entry.startswith("120000")] == []
    names = [name for _, name in listed]
    assert len({name.casefold() for name in names}) == len(names)
    assert [
        name for name in names if set(name) & set('<>:"|?*\\') or name.endswith((" ", "."))
    ] == []
    assert max(map(len, names)) < 200  # of 259, with the folder that it is in


@pytest.mark.long
@pytest.mark.parametrize("file", COMPARING)
def test_what_compares_bytes_passes_there(clone: Path, file: str) -> None:
    """In a folder with spaces and other people's letters."""
    command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-m", "not long", file]
    done = subprocess.run(command, cwd=clone, capture_output=True)
    assert done.returncode == 0, done.stdout.decode()[-3000:]
