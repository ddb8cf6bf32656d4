"""Files that somebody has open: Windows is waited for, other systems are believed."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from chatkit.core.errors import NotWritten
from chatkit.core.files import write_private
from chatkit.core.system import moving
from tests.playing import in_use, play


class Busy:
    """Refuses as Windows does, a number of times, and does it then."""

    def __init__(self, act: Callable[..., object], times: int) -> None:
        self._act = act
        self.times = times

    def __call__(self, *arguments: object, **options: object) -> object:
        if self.times:
            self.times -= 1
            raise in_use(arguments[0])
        return self._act(*arguments, **options)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait shorter than people may."""
    monkeypatch.setattr(moving, "PATIENCE_S", 0.3)
    monkeypatch.setattr(moving, "PAUSE_S", 0.001)


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Play Windows."""
    play(monkeypatch, "win32", moving)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file with a content."""
    path = tmp_path / "file"
    path.write_text("old", encoding="utf-8")
    return path


@pytest.mark.usefixtures("windows")
def test_a_file_that_is_read_is_replaced_after_a_moment(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`os.replace` fails while a reader has it open."""
    monkeypatch.setattr(os, "replace", Busy(os.replace, 5))
    write_private(file, "new")
    assert file.read_text(encoding="utf-8") == "new" and len([*file.parent.iterdir()]) == 1


@pytest.mark.usefixtures("windows")
def test_one_that_stays_open_is_left_as_it_was(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a sentence, and without a file that is left over."""
    monkeypatch.setattr(os, "replace", Busy(os.replace, 10**6))
    with pytest.raises(NotWritten):
        write_private(file, "new")
    assert file.read_text(encoding="utf-8") == "old" and len([*file.parent.iterdir()]) == 1


@pytest.mark.parametrize("platform", ["linux", "darwin"])
def test_elsewhere_a_refusal_is_no_matter_of_time(
    file: Path, monkeypatch: pytest.MonkeyPatch, platform: str
) -> None:
    """It is asked once."""
    play(monkeypatch, platform, moving)
    busy = Busy(os.replace, 1)
    monkeypatch.setattr(os, "replace", busy)
    with pytest.raises(PermissionError):
        moving.replace(file, file.with_name("other"))
    assert busy.times == 0 and file.exists()


@pytest.mark.usefixtures("windows")
@pytest.mark.parametrize(
    ("of", "name", "act"),
    [
        (os, "rename", lambda file: moving.rename(file, file.with_name("other"))),
        (shutil, "move", lambda file: moving.move(file, file.with_name("other"))),
        (Path, "unlink", moving.remove),
        (shutil, "rmtree", lambda file: moving.remove_tree(file.parent)),
    ],
    ids=["rename", "move", "remove", "remove a folder"],
)
def test_every_way_to_take_a_file_away_waits(
    file: Path,
    monkeypatch: pytest.MonkeyPatch,
    of: object,
    name: str,
    act: Callable[[Path], object],
) -> None:
    """A virus scanner looks at what is new."""
    busy = Busy(getattr(of, name), 3)
    monkeypatch.setattr(of, name, lambda *some, **more: busy(*some, **more))
    act(file)
    assert busy.times == 0 and not file.exists()


@pytest.mark.usefixtures("windows")
@pytest.mark.parametrize("act", [moving.remove, lambda file: moving.discard([file])])
def test_what_is_marked_read_only_can_be_removed(
    file: Path, monkeypatch: pytest.MonkeyPatch, act: Callable[[Path], object]
) -> None:
    """Windows asks the file, not its folder."""
    unlink = Path.unlink

    def as_windows(path: Path, missing_ok: bool = False) -> None:
        if path.exists() and not path.stat().st_mode & stat.S_IWRITE:
            raise PermissionError(13, "Access is denied", str(path))
        unlink(path, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", as_windows)
    file.chmod(0o444)
    act(file)
    assert not file.exists()


def test_what_is_not_there_needs_no_removal(tmp_path: Path) -> None:
    """Twice does no harm."""
    moving.remove(tmp_path / "none")
    moving.remove_tree(tmp_path / "none")
    moving.discard([tmp_path / "none"])
    moving.discard_tree(tmp_path / "none")


def test_what_cannot_be_removed_of_a_folder_does_not_keep_the_rest(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody needs it, and nobody waits for it."""
    held = file.with_name("held")
    held.touch()
    unlink = os.unlink

    def refuse(path: str, **options: object) -> None:
        if os.path.basename(path) == "held":
            raise in_use(path)
        unlink(path, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "unlink", refuse)
    moving.discard_tree(file.parent)
    assert held.exists() and not file.exists()
