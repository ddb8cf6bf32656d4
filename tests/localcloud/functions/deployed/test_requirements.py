"""requirements.txt as editors and shells write it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from chatkit.core.system.programs import executable
from chatkit.localcloud.functions.deployed import build
from chatkit.localcloud.functions.host.errors import PackageRejected
from chatkit.setup import packs


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
async def test_a_list_in_any_encoding_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    """PowerShell 5 writes UTF-16; pip reads it, uv does not, so it is written anew before."""
    path = tmp_path / "requirements.txt"
    path.write_text("azure-functions\nnot-there-at-all==9\n", encoding=encoding)
    given: list[str] = []

    async def installs(command: list[str], log: build.Log) -> int:
        assert command[-1] == str(path)
        given.append(path.read_text(encoding="utf-8"))
        return 0

    monkeypatch.setattr(build, "_run", installs)
    lines: list[str] = []
    await build.install_requirements(tmp_path, lines.append)
    assert given == ["azure-functions\nnot-there-at-all==9\n"]
    assert lines == ["Installing not-there-at-all==9 ..."]


@pytest.mark.parametrize("has_all", [True, False], ids=["all", "not all"])
async def test_a_pack_serves_before_the_index(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_all: bool
) -> None:
    """Where there is no network, nobody waits for it; where there is, more is found."""
    wheels = tmp_path / "a stick" / "wheels"
    (tmp_path / "requirements.txt").write_text("not-there-at-all==9\n", encoding="utf-8")
    monkeypatch.setattr(packs, "wheels", lambda: wheels)
    asked: list[list[str]] = []

    async def installs(command: list[str], log: build.Log) -> int:
        asked.append(command)
        return 0 if has_all or "--no-index" not in command else 1

    monkeypatch.setattr(build, "_run", installs)
    await build.install_requirements(tmp_path, lambda _line: None)
    assert asked[0][-3:] == ["--no-index", "--find-links", wheels.as_uri()]
    assert asked[1:] == ([] if has_all else [asked[0][:-3]])


def test_an_environment_without_pip_has_its_own_uv(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one from a pack, on a machine that has no uv."""
    uv = tmp_path / executable("uv")
    uv.touch(mode=0o755)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    assert build.installer(tmp_path, tmp_path / "requirements.txt")[0] == str(uv)


def test_a_line_that_is_none_is_named_in_any_encoding(tmp_path: Path) -> None:
    """By its number."""
    path = tmp_path / "requirements.txt"
    path.write_text("azure-functions\n!\n", encoding="utf-16")
    with pytest.raises(PackageRejected, match=r"Line 2 of requirements\.txt"):
        build.compare(path)
