"""Taking lines out of append blobs, for whoever has the local cloud: no operation of Azure's.

The blob is replaced by a shorter one at once: who reads it meanwhile gets the one or the other.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

from chatkit.localcloud.storage.state.models import APPEND, Account, Blob, Container, Part
from chatkit.localcloud.storage.state.repository import Repository


async def redact(
    repository: Repository, account: Account, container: Container, keep: Callable[[bytes], bool]
) -> int:
    """Take every line out of a container's append blobs that is not to be kept; returns how many.

    Raises:
        NotWritten: The disk is full, or takes no writes; the blobs before are done.
    """
    removed = 0
    for blob in [*container.blobs.values()]:
        if blob.kind == APPEND and blob.pieces:
            removed += await _redact_blob(repository, account, container, blob, keep)
    return removed


async def _redact_blob(
    repository: Repository,
    account: Account,
    container: Container,
    blob: Blob,
    keep: Callable[[bytes], bool],
) -> int:
    contents = repository.contents
    while True:
        before = blob.etag
        content = contents.read(Part(account.name, blob.pieces, 0, blob.size))
        lines = content.split(b"\n")
        kept = [line for line in lines if keep(line)]
        if len(kept) == len(lines):
            return 0
        received = await contents.receive(account.name, _once(b"\n".join(kept)), hashed=False)
        if blob.etag == before and container.blobs.get(blob.name) is blob:
            break
        contents.drop(account.name, [received.piece])  # somebody has appended meanwhile
        if container.blobs.get(blob.name) is not blob:
            return 0
    shorter = Blob.load(blob.document())
    shorter.pieces = [received.piece]
    shorter.touch()
    repository.put_blob(account, container, shorter)
    return len(lines) - len(kept)


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content
