"""Zip packages are rejected, never repaired, and nothing of a rejected one is kept."""

from __future__ import annotations

import io
import stat
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatkit.localcloud.functions.deployed import packages
from chatkit.localcloud.functions.host.errors import PackageRejected
from tests.attacks.functions import PACKAGES

GOOD = {
    "host.json": "{}",
    "function_app.py": "",
    "requirements.txt": "azure-functions\n",
    "lib/a.py": "x",
}


def package(tmp_path: Path, *entries: tuple[str | zipfile.ZipInfo, str]) -> Path:
    """Write a zip with entries in order, names as they are."""
    path = tmp_path / "package.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in entries:
            archive.writestr(name, text)
    return path


def entry(name: str, mode: int) -> zipfile.ZipInfo:
    """An entry with a Unix mode."""
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    return info


def test_a_good_package_is_unpacked(tmp_path: Path) -> None:
    """Everything there, no warning."""
    assert packages.unpack(package(tmp_path, *GOOD.items()), tmp_path / "out") == []
    assert (tmp_path / "out" / "lib" / "a.py").read_text(encoding="utf-8") == "x"


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    ("entries", "sentence"),
    [
        ([("../evil.py", "x")], "leaves its folder: '../evil.py'"),
        ([("a/../../evil.py", "x")], "leaves its folder"),
        ([("/etc/evil", "x")], "absolute path: '/etc/evil'"),
        ([("C:/evil", "x")], "absolute path"),
        ([("a\\b.py", "x")], "backslash"),
        (
            [(entry("link", stat.S_IFLNK | 0o777), "/etc/passwd")],
            "symbolic link or special file: 'link'",
        ),
        ([(entry("pipe", stat.S_IFIFO | 0o600), "")], "symbolic link or special file"),
        ([("a.py", "1"), ("a.py", "2")], "'a.py' twice"),
        ([("a.py", "1"), ("A.PY", "2")], "twice"),
        ([("lib/nul.txt", "x")], "device name"),
        ([("a\nb.py", "x")], "unreadable name"),
    ],
)
def test_a_dangerous_entry_rejects_the_package(
    tmp_path: Path, entries: list[tuple[str, str]], sentence: str
) -> None:
    """Nothing is written, inside or outside of the folder."""
    with pytest.raises(PackageRejected, match=sentence):
        packages.unpack(package(tmp_path, ("host.json", "{}"), *entries), tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["package.zip"]


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        (
            ["my-app/host.json", "my-app/function_app.py"],
            "not at the root of the package but at 'my-app/host.json'",
        ),
        (["function_app.py"], "no host.json"),
        ([], "no host.json"),
    ],
)
def test_host_json_must_be_at_the_root(tmp_path: Path, names: list[str], sentence: str) -> None:
    """The most frequent mistake has a sentence that says what to do."""
    with pytest.raises(PackageRejected, match=sentence) as rejected:
        packages.unpack(package(tmp_path, *((name, "{}") for name in names)), tmp_path / "out")
    assert "Zip the contents" in rejected.value.hint


def test_a_zip_bomb_and_too_many_entries_are_rejected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By what the directory of the zip says, before unpacking."""
    bomb = package(tmp_path, ("host.json", "{}"), ("zeros", "0" * 60_000_000))
    with pytest.raises(PackageRejected, match="zip bomb"):
        packages.unpack(bomb, tmp_path / "out")
    monkeypatch.setattr(packages, "MAX_ENTRIES", 1)
    with pytest.raises(PackageRejected, match="2 entries"):
        packages.unpack(bomb, tmp_path / "out")
    monkeypatch.setattr(packages, "MAX_ENTRIES", 10)
    monkeypatch.setattr(packages, "MAX_TOTAL_BYTES", 10)
    with pytest.raises(PackageRejected, match="would unpack to 60,000,002 bytes"):
        packages.unpack(bomb, tmp_path / "out")


def test_an_app_of_model_1_misses_no_file(tmp_path: Path) -> None:
    """It has a function.json a function; that the local host does not run it is said later."""
    entries = {"host.json": "{}", "requirements.txt": "", "Send/function.json": "{}"}
    assert packages.unpack(package(tmp_path, *entries.items()), tmp_path / "out") == []


def test_missing_and_unwanted_files_are_warnings(tmp_path: Path) -> None:
    """They are in the build log, and do not stop a deployment."""
    entries = [("host.json", "{}"), ("local.settings.json", "{}")]
    warnings = packages.unpack(package(tmp_path, *entries), tmp_path / "out")
    assert [
        name
        for name in ("local.settings.json", "requirements.txt", "function_app.py")
        if name in " ".join(warnings)
    ] == [
        "local.settings.json",
        "requirements.txt",
        "function_app.py",
    ]


@given(st.binary(max_size=200))
def test_any_bytes_are_a_package_or_rejected(data: bytes) -> None:
    """No file breaks the check."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        archive.writestr("host.json", "{}")
    for content in (data, whole.getvalue()[: len(data)], whole.getvalue()[:-20] + data):
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                packages.check(archive.infolist())
        except (PackageRejected, zipfile.BadZipFile, ValueError):
            pass


def test_a_file_that_is_no_zip_is_rejected(tmp_path: Path) -> None:
    """With what the zip reader says."""
    (tmp_path / "package.zip").write_bytes(b"PK\x03\x04 nonsense")
    with pytest.raises(PackageRejected, match="not a valid zip file"):
        packages.unpack(tmp_path / "package.zip", tmp_path / "out")


def test_a_damaged_package_is_named(tmp_path: Path) -> None:
    """Bytes changed on the way: whatever breaks, it is the package."""
    path = package(tmp_path, ("host.json", "{}"), ("big.py", "x = 1\n" * 5000))
    content = bytearray(path.read_bytes())
    content[90:110] = b"\xff" * 20
    path.write_bytes(content)
    with pytest.raises(PackageRejected, match="not a valid zip file"):
        packages.unpack(path, tmp_path / "out")


@pytest.mark.parametrize("name", PACKAGES)
def test_names_that_no_disk_can_hold_are_refused(tmp_path: Path, name: str) -> None:
    """Before anything is written, with a sentence that names the entry."""
    names = [("host.json", "{}"), *((entry, "x") for entry in PACKAGES[name])]
    with pytest.raises(PackageRejected, match=r"as a folder|too long|twice"):
        packages.unpack(package(tmp_path, *names), tmp_path / "out")
    assert not (tmp_path / "out").exists()


@given(st.binary(max_size=200), st.integers(0, 600), st.data())
def test_a_damaged_package_is_refused_or_unpacked(
    tmp_path_factory: pytest.TempPathFactory, noise: bytes, at: int, data: st.DataObject
) -> None:
    """With one sentence: bytes of a good one are others."""
    folder = tmp_path_factory.mktemp("damaged")
    path = package(folder, *GOOD.items())
    content = bytearray(path.read_bytes())
    for byte in noise[:8]:
        content[data.draw(st.integers(0, len(content) - 1))] = byte
    path.write_bytes(content[: len(content) - at % 40] + noise)
    try:
        packages.unpack(path, folder / "out")
    except PackageRejected as error:
        assert str(error).startswith(("The package", "host.json"))


def test_folders_that_no_entry_names_count(tmp_path: Path) -> None:
    """A few entries deep down are as many folders as a disk can bear to make."""
    deep = [(f"{number}/{'a/' * 490}f", "") for number in range(41)]
    with pytest.raises(PackageRejected, match=r"more than 20000 folders"):
        packages.unpack(package(tmp_path, *GOOD.items(), *deep), tmp_path / "out")
    assert not (tmp_path / "out").exists()
