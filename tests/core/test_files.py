"""Files are written whole and checked, or not at all."""

from __future__ import annotations

import errno
import os
import stat
import sys
from io import FileIO
from pathlib import Path
from typing import Any

import pytest

from chatkit.core import files
from chatkit.core.errors import NotWritten, SetupError
from tests.attacks import disk as attacks


class SmallRoom(FileIO):
    """A file on a disk with a few bytes left: the first write takes what goes in, as disks do."""

    room = 0

    def write(self, data: Any, /) -> int:
        if not type(self).room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        taken = super().write(memoryview(data)[: type(self).room])
        type(self).room -= taken
        return taken


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> type[SmallRoom]:
    """Lets every file be written to a disk with that little room."""
    monkeypatch.setattr(files, "FileIO", SmallRoom)
    return SmallRoom


def test_what_is_written_in_pieces_is_written_whole(tmp_path: Path) -> None:
    """A system that takes three bytes at a time gets all of them."""

    class Slow(FileIO):
        def write(self, data: Any, /) -> int:
            return super().write(memoryview(data)[:3])

    with Slow(tmp_path / "a", "wb") as file:
        files.write_all(file, b"0123456789")
    assert (tmp_path / "a").read_bytes() == b"0123456789"


def test_a_file_that_takes_nothing_is_an_error(tmp_path: Path) -> None:
    """Zero bytes taken would be tried for ever."""

    class Stuck(FileIO):
        def write(self, data: Any, /) -> int:
            return 0

    with Stuck(tmp_path / "a", "wb") as file, pytest.raises(OSError, match="space"):
        files.write_all(file, b"1")


@pytest.mark.parametrize("left", [0, 1, 7])
def test_a_refused_file_is_as_it_was(tmp_path: Path, room: type[SmallRoom], left: int) -> None:
    """The old content stays, and no draft is left beside it."""
    path = tmp_path / "settings.json"
    path.write_bytes(b"old")
    room.room = left
    with pytest.raises(NotWritten) as refused:
        files.write_private(path, b"new content")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["settings.json"]
    assert str(path) in refused.value.message and refused.value.is_full


def test_files_are_replaced_together_or_not_at_all(tmp_path: Path, room: type[SmallRoom]) -> None:
    """The second one does not go in any more, so the first one is as it was, too."""
    one = tmp_path / "one"
    one.write_bytes(b"old")
    room.room = 5
    with pytest.raises(NotWritten):
        files.write_together(private={one: b"new"}, public={tmp_path / "two": b"new"})
    assert one.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["one"]


def test_a_new_file_that_does_not_fit_is_gone(tmp_path: Path, room: type[SmallRoom]) -> None:
    """A block that fails leaves no half of a file."""
    room.room = 2
    with pytest.raises(NotWritten), files.new_file(tmp_path / "below" / "a") as file:
        files.write_all(SmallRoom(file.fileno(), "wb", closefd=False), b"12345")
    assert os.listdir(tmp_path / "below") == []


@pytest.mark.skipif(sys.platform != "linux", reason="there is such a folder")
@pytest.mark.parametrize("name", ["/proc/a", "/proc/a/b"])
def test_a_folder_that_takes_no_files_is_named(name: str) -> None:
    """Not even of root; and asking whether there is a place says the same."""
    for write in (files.check_can_be_made, lambda path: files.write_private(path, b"new")):
        with pytest.raises(
            NotWritten, match="^/proc[/ab]* (cannot be written|takes no writes): "
        ) as refused:
            write(Path(name))
        assert refused.value.hint


def test_looking_for_a_place_leaves_nothing(tmp_path: Path) -> None:
    """Below folders that are not there yet, too."""
    files.check_can_be_made(tmp_path / "a" / "b" / "c")
    assert [*tmp_path.iterdir()] == []


@pytest.mark.skipif(sys.platform == "win32", reason="rights of files are those of Unix")
def test_rights_stay_with_public_files(tmp_path: Path) -> None:
    """A file that others can run stays one; a private file is this user's alone."""
    path = tmp_path / "run"
    path.write_bytes(b"old")
    path.chmod(0o754)
    files.write_public(path, b"new")
    assert stat.S_IMODE(path.stat().st_mode) == 0o754
    files.write_private(path, b"new")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.skipif(sys.platform == "win32", reason="making links needs a right there")
@pytest.mark.parametrize("there", [True, False])
def test_a_link_is_replaced_itself(tmp_path: Path, *, there: bool) -> None:
    """What it leads to may lie anywhere: it stays as it is, and is not made."""
    target = tmp_path / "elsewhere" / "file"
    target.parent.mkdir()
    if there:
        target.write_bytes(b"old")
    (tmp_path / "link").symlink_to(target)
    files.write_public(tmp_path / "link", b"new")
    assert not (tmp_path / "link").is_symlink()
    assert (tmp_path / "link").read_bytes() == b"new"
    assert [path.read_bytes() for path in target.parent.iterdir()] == [b"old"] * there


@pytest.mark.skipif(sys.platform == "win32", reason="it says the same of everything in the way")
@pytest.mark.parametrize("name", ["folder", "file/below"])
def test_what_has_a_files_name_is_named(tmp_path: Path, name: str) -> None:
    """A folder where the file should be, a file where its folder should be."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_bytes(b"old")
    with pytest.raises(NotWritten, match=r"cannot be written: a .+ has (its|the) name") as refused:
        files.write_private(tmp_path / name, b"new")
    assert str(tmp_path / name) in refused.value.message
    assert refused.value.hint == "Give what is there another name."
    assert {path.name for path in tmp_path.iterdir()} == {"folder", "file"}


@pytest.mark.skipif(sys.platform == "win32", reason="rights of files are those of Unix")
def test_a_read_only_folder_is_named_with_what_opens_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root may write everywhere: its own rights are not asked."""
    folder = tmp_path / "folder"
    folder.mkdir()
    monkeypatch.setattr(os, "access", lambda path, _mode: path != folder)
    refused = files.not_written(folder / "file", errno.EACCES)
    assert refused.message == (
        f"{folder / 'file'} cannot be written: it is not allowed ({folder} is read-only)."
    )
    assert refused.hint == f"`chmod u+rwX {folder}` lets you write there again."
    with pytest.raises(NotWritten, match="takes no writes: it is read-only"):
        files.check_writable(folder)


@pytest.mark.parametrize("name", attacks.REFUSALS)
def test_a_disk_that_takes_nothing_is_named(tmp_path: Path, name: str) -> None:
    """The sentence has the file, the reason and the disk; more space helps where it would."""
    number, words, is_full = attacks.REFUSALS[name]
    path = tmp_path / "below" / "file"
    with pytest.raises(NotWritten) as refused, files.writing(path):
        raise OSError(number, os.strerror(number))
    disk = str(files.disk_of(path))
    assert words in refused.value.message
    assert str(path) in refused.value.message and disk in refused.value.message
    assert refused.value.is_full == is_full
    assert bool(refused.value.hint) == is_full


def test_other_errors_pass(tmp_path: Path) -> None:
    """A folder that is not there says nothing about the disk."""
    with pytest.raises(FileNotFoundError), files.writing(tmp_path / "a"):
        (tmp_path / "none" / "a").write_bytes(b"")


def test_text_is_not_changed_on_its_way(tmp_path: Path) -> None:
    """Line ends stay what they are."""
    files.write_public(tmp_path / "a", "one\ntwo\r\n")
    assert (tmp_path / "a").read_bytes() == b"one\ntwo\r\n"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other rights")
def test_a_private_folder_is_private_from_its_first_part_on(tmp_path: Path) -> None:
    """The home above the local cloud's folder, too."""
    folder = tmp_path / "home" / "local"
    files.private_folder(folder)
    files.private_folder(folder)
    assert {one.stat().st_mode & 0o777 for one in (folder, folder.parent)} == {0o700}


def test_a_folder_is_read_as_a_shell_reads_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The own one by `~`; that of nobody is refused, where Python has no sentence."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert files.typed("~/a") == tmp_path / "a" == files.typed("a")
    with pytest.raises(SetupError, match="~nobody-at-all has no folder"):
        files.typed("~nobody-at-all/a")
