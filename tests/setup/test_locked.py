"""What an environment has otherwise than the lock."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path

import pytest

from chatkit.setup import installers, locked

ROOT = Path(__file__).resolve().parents[2]


def test_the_environment_of_a_checkout_is_as_the_lock_says() -> None:
    """It was installed from it; names are written with dots and dashes alike."""
    assert locked.others(ROOT / "requirements-test.lock") == {}


def test_another_version_is_named(tmp_path: Path) -> None:
    """A package that is not installed is none for this system."""
    lock = tmp_path / "a.lock"
    lock.write_text(
        "typer==0.0.1 \\\n    --hash=sha256:00\nnot-there==1.0 ; python_version < '3'\n",
        encoding="utf-8",
    )
    assert locked.others(lock) == {"typer": importlib.metadata.version("typer")}


def test_one_of_two_versions_is_enough(tmp_path: Path) -> None:
    """A lock for all systems has one for each range of Pythons."""
    lock = tmp_path / "a.lock"
    here = importlib.metadata.version("typer")
    lock.write_text(
        f"Typer==0.0.1 ; python_version < '3'\ntyper=={here} ; python_version > '3'\n",
        encoding="utf-8",
    )
    assert locked.others(lock) == {}


def test_the_lock_is_installed_into_this_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By its hashes, and by uv where there is one."""
    asked: list[tuple[object, ...]] = []
    monkeypatch.setattr(installers, "find_uv", lambda: None)
    monkeypatch.setattr(installers, "install", lambda *what, again: asked.append((*what, again)))
    locked.install(tmp_path / "a.lock")
    ((python, *rest),) = asked
    assert Path(str(python)).exists() and rest == [tmp_path / "a.lock", None, False]
