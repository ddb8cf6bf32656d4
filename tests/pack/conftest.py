"""A kit whose lock names one package of a few bytes."""

from __future__ import annotations

import shutil
from functools import partialmethod
from pathlib import Path

import pytest

from chatkit.core.work import course_folder
from chatkit.pack import kit_wheel
from chatkit.pack.locks import Entry
from chatkit.pack.platforms import Target
from chatkit.pack.wheelhouse import Wheelhouse
from chatkit.setup import installers
from chatkit.setup.installers import SetupFailed
from chatkit.setup.packs import sha256
from tests.pack import small_kit
from tests.pack.small_packages import Index, index, wheel


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Index:
    """The kit and an installer that stands in for uv: nothing comes from the network."""
    monkeypatch.setenv("CHATKIT_HOME", str(tmp_path / "home"))
    found = index(tmp_path / "index", monkeypatch)
    uv = Index(found.folder)
    for tag in ("win_amd64", "manylinux_2_17_x86_64", "manylinux_2_17_aarch64"):
        uv.add("uv", tag=f"py3-none-{tag}", files=small_kit.installer())
    hashes = " \\\n    ".join(line.split(" \\\n    ")[1].strip() for line in uv.lines)
    found.add("pure")
    (tmp_path / "lock").write_text(found.lock, encoding="utf-8")
    (tmp_path / "uv.lock").write_text(f"uv==1.0 \\\n    {hashes}\n", encoding="utf-8")
    monkeypatch.setattr(course_folder, "lock", lambda: tmp_path / "lock")
    monkeypatch.setattr(course_folder, "uv_lock", lambda: tmp_path / "uv.lock")
    monkeypatch.setattr(
        kit_wheel, "make", lambda folder, _python: wheel(folder, "chatkit", files=small_kit.files())
    )
    monkeypatch.setattr(Wheelhouse, "_download", partialmethod(fetch, found.folder))
    monkeypatch.setattr(installers, "create", lambda *_: None)  # of what has pip
    return found


def fetch(
    wheelhouse: Wheelhouse, index: Path, part: list[Entry], target: Target
) -> None:  # `test_wheelhouse.py` has the real one
    """Bring from a folder what pip would bring, in a moment."""
    for entry in part:
        found = [
            path
            for path in index.glob(f"{entry.name}-*")
            if sha256(path) in entry.hashes and target.takes(path.name)
        ]
        if not found:
            raise SetupFailed("", output=f"No matching distribution found for {entry.name}==1.0")
        shutil.copy(found[0], wheelhouse.folder)
