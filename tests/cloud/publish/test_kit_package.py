"""The zip package of a function app."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import pytest

from chatkit.cloud.publish.package import build_package
from chatkit.core.errors import SetupError
from chatkit.core.settings import checkout

SMALLEST = ["function_app.py", "host.json", "requirements.txt"]


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
    assert names(build_package(app)) == SMALLEST


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
    assert names(build_package(app)) == SMALLEST


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
    with pytest.raises(
        SetupError, match="no host.json and no function_app.py and no requirements.txt"
    ):
        build_package(tmp_path)


def test_a_link_out_of_the_folder_is_refused(app: Path, tmp_path: Path) -> None:
    """A link could carry any file of this machine away."""
    (tmp_path / "outside.txt").write_text("private")
    (app / "link.txt").symlink_to(tmp_path / "outside.txt")
    with pytest.raises(SetupError, match="leads out of"):
        build_package(app)


@pytest.mark.parametrize(
    ("file", "text", "sentence"),
    [
        ("host.json", "{", "host.json is not valid JSON"),
        ("host.json", "[]", "host.json is not valid JSON"),
        (
            "host.json",
            '{"version": "2.0"}',
            "does not name Microsoft.Azure.Functions.ExtensionBundle",
        ),
        ("requirements.txt", "requests", "does not name azure-functions"),
        ("send_message.py", "def broken(:", "send_message.py, line 1 is not Python"),
        ("send_message.py", "x = '\0'", "send_message.py.* is not Python"),
    ],
)
def test_what_would_end_as_zero_functions_is_said_before_the_build(
    app: Path, file: str, text: str, sentence: str
) -> None:
    """A build takes Azure more than a minute, and says less."""
    (app / file).write_text(text)
    with pytest.raises(SetupError, match=sentence):
        build_package(app)


def test_the_kits_own_app_is_accepted() -> None:
    """Whole, with nothing that stays behind."""
    packed = names(build_package(checkout() / "functions"))
    assert {
        "host.json",
        "function_app.py",
        "requirements.txt",
        "send_message.py",
        "signalr_info.py",
    } <= {*packed}
