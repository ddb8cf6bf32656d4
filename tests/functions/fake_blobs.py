"""A blob container in memory, with the errors of the real one, for tests without a host."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from azure.core.exceptions import (
    HttpResponseError,
    ResourceExistsError,
    ResourceNotFoundError,
    ServiceRequestError,
)


class FakeContainer:
    """Append blobs by name.

    Attributes:
        blobs: Their contents; None until somebody makes the container.
        most_blocks: So many appends fit into one blob.
        down: True lets every request fail as it does when nothing listens.
    """

    def __init__(self, most_blocks: int = 50_000) -> None:
        self.blobs: dict[str, list[bytes]] | None = None
        self.most_blocks = most_blocks
        self.down = False
        self.downloaded_bytes = 0
        self.lock = threading.Lock()

    def create_container(self) -> None:
        self.reach()
        with self.lock:
            if self.blobs is not None:
                raise ResourceExistsError("ContainerAlreadyExists")
            self.blobs = {}

    def list_blobs(self) -> Iterator[Any]:
        self.reach()
        for name, blocks in list(self.existing().items()):
            yield SimpleNamespace(name=name, size=len(b"".join(blocks)))

    def get_blob_client(self, name: str) -> FakeBlob:
        return FakeBlob(self, name)

    def reach(self) -> None:
        if self.down:
            raise ServiceRequestError("nothing listens there")

    def existing(self) -> dict[str, list[bytes]]:
        if self.blobs is None:
            raise ResourceNotFoundError("ContainerNotFound")
        return self.blobs

    @property
    def names(self) -> list[str]:
        return sorted(self.blobs or {})


@dataclass(frozen=True)
class FakeBlob:
    """One append blob of a container."""

    container: FakeContainer
    name: str

    def create_append_blob(self, *, match_condition: Any) -> None:
        self.container.reach()
        with self.container.lock:
            if self.name in self.container.existing():
                raise ResourceExistsError("BlobAlreadyExists")
            self.container.existing()[self.name] = []

    def append_block(self, data: bytes) -> None:
        self.container.reach()
        with self.container.lock:
            if self.name not in self.container.existing():
                raise ResourceNotFoundError("BlobNotFound")
            blocks = self.container.existing()[self.name]
            if len(blocks) >= self.container.most_blocks:
                full = HttpResponseError(
                    "The committed block count cannot exceed the maximum limit."
                )
                full.error_code = "BlockCountExceedsLimit"  # type: ignore[attr-defined]  # as the storage client sets it
                raise full
            blocks.append(data)

    def download_blob(self, offset: int, length: int) -> Any:
        self.container.reach()
        data = b"".join(self.container.existing()[self.name])[offset : offset + length]
        self.container.downloaded_bytes += len(data)
        return SimpleNamespace(readall=lambda: data)
