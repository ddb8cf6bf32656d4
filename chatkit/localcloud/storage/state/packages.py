"""Packages of function apps, which storage keeps in their deployment container."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

from chatkit.localcloud.storage.state.models import Account, Blob
from chatkit.localcloud.storage.state.repository import Repository

NAME = "released-package.zip"
READ_BUFFER = 512 * 1024


@dataclass(frozen=True)
class ReceivedPackage:
    """A package whose content is there, and whose blob is not yet."""

    _repository: Repository
    _account: Account
    _container: str
    _blob: Blob

    def write(self) -> None:
        """Write the blob down, in the transaction that runs.

        Raises:
            StorageError: The container is not there any more.
        """
        container = self._account.container(self._container)
        self._repository.write_blob(self._account, container, self._blob)

    def show(self) -> None:
        """Let readers see the blob that is written down."""
        container = self._account.container(self._container)
        self._repository.show_blob(self._account, container, self._blob)

    def discard(self) -> None:
        """Remove the content."""
        self._repository.contents.drop(self._account.name, self._blob.pieces)


async def receive(
    repository: Repository, account: Account, container: str, content: bytes
) -> ReceivedPackage:
    """Take a package for a container.

    Raises:
        StorageError: The container is not there.
        NotWritten: The disk is full, or takes no writes.
    """
    account.container(container)
    received = await repository.contents.receive(account.name, _chunks(content))
    blob = Blob(NAME, headers={"Content-Type": "application/zip"}, pieces=[received.piece])
    return ReceivedPackage(repository, account, container, blob)


async def _chunks(content: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(content), READ_BUFFER):
        yield content[start : start + READ_BUFFER]
        await asyncio.sleep(0)
