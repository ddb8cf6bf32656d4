"""A package belongs to the version that is released with it: both are kept, or none is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from chatkit.localcloud.core.store import Store
from chatkit.localcloud.storage.state import packages
from chatkit.localcloud.storage.state.errors import StorageError
from chatkit.localcloud.storage.state.models import Account, Blob, Container, Part
from chatkit.localcloud.storage.state.repository import Repository
from chatkit.localcloud.storage.state.spec import AccountSpec

SPEC = AccountSpec("account", "a2V5", "a2V5")


class Storage:
    """An account with a container for packages, in which one is released."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store = store
        self.folder = folder
        self.open()
        self.repository.save_container(self.account, Container("box"))

    def open(self) -> None:
        """Load what is stored, as a start does."""
        self.repository = Repository(self.store, self.folder)
        self.account: Account = self.repository.apply(SPEC)

    def content(self) -> bytes:
        """The package that readers get; empty when there is none."""
        blob: Blob | None = self.account.container("box").blobs.get(packages.NAME)
        if blob is None:
            return b""
        return self.repository.contents.read(Part("account", blob.pieces, 0, blob.pieces[0].size))

    def files(self) -> int:
        """How many contents there are."""
        return len([*(self.folder / "account").iterdir()])

    async def release(self, content: bytes, *, refused: bool = False) -> None:
        """Release a version with its package; when it is refused, after the package is written."""
        package = await packages.receive(self.repository, self.account, "box", content)
        try:
            with self.store.transaction():
                package.write()
                if refused:
                    raise OSError("the disk is full")
        except BaseException:
            package.discard()
            raise
        package.show()


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[Storage]:
    """Opened on a folder of its own."""
    with closing(Store(tmp_path / "state.db")) as store:
        yield Storage(store, tmp_path / "blobs")


async def test_a_refused_first_release_leaves_no_package(storage: Storage) -> None:
    """Neither a blob nor a file, now and after a start."""
    with pytest.raises(OSError, match="full"):
        await storage.release(b"one", refused=True)
    assert storage.content() == b"" and storage.files() == 0
    storage.open()
    assert storage.content() == b""


async def test_a_refused_release_leaves_the_package_of_the_one_that_serves(
    storage: Storage,
) -> None:
    """A start from the container's package would run another version otherwise."""
    await storage.release(b"one")
    with pytest.raises(OSError, match="full"):
        await storage.release(b"two", refused=True)
    assert storage.content() == b"one" and storage.files() == 1
    storage.open()
    assert storage.content() == b"one" and not storage.repository.damaged


async def test_a_release_replaces_the_package(storage: Storage) -> None:
    """The file of the one before is gone."""
    await storage.release(b"one")
    await storage.release(b"two")
    assert storage.content() == b"two" and storage.files() == 1


async def test_a_container_that_is_gone_takes_no_package(storage: Storage) -> None:
    """Before anything is written."""
    with pytest.raises(StorageError, match="container does not exist"):
        await packages.receive(storage.repository, storage.account, "other", b"one")
    assert not (storage.folder / "account").exists()
