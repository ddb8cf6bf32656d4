"""Copies of the notebooks: what is brought, what stays, and that nothing of a learner's is lost."""

from __future__ import annotations

import errno
import json
import os
import socket
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from chatkit.core import files
from chatkit.core.errors import NotWritten, SetupError
from chatkit.core.work import notebooks
from chatkit.core.work.notebooks import Brought
from tests.attacks import copies as attacks

FIRST, SECOND = "00-start.ipynb", "01-go-on.ipynb"


def notebook(source: str, *, output: str = "", **metadata: Any) -> bytes:
    """A notebook with one cell, that ran when it has an output."""
    cell = {
        "cell_type": "code",
        "execution_count": 1 if output else None,
        "metadata": metadata,
        "outputs": [{"output_type": "stream", "text": [output]}] if output else [],
        "source": [source],
    }
    return json.dumps({"cells": [cell], "nbformat": 4, "nbformat_minor": 5}).encode()


@dataclass(frozen=True)
class Place:
    """A kit with two notebooks, and somebody's home and work."""

    kit: Path
    work: Path
    home: Path

    def bring(self) -> Brought:
        return notebooks.bring_up_to_date(self.kit, self.work, self.home)

    def renew(self) -> list[str] | None:
        return notebooks.renew(self.kit, self.work, self.home)

    def deliver(self, name: str, content: bytes) -> None:
        """A version of the kit."""
        (self.kit / name).write_bytes(content)

    def copy(self, name: str) -> Path:
        return self.work / "notebooks" / name

    def copies(self) -> dict[str, bytes]:
        """What lies there, leftovers included."""
        return {path.name: path.read_bytes() for path in self.copy("").iterdir()}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    kit = tmp_path / "kit" / "notebooks"
    kit.mkdir(parents=True)
    made = Place(kit, tmp_path / "my-chat", tmp_path / "home")
    made.deliver(FIRST, notebook("one"))
    made.deliver(SECOND, notebook("two"))
    return made


@pytest.fixture
def brought(place: Place) -> Place:
    """With copies."""
    assert place.bring().sentence() == ""
    return place


def test_the_first_start_makes_copies(brought: Place) -> None:
    """Without a word, and without a trace in the kit's folder."""
    assert brought.copies() == {FIRST: notebook("one"), SECOND: notebook("two")}
    assert {path.name for path in brought.kit.iterdir()} == {FIRST, SECOND}


def test_a_start_without_news_writes_nothing(
    brought: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It needs no space on the disk, whatever the learner has done."""
    brought.copy(FIRST).write_bytes(notebook("mine"))
    monkeypatch.setattr(notebooks, "write_together", lambda **_: pytest.fail("it writes"))
    assert brought.bring() == Brought()


def test_a_newer_kit_brings_what_was_not_touched(brought: Place) -> None:
    """And says so in a line; what the learner has edited stays, and that is said once."""
    brought.copy(FIRST).write_bytes(notebook("mine"))
    brought.deliver(FIRST, notebook("one, better"))
    brought.deliver(SECOND, notebook("two, better"))
    said = brought.bring().sentence()
    assert said == (
        "new in my-chat/notebooks: 01-go-on; yours stay as they are: 00-start"
        " (rename one to get the new one)"
    )
    assert brought.copies() == {FIRST: notebook("mine"), SECOND: notebook("two, better")}
    assert brought.bring().sentence() == ""


def test_a_notebook_that_was_run_is_kept_beside_the_newer_one(brought: Place) -> None:
    """Nobody has edited it, but what its panels showed is the learner's."""
    brought.copy(FIRST).write_bytes(notebook("one", output="said"))
    brought.deliver(FIRST, notebook("one, better"))
    said = brought.bring().sentence()
    assert said == "new in my-chat/notebooks: 00-start; as you ran them: 00-start.before-1"
    assert brought.copy(FIRST).read_bytes() == notebook("one, better")
    assert b"said" in brought.copy("00-start.before-1.ipynb").read_bytes()
    assert brought.bring() == Brought()


def test_a_notebook_that_was_run_stays_when_only_stored_outputs_are_newer(brought: Place) -> None:
    """It says the same, and its outputs are the learner's."""
    brought.copy(FIRST).write_bytes(notebook("one", output="said"))
    brought.deliver(FIRST, notebook("one", output="stored"))
    assert brought.bring() == Brought()
    assert b"said" in brought.copy(FIRST).read_bytes()


def make_odd(path: Path, what: str) -> None:
    """Put something there that is no file."""
    if sys.platform == "win32":
        pytest.skip("it has neither pipes nor sockets in folders, and links need a right")
    path.unlink()
    match what:
        case "a folder":
            path.mkdir()
        case "a pipe":
            os.mkfifo(path)
        case "a socket":
            # By its name alone: a socket's path has at most about a hundred characters.
            with chdir(path.parent), socket.socket(socket.AF_UNIX) as listening:
                listening.bind(path.name)
        case "a link that leads to no file":
            path.symlink_to(path.parent / "nowhere")
        case "a link to a folder":
            path.symlink_to(path.parent)
        case "a link to itself":
            path.symlink_to(path.name)


@pytest.mark.parametrize("verb", [Place.bring, Place.renew])
@pytest.mark.parametrize("what", attacks.ODD)
def test_what_is_no_file_makes_room_for_a_copy(
    brought: Place, verb: Callable[[Place], Brought | list[str] | None], what: str
) -> None:
    """It gets another name, and that is said; nothing waits, and nothing is made elsewhere."""
    path = brought.copy(FIRST)
    make_odd(path, what)
    kind = stat.S_IFMT(os.lstat(path).st_mode)
    said = verb(brought)
    assert path.read_bytes() == notebook("one") and not path.is_symlink()
    aside = brought.copy("00-start.before-1.ipynb")
    assert stat.S_IFMT(os.lstat(aside).st_mode) == kind
    assert {one.name for one in brought.copy("").iterdir()} == {FIRST, SECOND, aside.name}
    if isinstance(said, Brought):
        assert "kept beside the new ones: 00-start.before-1 (a " in said.sentence()
    else:
        assert said == [aside.name]
    assert brought.bring() == Brought()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", notebook("one")[:-2], b"\xff\xfe{\x00}\x00"])
def test_what_jupyter_cannot_open_makes_room_for_a_copy(brought: Place, content: bytes) -> None:
    """A full disk has cut it off, a merge has marked it: what is in it stays beside."""
    brought.copy(FIRST).write_bytes(content)
    said = brought.bring().sentence()
    assert said.startswith("new in my-chat/notebooks: 00-start; not to be read as notebooks, and")
    assert brought.copy(FIRST).read_bytes() == notebook("one")
    assert brought.copy("00-start.before-1.ipynb").read_bytes() == content


def test_a_copy_that_nobody_may_read_makes_room(
    brought: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It belongs to somebody else, since Jupyter was once started with `sudo`."""
    read_bytes = Path.read_bytes

    def read_some(path: Path) -> bytes:
        if path == brought.copy(FIRST):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return read_bytes(path)

    brought.copy(FIRST).write_bytes(notebook("mine"))
    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", read_some)
        assert "(a file that cannot be read (Permission denied))" in brought.bring().sentence()
    assert brought.copy("00-start.before-1.ipynb").read_bytes() == notebook("mine")


@pytest.mark.skipif(sys.platform == "win32", reason="making links needs a right there")
@pytest.mark.parametrize("verb", [Place.bring, Place.renew])
@pytest.mark.parametrize("content", [notebook("one"), notebook("mine")])
def test_a_link_to_a_file_elsewhere_is_replaced_itself(
    brought: Place, verb: Callable[[Place], object], content: bytes
) -> None:
    """Nothing is written there, and what the learner has edited there is kept beside."""
    elsewhere = brought.work.parent / "elsewhere.ipynb"
    elsewhere.write_bytes(content)
    brought.copy(FIRST).unlink()
    brought.copy(FIRST).symlink_to(elsewhere)
    brought.deliver(FIRST, notebook("one, better"))
    verb(brought)
    assert elsewhere.read_bytes() == content
    if verb == Place.renew or content == notebook("one"):
        assert brought.copies()[FIRST] == notebook("one, better")
        assert not brought.copy(FIRST).is_symlink()
    assert (notebook("mine") in brought.copies().values()) == (content == notebook("mine"))


@pytest.mark.skipif(sys.platform == "win32", reason="making links needs a right there")
@pytest.mark.parametrize("target", ["elsewhere", "nowhere"])
@pytest.mark.parametrize("verb", [Place.bring, Place.renew])
def test_a_folder_of_copies_elsewhere_is_named(
    place: Place, verb: Callable[[Place], object], target: str
) -> None:
    """The kit writes in my-chat only."""
    (place.work.parent / "elsewhere").mkdir()
    place.work.mkdir()
    place.copy("").symlink_to(place.work.parent / target)
    with pytest.raises(SetupError, match=r"notebooks is a link .+ Give it another name"):
        verb(place)
    assert [*(place.work.parent / "elsewhere").iterdir()] == []


def test_a_failing_write_gives_what_is_odd_its_name_back(
    brought: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All copies are as they were."""

    def refuse(_file: object, _data: bytes) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    brought.copy(FIRST).write_bytes(b"{")
    monkeypatch.setattr(files, "write_all", refuse)
    with pytest.raises(NotWritten):
        brought.bring()
    assert brought.copies() == {FIRST: b"{", SECOND: notebook("two")}


def test_a_copy_that_was_deleted_comes_back(brought: Place) -> None:
    """That is how one gets a newer version of a single notebook."""
    brought.copy(FIRST).write_bytes(notebook("mine"))
    brought.deliver(FIRST, notebook("one, better"))
    brought.bring()
    brought.copy(FIRST).unlink()
    brought.bring()
    brought.deliver(FIRST, notebook("one, best"))
    brought.bring()
    assert brought.copy(FIRST).read_bytes() == notebook("one, best")


def test_a_notebook_that_the_kit_has_no_more_goes_unless_it_was_touched(brought: Place) -> None:
    """Two notebooks with one number would puzzle."""
    for name in (FIRST, SECOND):
        (brought.kit / name).unlink()
    brought.deliver("00-begin.ipynb", notebook("one"))
    brought.copy(SECOND).write_bytes(notebook("mine"))
    brought.bring()
    assert set(brought.copies()) == {"00-begin.ipynb", SECOND}


def test_renewing_keeps_edited_ones_beside(brought: Place) -> None:
    """Under a name that Lab opens; one that was only run is not kept."""
    brought.copy(FIRST).write_bytes(notebook("mine"))
    brought.copy(SECOND).write_bytes(notebook("two", output="ran", scrolled=True))
    assert brought.renew() == ["00-start.before-1.ipynb"]
    assert brought.copies() == {
        FIRST: notebook("one"),
        SECOND: notebook("two"),
        "00-start.before-1.ipynb": notebook("mine"),
    }
    brought.copy(FIRST).write_bytes(b"not even a notebook")
    assert brought.renew() == ["00-start.before-2.ipynb"]
    assert brought.renew() == []


def test_renewing_makes_no_copies_where_there_are_none(place: Place) -> None:
    """Somebody who runs the tutorial without Lab has none."""
    assert place.renew() is None and not place.work.exists()


def test_the_notebook_that_renews_stays_as_it_is(
    brought: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is open: Lab would ask which version to keep."""
    brought.copy(FIRST).write_bytes(notebook("one", output="resetting"))
    brought.copy(SECOND).write_bytes(notebook("two", output="ran"))
    monkeypatch.setenv("JPY_SESSION_NAME", str(brought.copy(FIRST)))
    brought.renew()
    assert b"resetting" in brought.copy(FIRST).read_bytes()
    assert brought.copy(SECOND).read_bytes() == notebook("two")


class Killed(BaseException):
    """The process ends here: nothing is cleared away."""


@pytest.mark.parametrize("verb", [Place.bring, Place.renew])
def test_killed_anywhere_it_loses_nothing(
    brought: Place, monkeypatch: pytest.MonkeyPatch, verb: Callable[[Place], object]
) -> None:
    """Before each file that is put in its place: the next start goes on, and leaves no half."""
    replace = Path.replace
    for moment in range(4):
        brought.copy(FIRST).write_bytes(notebook(f"mine {moment}"))
        brought.deliver(FIRST, notebook(f"one {moment}"))
        brought.deliver(SECOND, notebook(f"two {moment}"))
        left = moment

        def replace_some(path: Path, target: Path) -> Path:
            nonlocal left
            if not left:
                raise Killed
            left -= 1
            return replace(path, target)

        with monkeypatch.context() as patch:
            patch.setattr(Path, "replace", replace_some)
            patch.setattr(files, "discard", lambda _paths: None)
            try:
                verb(brought)
            except Killed:
                assert f"mine {moment}" in str(brought.copies())
        brought.bring()
        assert f"mine {moment}" in str(brought.copies())
        assert brought.copy(SECOND).read_bytes() == notebook(f"two {moment}")
        assert not [name for name in brought.copies() if name.startswith(".")]


@pytest.mark.parametrize("verb", [Place.bring, Place.renew])
def test_a_full_disk_leaves_every_copy_as_it_was(
    brought: Place, monkeypatch: pytest.MonkeyPatch, verb: Callable[[Place], object]
) -> None:
    """All of them are on the disk before the first takes its place."""
    brought.copy(FIRST).write_bytes(notebook("mine"))
    before = brought.copies()
    brought.deliver(FIRST, notebook("one, better"))
    brought.deliver(SECOND, notebook("two, better"))

    def refuse(_file: object, _data: bytes) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(files, "write_all", refuse)
    with pytest.raises(NotWritten, match="the disk is full"):
        verb(brought)
    assert brought.copies() == before


def test_a_damaged_record_makes_copies_the_learners(
    brought: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    """They stay, and that is said."""
    (brought.home / notebooks.RECORD).write_text("{", encoding="utf-8")
    brought.deliver(FIRST, notebook("one, better"))
    assert brought.bring().kept == (FIRST,)
    assert "copies of notebooks count as yours" in capsys.readouterr().err
    assert brought.copy(FIRST).read_bytes() == notebook("one")


@pytest.mark.parametrize("name", ["my-chat", "my-chat/notebooks"])
def test_a_file_in_the_way_is_named(place: Place, name: str) -> None:
    """Nothing is written over it."""
    path = place.work.parent / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("mine", encoding="utf-8")
    with pytest.raises(SetupError, match="is a file, .* Give it another name"):
        place.bring()
    assert path.read_text(encoding="utf-8") == "mine"


def git(place: Place, *arguments: str) -> None:
    """Use git in the kit's folder, as alice."""
    who = ["-c", "user.name=alice", "-c", "user.email=alice@chatkit.example"]
    command = ["git", "-C", str(place.kit), *who, *arguments]
    subprocess.run(command, check=True, capture_output=True)


def begin_in_place(place: Place, *, clone: bool) -> None:
    """An older version was used: the learner has edited the kit's own notebook."""
    if clone:
        git(place, "init", "-q", str(place.kit.parent))
        git(place, "add", ".")
        git(place, "commit", "-qm", "Deliver")
    place.home.mkdir()
    (place.home / "settings.json").write_text("{}", encoding="utf-8")
    place.deliver(FIRST, notebook("edited in place"))


def test_what_was_edited_in_place_goes_on_in_the_copy(place: Place) -> None:
    """Also when the kit's own notebook is as delivered again, and when a newer one comes."""
    begin_in_place(place, clone=True)
    assert "what you changed in notebooks is in the copies" in place.bring().sentence()
    git(place, "checkout", "-q", ".")
    assert place.bring().kept == (FIRST,)
    place.deliver(SECOND, notebook("two, better"))
    place.bring()
    assert place.copies() == {
        FIRST: notebook("edited in place"),
        SECOND: notebook("two, better"),
    }


def test_without_git_whatever_was_used_counts_as_the_learners(place: Place) -> None:
    """Nobody knows what was delivered."""
    begin_in_place(place, clone=False)
    place.bring()
    place.deliver(FIRST, notebook("one, better"))
    assert place.bring().kept == (FIRST,)
    assert place.copy(FIRST).read_bytes() == notebook("edited in place")
