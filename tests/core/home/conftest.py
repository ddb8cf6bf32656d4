"""Homes to damage."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.core.home import used_homes


@pytest.fixture(scope="session")
def made_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A used home that no test changes."""
    home = tmp_path_factory.mktemp("made") / "home"
    home.mkdir()
    used_homes.make(home)
    return home


@pytest.fixture
def used_home(made_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it, which this process' verbs use."""
    home = tmp_path / "home"
    used_homes.copy(made_home, home)
    monkeypatch.setenv("CHATKIT_HOME", str(home))
    return home
