"""A pack is whole at its place, or not there."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
from pathlib import Path

import pytest

from chatkit.cli import app
from chatkit.core import settings
from chatkit.core.errors import NotWritten, SetupError
from chatkit.core.file_lock import FileLock
from chatkit.pack import kit_wheel, packing
from chatkit.pack.packing import Packed, pack
from chatkit.pack.platforms import targets
from chatkit.pack.wheelhouse import Wheelhouse
from chatkit.setup.installers import SetupFailed
from chatkit.setup.packs import Pack
from chatkit.setup.version import VERSION
from tests.pack.small_packages import Index, wheel

WINDOWS = targets(["windows-amd64"], ["3.12"])
BOTH = targets(["windows-amd64", "linux-x86_64"], ["3.12", "3.13"])


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "sticks" / "Kurs f\u00fcr alle"


def packed(place: Path) -> Packed:
    """Make a pack for two machines and two Pythons."""
    return pack(place, BOTH, lambda *_: None)


def fetched_again(*_: object) -> None:
    raise AssertionError("this was there already")


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.usefixtures("packages")
def test_a_pack_has_all_of_it_with_hashes(place: Path) -> None:
    """Wheels, kit, notebooks, what starts it, and what is in it; nothing beside it stays."""
    made = packed(place)
    sums = (line.split("  ") for line in (place / "SHA256SUMS").read_text("utf-8").splitlines())
    assert {name.strip(): digest for digest, name in sums} == {
        name: hashlib.sha256((place / name).read_bytes()).hexdigest()
        for name in files(place) - {"SHA256SUMS"}
    }
    assert {"start.sh", "start.cmd", "start.py", "README.txt", "pack.json"} <= files(place)
    assert "notebooks/00-start-here.ipynb" in files(place)
    assert made.wheels == 4 and made.size_bytes == sum(
        (place / name).stat().st_size for name in files(place)
    )
    assert [path.name for path in place.parent.iterdir()] == [place.name]


@pytest.mark.usefixtures("packages")
def test_a_pack_says_for_whom_it_is(place: Path) -> None:
    """To programs, and to people."""
    packed(place)
    said = Pack.read(place)
    assert (said.platforms, said.pythons) == (("windows-amd64", "linux-x86_64"), ("3.12", "3.13"))
    assert said.uv == {
        "windows-amd64": "uv-1.0-py3-none-win_amd64.whl",
        "linux-x86_64": "uv-1.0-py3-none-manylinux_2_17_x86_64.whl",
    }
    readme = (place / "README.txt").read_text(encoding="utf-8")
    assert "You need Python 3.12 or 3.13" in readme and "windows-amd64, linux-x86_64" in readme
    lock = (place / "requirements.lock").read_text(encoding="utf-8")
    kit = hashlib.sha256((place / "wheels" / said.kit).read_bytes()).hexdigest()
    assert f"\nchatkit=={VERSION} --hash=sha256:{kit}\n" in lock and lock.startswith("pure==1.0")


@pytest.mark.usefixtures("packages")
def test_windows_reads_its_script_with_its_line_ends(place: Path) -> None:
    """cmd finds no label in lines that end otherwise; a shell takes no other than its own."""
    packed(place)
    script = (place / "start.cmd").read_bytes()
    assert script.count(b"\r\n") == script.count(b"\n") > 5
    assert b"\r" not in (place / "start.sh").read_bytes()
    if os.name != "nt":
        assert os.access(place / "start.sh", os.X_OK)


@pytest.mark.usefixtures("packages")
def test_a_pack_is_renewed_with_what_it_has(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For other machines, too; of the index nothing is needed that was there."""
    packed(place)
    monkeypatch.setattr(Wheelhouse, "_download", fetched_again)
    pack(place, WINDOWS, lambda *_: None)
    assert files(place / "wheels") == {
        "pure-1.0-py3-none-any.whl",
        "uv-1.0-py3-none-win_amd64.whl",
        "chatkit-1.0-py3-none-any.whl",
    }
    assert [path.name for path in place.parent.iterdir()] == [place.name]


def test_an_attempt_that_failed_leaves_no_pack_and_goes_on(
    packages: Index, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it has fetched is kept beside the place."""
    lacking = packages.folder / "pure-1.0-py3-none-any.whl"
    content = lacking.read_bytes()
    lacking.unlink()
    with pytest.raises(SetupError, match="There is no wheel of pure 1.0 for windows-amd64"):
        packed(place)
    assert not place.exists() and len([*place.parent.rglob("uv-*.whl")]) == 2
    lacking.write_bytes(content)
    for path in packages.folder.glob("uv-*"):
        path.unlink()
    packed(place)
    assert [path.name for path in place.parent.iterdir()] == [place.name]


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        ("Retrying after connection broken by 'NewConnectionError", "Check the network"),
        ("OSError: [Errno 28] No space left on device", "the disk is full"),
    ],
)
@pytest.mark.usefixtures("packages")
def test_an_attempt_that_brought_nothing_leaves_nothing(
    place: Path, monkeypatch: pytest.MonkeyPatch, output: str, sentence: str
) -> None:
    """And says why, and what to do."""

    def fail(*_: object) -> None:
        raise SetupFailed("", output=output)

    monkeypatch.setattr(Wheelhouse, "_download", fail)
    with pytest.raises(SetupError, match=rf"The pack is not made: .*{sentence}.*the same again"):
        packed(place)
    assert [*place.parent.iterdir()] == []


@pytest.mark.usefixtures("packages")
def test_a_full_disk_is_said_and_the_former_pack_stays(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of it is replaced before all of the new one is there."""
    packed(place)
    before = {name: (place / name).read_bytes() for name in files(place)}

    def full(source: Path, target: Path) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(target))

    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(NotWritten, match="the disk is full"):
        packed(place)
    assert {name: (place / name).read_bytes() for name in files(place)} == before


@pytest.mark.usefixtures("packages")
def test_the_pack_that_is_there_stays_whole_until_the_end(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its files are used for the new one, and none of them is written anew."""
    packed(place)
    before = {name: (place / name).read_bytes() for name in files(place)}
    other = {"chatkit/other.py": b"# newer"}
    monkeypatch.setattr(
        kit_wheel, "make", lambda folder, _python: wheel(folder, "chatkit", files=other)
    )

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(packing, "_write_texts", killed)
    with pytest.raises(KeyboardInterrupt):
        packed(place)
    assert {name: (place / name).read_bytes() for name in files(place)} == before


@pytest.mark.usefixtures("packages")
def test_files_of_somebody_are_not_replaced(place: Path) -> None:
    """Neither in a folder of theirs nor in a pack."""
    packed(place)
    (place / "python-installer.exe").write_bytes(b"theirs")
    with pytest.raises(SetupError, match=r"not a pack's: python-installer\.exe"):
        packed(place)
    (place / "pack.json").unlink()
    (place / "SHA256SUMS").unlink()
    with pytest.raises(SetupError, match="not a pack's"):
        packed(place)
    assert (place / "python-installer.exe").read_bytes() == b"theirs"


@pytest.mark.usefixtures("packages")
def test_a_place_that_is_none_is_refused(place: Path, tmp_path: Path) -> None:
    """A file, and a disk as a whole, which cannot be renamed."""
    place.parent.mkdir(parents=True)
    place.touch()
    with pytest.raises(SetupError, match="is a file"):
        packed(place)
    with pytest.raises(SetupError, match=r"is a whole disk\. Name a folder on it"):
        packed(Path(tmp_path.anchor))
    with pytest.raises(NotWritten, match="its name is too long"):
        packed(place.with_name("x" * 300))


@pytest.mark.skipif(os.name == "nt", reason="making links needs a right there")
def test_a_link_to_itself_is_no_place(tmp_path: Path) -> None:
    """Nor is one below it."""
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    for place in (loop, loop / "pack"):
        with pytest.raises(SetupError, match="link that leads to itself"):
            packed(place)


@pytest.mark.usefixtures("packages")
def test_a_pack_that_may_not_go_is_refused_first(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read-only, as copied to a stick; root's own rights are not asked."""
    packed(place)
    monkeypatch.setattr(os, "access", lambda path, _mode: Path(path) != place / "wheels")
    with pytest.raises(NotWritten, match="takes no writes: it is read-only"):
        packing.check_place(place)


def test_a_refused_place_is_all_that_the_verb_says(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not that it packs."""
    place.parent.mkdir(parents=True)
    place.touch()
    monkeypatch.setattr("sys.argv", ["chatkit", "pack", str(place)])
    assert app.main() == 1
    assert capsys.readouterr().err == f"chatkit: {place} is a file. Choose another name.\n"


@pytest.mark.usefixtures("packages")
def test_an_empty_folder_becomes_the_pack(place: Path) -> None:
    """People make it first."""
    place.mkdir(parents=True)
    packed(place)
    assert json.loads((place / "pack.json").read_text(encoding="utf-8"))["version"] == VERSION


@pytest.mark.usefixtures("packages")
def test_two_at_once_are_told_of_each_other(place: Path) -> None:
    """They would write into one folder."""
    settings.home().mkdir(parents=True)
    with FileLock(settings.home() / "pack.lock") as lock:
        assert lock.try_acquire()
        with pytest.raises(SetupError, match="Another `chatkit pack` is running"):
            packed(place)
    assert not place.exists()
