"""The zip package of a function app."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import pytest

from chatkit.errors import SetupError
from chatkit.publish.package import build_package


def names(package: bytes) -> list[str]:
    """Entries of a package."""
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        return archive.namelist()


def write(folder: Path, *paths: str) -> None:
    """Make files with some content."""
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(path)


def test_host_json_is_at_the_root(app: Path) -> None:
    """A package with a folder around it is what makes zero functions."""
    assert names(build_package(app)) == ["function_app.py", "host.json"]


def test_same_files_give_the_same_bytes(app: Path) -> None:
    """Times of files do not count."""
    before = build_package(app)
    os.utime(app / "host.json", (1, 1))
    assert build_package(app) == before


@pytest.mark.parametrize(
    "path",
    [
        "local.settings.json",
        "local.settings.json.before-1",
        ".venv/lib/x.py",
        ".git/config",
        "__pycache__/function_app.cpython-312.pyc",
        "deep/__pycache__/x.pyc",
        "notes.ipynb",
        "send_message.py.before-1",
        ".funcignore",
    ],
)
def test_secrets_and_leftovers_never_travel(app: Path, path: str) -> None:
    """Whatever .funcignore says: here it asks for them."""
    write(app, path)
    (app / ".funcignore").write_text(f"!{path}\n")
    assert names(build_package(app)) == ["function_app.py", "host.json"]


@pytest.mark.parametrize(
    ("rule", "gone", "kept"),
    [
        ("*.md", "docs/read.md", "docs/read.txt"),
        ("/only_top.txt", "only_top.txt", "deep/only_top.txt"),
        ("data/", "data/x.csv", "database.csv"),
        ("**/secret/*\n!**/secret/ok.txt", "a/secret/no.txt", "a/secret/ok.txt"),
        ("# comment\n\nx?.txt", "x1.txt", "x12.txt"),
    ],
)
def test_funcignore_works_as_gitignore_does(app: Path, rule: str, gone: str, kept: str) -> None:
    """Patterns, anchors, folders, negation, comments."""
    write(app, gone, kept)
    (app / ".funcignore").write_text(rule)
    packed = names(build_package(app))
    assert gone not in packed and kept in packed


def test_a_folder_without_host_json_is_refused(tmp_path: Path) -> None:
    """Said before anything is sent."""
    with pytest.raises(SetupError, match="no host.json and no function_app.py"):
        build_package(tmp_path)


def test_a_link_out_of_the_folder_is_refused(app: Path, tmp_path: Path) -> None:
    """A link could carry any file of this machine away."""
    (tmp_path / "outside.txt").write_text("private")
    (app / "link.txt").symlink_to(tmp_path / "outside.txt")
    with pytest.raises(SetupError, match="leads out of"):
        build_package(app)
