"""Deleting what has thousands of blobs: in steps that fit into the reserve of a full disk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from chatkit.core.disk.reserve import SIZE_BYTES
from chatkit.core.errors import NotWritten
from chatkit.localcloud.core.store import Store
from chatkit.localcloud.storage.state import repository as state
from chatkit.localcloud.storage.state.models import Blob, Container
from chatkit.localcloud.storage.state.repository import Repository
from chatkit.localcloud.storage.state.spec import AccountSpec

SPEC = AccountSpec("account", "a2V5", "a2V5")
MANY = 4000  # their rows are 2 MB


class Storage:
    """An account with a container of many blobs, and another one beside."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store = store
        self.folder = folder
        self.open()
        for name in ("box", "box2"):
            self.repository.save_container(self.account, Container(name))
        with store.transaction():
            for number in range(MANY):
                document = Blob(f"{number:05}", headers={"Content-Type": "x" * 300}).document()
                store.put(state.BLOBS, f"account/box/{number:05}", document)
            store.put(state.BLOBS, "account/box2/kept", Blob("kept").document())
        self.open()

    def open(self) -> None:
        """Load what is stored, as a start does."""
        self.repository = Repository(self.store, self.folder)
        self.account = self.repository.apply(SPEC)

    def rows(self, prefix: str = "") -> list[str]:
        """Every row about containers, blobs, and what is deleted."""
        collections = (state.ACCOUNTS, state.CONTAINERS, state.BLOBS, state.REMOVED)
        return [key for one in collections for key, _ in self.store.items(one, prefix)]


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[Storage]:
    """Opened on a folder of its own, with an empty log."""
    with closing(Store(tmp_path / "state.db")) as store:
        made = Storage(store, tmp_path / "blobs")
    with closing(Store(tmp_path / "state.db")) as store:
        made.store = store
        made.open()
        yield made


def log_bytes(storage: Storage) -> int:
    """The largest that the database's log has been."""
    return (storage.folder.parent / "state.db-wal").stat().st_size


def test_a_container_goes_in_steps_that_the_reserve_has_room_for(storage: Storage) -> None:
    """A full disk has nothing else."""
    storage.repository.delete_container(storage.account, storage.account.container("box"))
    assert log_bytes(storage) < SIZE_BYTES
    assert storage.rows() == ["account", "account/box2", "account/box2/kept"]


async def test_an_account_goes_in_steps_too(storage: Storage) -> None:
    """In the transaction of Resource Manager only the account itself."""
    with storage.store.transaction(from_reserve=True):
        storage.repository.forget_account("account")
    await storage.repository.remove_account("account")
    assert log_bytes(storage) < SIZE_BYTES
    assert storage.rows() == []


def test_a_start_finishes_what_was_cut_off(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The container is gone from the first step on."""
    with monkeypatch.context() as patch:
        patch.setattr(storage.repository, "_forget_rows", _refused)
        storage.repository.delete_container(storage.account, storage.account.container("box"))
    assert "box" not in storage.account.containers and len(storage.rows()) > MANY
    storage.open()
    assert storage.rows() == ["account", "account/box2", "account/box2/kept"]


def test_a_new_container_gets_nothing_of_the_deleted_one(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And a start deletes nothing of the new one."""
    with monkeypatch.context() as patch:
        patch.setattr(storage.repository, "_forget_rows", _refused)
        storage.repository.delete_container(storage.account, storage.account.container("box"))
    box = Container("box")
    storage.repository.save_container(storage.account, box)
    storage.repository.put_blob(storage.account, box, Blob("new"))
    storage.open()
    assert [*storage.account.container("box").blobs] == ["new"]


def _refused(name: str) -> None:
    raise NotWritten(f"{name}: the disk is full.")
