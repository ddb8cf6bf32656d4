"""requirements.txt as editors and shells write it."""

from __future__ import annotations

from pathlib import Path

import pytest

from chatkit.localcloud.functions.deployed import build
from chatkit.localcloud.functions.host.errors import PackageRejected


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


def test_a_line_that_is_none_is_named_in_any_encoding(tmp_path: Path) -> None:
    """By its number."""
    path = tmp_path / "requirements.txt"
    path.write_text("azure-functions\n!\n", encoding="utf-16")
    with pytest.raises(PackageRejected, match=r"Line 2 of requirements\.txt"):
        build.unsatisfied(path)
