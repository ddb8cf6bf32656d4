"""Removes lines from append blobs, for the owner of the local cloud: Azure has no such operation.

A blob is replaced by a shorter one at once: a reader gets the one or the other as a whole.
"""

from __future__ import annotations

from collections.abc import Callable

from chatkit.localcloud.storage.state.models import APPEND, Account, Blob, Container, Part
from chatkit.localcloud.storage.state.repository import Repository


def redact(
    repository: Repository, account: Account, container: Container, keep: Callable[[bytes], bool]
) -> int:
    """Take every line out of a container's append blobs that is not to be kept; returns how many.

    Raises:
        NotWritten: The disk is full, or takes no writes; the blobs before are done.
    """
    contents = repository.contents
    removed = 0
    for blob in [*container.blobs.values()]:
        if blob.kind != APPEND or not blob.pieces:
            continue
        lines = contents.read(Part(account.name, blob.pieces, 0, blob.size)).split(b"\n")
        kept = [line for line in lines if keep(line)]
        if len(kept) == len(lines):
            continue
        text = b"\n".join(kept)
        shorter = Blob.load(blob.document())
        piece = contents.new_piece(account.name)
        contents.append(account.name, piece, text)
        piece.size = len(text)
        shorter.pieces = [piece]
        shorter.touch()
        repository.put_blob(account, container, shorter)
        removed += len(lines) - len(kept)
    return removed
