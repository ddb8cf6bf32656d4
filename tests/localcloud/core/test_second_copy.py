"""A second copy of the documents: whole and read again, or the one before stays."""

from __future__ import annotations

import sqlite3
import stat
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from chatkit.core.errors import HomeDamaged, NotWritten
from chatkit.localcloud.core import store as module
from chatkit.localcloud.core.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """With one document, which is in the log only."""
    with closing(Store(tmp_path / "state.db")) as store:
        store.put("a", "one", {"value": 1})
        yield store


def documents(path: Path) -> list[tuple[str, str]]:
    """What is in a database."""
    with closing(sqlite3.connect(path)) as database:
        return database.execute("SELECT key, value FROM documents").fetchall()


def test_a_copy_has_every_document(store: Store, tmp_path: Path) -> None:
    """Also those in the log; only this user can read it, and nothing else is left."""
    path = tmp_path / "copy.db"
    assert store.copy_to(path)
    store.put("a", "two", {"value": 2})
    assert documents(path) == [("one", '{"value":1}')]
    if sys.platform != "win32":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert store.copy_to(path)
    assert [key for key, _ in documents(path)] == ["one", "two"]
    names = {found.name for found in tmp_path.iterdir()}
    assert names == {"state.db", "state.db-wal", "reserve", "copy.db"}


@pytest.mark.parametrize("limit", ["LARGE_BYTES", "SPARE_BYTES"])
def test_no_copy_is_made_of_much_or_on_a_nearly_full_disk(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    """A start costs little, and nobody's change is refused for a copy."""
    values = {"LARGE_BYTES": 1000, "SPARE_BYTES": 1 << 60}
    monkeypatch.setattr(module, limit, values[limit])
    assert not store.copy_to(tmp_path / "copy.db")
    assert not (tmp_path / "copy.db").exists()


@pytest.mark.parametrize("error", [NotWritten("full"), HomeDamaged(Path("x"), "malformed")])
def test_a_copy_that_cannot_be_read_again_replaces_nothing(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """The one before is still there, and no half of a new one."""
    path = tmp_path / "copy.db"
    store.copy_to(path)
    store.put("a", "two", {"value": 2})

    def refuse(_: Path) -> None:
        raise error

    monkeypatch.setattr(module, "look", refuse)
    with pytest.raises(type(error)):
        store.copy_to(path)
    assert [key for key, _ in documents(path)] == ["one"]
    assert not [*tmp_path.glob("*.tmp*")] and not [*tmp_path.glob(".*")]
