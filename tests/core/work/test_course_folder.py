"""A folder that `chatkit new` lays out, and brings up to date."""

from __future__ import annotations

import json
import os
import re
import stat
from pathlib import Path

import pytest

from chatkit.core import settings
from chatkit.core.errors import NotWritten, SetupError
from chatkit.core.work import course_folder
from chatkit.core.work.course_folder import CONFTEST, Kit, lay_out
from chatkit.core.work.fingerprints import of_bytes

OLD = {"00-a.ipynb": b"old", "functions/app.py": b"app", "gone.txt": b"gone"}
NEW = {"00-a.ipynb": b"new", "functions/app.py": b"app", "01-b.ipynb": b"b"}


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of an older version, in which somebody has worked."""
    place = tmp_path / "course"
    lay_out(place, Kit(OLD, "0.3.0"))
    (place / "my-chat").mkdir()
    (place / "my-chat" / "app.py").write_text("mine", encoding="utf-8")
    return place


def test_a_new_folder_has_the_kits_files_read_only(tmp_path: Path) -> None:
    """And a small conftest.py, which stays a person's to change."""
    done = lay_out(tmp_path / "a" / "course", Kit(OLD, "0.3.0"))
    notebooks = tmp_path / "a" / "course" / "notebooks"
    assert (done.before, done.written, done.kept) == ("", 3, ())
    assert {mode(notebooks / name) for name in (*OLD, "kit.json")} == {0o444}
    assert (notebooks.parent / "conftest.py").read_text(encoding="utf-8") == CONFTEST
    assert mode(notebooks.parent / "conftest.py") & stat.S_IWUSR


def test_a_second_time_changes_nothing(folder: Path) -> None:
    """It is no accident to type it again."""
    assert lay_out(folder, Kit(OLD, "0.3.0")) == course_folder.LaidOut("0.3.0", 0, ())


def test_a_newer_kit_brings_its_files_and_keeps_the_work(folder: Path) -> None:
    """What the kit has no more is gone, read-only or not."""
    done = lay_out(folder, Kit(NEW, "0.4.0"))
    notebooks = folder / "notebooks"
    assert (done.before, done.written, done.kept) == ("0.3.0", 2, ())
    found = {name: (notebooks / name).read_bytes() for name in NEW}
    assert found == NEW and not (notebooks / "gone.txt").exists()
    assert mode(notebooks / "00-a.ipynb") == 0o444
    assert (folder / "my-chat" / "app.py").read_text(encoding="utf-8") == "mine"


def test_what_somebody_has_changed_in_the_kits_folder_is_kept(folder: Path) -> None:
    """Below my-chat, where pytest does not look for the kit's notebooks."""
    for number in (1, 2):
        path = folder / "notebooks" / "00-a.ipynb"
        path.chmod(0o644)
        path.write_bytes(b"mine %d" % number)
        done = lay_out(folder, Kit(NEW, "0.4.0"))
        assert path.read_bytes() == b"new"
        assert [(folder / kept).read_bytes() for kept in done.kept] == [b"mine %d" % number]
        assert all(kept.parts[:2] == ("my-chat", "from-notebooks") for kept in done.kept)


def test_a_file_that_the_kit_has_no_more_and_somebody_changed_stays(folder: Path) -> None:
    """It is nobody's but theirs now."""
    path = folder / "notebooks" / "gone.txt"
    path.chmod(0o644)
    path.write_bytes(b"mine")
    lay_out(folder, Kit(NEW, "0.4.0"))
    assert path.read_bytes() == b"mine"


def test_an_older_kit_does_not_take_the_folder_of_a_newer_one(folder: Path) -> None:
    """Work that needs the newer one would not run any more."""
    lay_out(folder, Kit(NEW, "0.10.0"))
    with pytest.raises(SetupError, match=r"made by chatkit 0\.10\.0, and this is 0\.9\.0"):
        lay_out(folder, Kit(OLD, "0.9.0"))
    assert (folder / "notebooks" / "00-a.ipynb").read_bytes() == b"new"


def test_a_folder_of_somebody_elses_notebooks_is_not_taken(tmp_path: Path) -> None:
    """Nothing says that they are the kit's."""
    theirs = [tmp_path / "notebooks" / name for name in ("mine.ipynb", ".a.01ab23cd.tmp")]
    theirs[0].parent.mkdir()
    for path in theirs:
        path.write_bytes(b"mine")
    with pytest.raises(SetupError, match="is not the kit's"):
        lay_out(tmp_path, Kit(OLD, "0.3.0"))
    assert all(path.exists() for path in theirs)
    assert [path.name for path in tmp_path.iterdir()] == ["notebooks"]


def test_what_a_killed_start_has_left_is_no_obstacle(tmp_path: Path) -> None:
    """A full disk leaves empty folders, and a kill files that are no file's content yet."""
    notebooks = tmp_path / "notebooks"
    (notebooks / "content" / "vendor").mkdir(parents=True)
    (notebooks / ".00-a.ipynb.01ab23cd.tmp").write_bytes(b"o")
    assert lay_out(tmp_path, Kit(OLD, "0.3.0")).written == 3
    assert not [*notebooks.rglob("*.tmp")]


def test_other_files_of_a_folder_stay(tmp_path: Path) -> None:
    """People make a repository, or an environment, before they type it."""
    (tmp_path / "conftest.py").write_text("# mine", encoding="utf-8")
    (tmp_path / "README.md").write_text("mine", encoding="utf-8")
    lay_out(tmp_path, Kit(OLD, "0.3.0"))
    assert (tmp_path / "conftest.py").read_text(encoding="utf-8") == "# mine"
    assert (tmp_path / "README.md").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("record", ["", "{", "[]", '{"version": 1}', '{"version":"x","files":{}}'])
def test_a_damaged_record_loses_nothing(folder: Path, record: str) -> None:
    """What differs counts as changed, and is kept."""
    path = folder / "notebooks" / "kit.json"
    path.chmod(0o644)
    path.write_text(record, encoding="utf-8")
    done = lay_out(folder, Kit(NEW, "0.4.0"))
    assert [(folder / kept).read_bytes() for kept in done.kept] == [b"old"]
    assert json.loads(path.read_text(encoding="utf-8"))["version"] == "0.4.0"


@pytest.mark.parametrize("name", ["notebooks", "my-chat", ".chatkit", ""])
def test_a_file_in_the_place_of_a_folder_is_named(tmp_path: Path, name: str) -> None:
    """Before anything is written."""
    course = tmp_path / "course"
    place = course / name
    place.parent.mkdir(exist_ok=True)
    place.write_text("mine", encoding="utf-8")
    with pytest.raises(SetupError, match=f"{re.escape(str(place))} is a file, and"):
        lay_out(course / "sub" if place == course else course, Kit(OLD, "0.3.0"))
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [place]


def test_the_record_of_somebody_elses_folder_reaches_nothing_outside(folder: Path) -> None:
    """It may be a download: no file of mine is deleted for it, or gets another mode."""
    mine = folder.parent / "mine.txt"
    mine.write_bytes(b"well known")
    mine.chmod(0o600)
    record = folder / "notebooks" / "kit.json"
    record.chmod(0o644)
    named = dict.fromkeys(("../../mine.txt", str(mine)), [of_bytes(b"well known")])
    record.write_text(json.dumps({"version": "0.3.0", "files": named}), encoding="utf-8")
    lay_out(folder, Kit(NEW, "0.4.0"))
    assert (mine.read_bytes(), mode(mine)) == (b"well known", 0o600)


@pytest.mark.skipif(os.name == "nt", reason="links need a right there")
def test_a_link_in_the_kits_folder_opens_no_file_elsewhere(folder: Path) -> None:
    """A private key would become readable for everybody."""
    key = folder.parent / "key"
    key.write_bytes(b"private")
    key.chmod(0o600)
    link = folder / "notebooks" / "00-a.ipynb"
    link.unlink()
    link.symlink_to(key)
    done = lay_out(folder, Kit(NEW, "0.4.0"))
    assert (key.read_bytes(), mode(key), link.read_bytes()) == (b"private", 0o600, b"new")
    assert [mode(folder / kept) for kept in done.kept] == [0o600]


@pytest.mark.skipif(
    hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may write everywhere"
)
def test_a_folder_that_takes_no_writes_stays_as_it_was(folder: Path) -> None:
    """The sentence names it."""
    (folder / "notebooks").chmod(0o555)
    try:
        with pytest.raises(NotWritten):
            lay_out(folder, Kit(NEW, "0.4.0"))
    finally:
        (folder / "notebooks").chmod(0o755)
    assert (folder / "notebooks" / "00-a.ipynb").read_bytes() == b"old"


def test_secrets_of_a_run_in_the_checkout_are_no_part_of_the_kit() -> None:
    """Core Tools write `local.settings.json` where somebody starts the finished app."""
    files = course_folder.kit_files(settings.kit())
    assert {"00-start-here.ipynb", "functions/function_app.py", "content/index.html"} <= {*files}
    assert {"sanitize.cfg", "requirements.lock"} <= {*files}
    assert not [name for name in files if "__pycache__" in name or "local.settings" in name]
