"""Mends blobs whose files are damaged: an append blob keeps what is there, others go."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from chatkit.core.home import records, state
from chatkit.core.home.mended import Mended
from chatkit.core.system.moving import rename
from chatkit.core.system.names import own_folder
from chatkit.localcloud.core.store import Store
from chatkit.localcloud.storage.state.models import APPEND, Blob, BlobDocument
from chatkit.localcloud.storage.state.repository import BLOBS, STAGED

MD5 = "Content-MD5"


@dataclass(frozen=True)
class _Fault:
    """What is wrong with a blob.

    Attributes:
        file: The file that is.
        there: Bytes of it that are there.
        why: As the end of a sentence.
    """

    file: Path
    there: int
    why: str


def mend_blobs(where: Path) -> Iterator[Mended]:
    """Look at every blob's files, and mend or take away the blobs that lack some."""
    aside = records.unused(where / "blobs")
    with closing(Store(where / state.FILE)) as store:
        for key, document in [*store.items(BLOBS)]:
            account, _, name = key.partition("/")
            blob = Blob.load(cast(BlobDocument, document))
            fault = _fault(where / "blobs" / own_folder(account), blob)
            if fault is None:
                yield from _wrong_content(where, account, blob)
                continue
            kept = "nothing"
            lost = f"the blob {name}: {fault.why}"
            beside = ""
            if blob.kind == APPEND and fault.there:
                whole = blob.pieces[0].size
                blob.pieces[0].size = fault.there
                store.put(BLOBS, key, blob.document())
                kept = f"{fault.there} of {whole} bytes of the blob {name}"
                lost = fault.why
            else:
                store.delete(BLOBS, key)
                _keep(aside / account, fault.file)
                beside = aside.name if aside.exists() else ""
            yield Mended(f"local/blobs/{account}/{fault.file.name}", kept, lost, beside)


def _keep(folder: Path, file: Path) -> None:
    """Move a file that no blob names any more to where no start removes it."""
    if file.exists():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        rename(file, folder / file.name)


def _fault(folder: Path, blob: Blob) -> _Fault | None:
    for piece in blob.pieces:
        file = folder / piece.file
        try:
            there = file.stat().st_size
        except OSError:
            return _Fault(file, 0, "its file is gone")
        if there < piece.size:
            return _Fault(file, there, f"its file has {there} of {piece.size} bytes")
    return None


def _wrong_content(where: Path, account: str, blob: Blob) -> Iterator[Mended]:
    """Name a blob whose content is another one than its digest says.

    It stays: a client may set any digest.
    """
    digest = blob.headers.get(MD5)
    if not digest or len(blob.pieces) != 1 or blob.kind == APPEND:
        return
    piece = blob.pieces[0]
    content = (where / "blobs" / own_folder(account) / piece.file).read_bytes()[: piece.size]
    found = base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()
    if found != digest:
        yield Mended(
            f"local/blobs/{account}/{piece.file}",
            f"the blob {blob.name} as it is",
            f"its content, which is not the one that its {MD5} tells; upload it again",
        )


def lengthen_blobs(where: Path) -> Iterator[Mended]:
    """Let append blobs of older documents have what was appended since then.

    Strategy: a content's file has a name of its own, and what stands in it behind the size that
    counts was appended to this blob: an append that is refused is cut off, and so is one that a
    crash has cut short, before the next is written. Only the last one may have had no answer,
    which its client takes for one that may have been done.
    """
    with closing(Store(where / state.FILE)) as store:
        for key, document in [*store.items(BLOBS)]:
            account, _, name = key.partition("/")
            blob = Blob.load(cast(BlobDocument, document))
            if blob.kind != APPEND or not blob.pieces:
                continue
            (piece,) = blob.pieces
            more = _size(where / "blobs" / own_folder(account) / piece.file) - piece.size
            if more <= 0:
                continue
            piece.size += more
            blob.append_blocks += 1  # at least; the file does not say how many
            blob.touch()
            store.put(BLOBS, key, blob.document())
            kept = f"{piece.size} bytes of the blob {name}, {more} of them appended since then"
            yield Mended(f"local/blobs/{account}/{piece.file}", kept)


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0


def keep_orphans(where: Path) -> Iterator[Mended]:
    """Move the files that no document names to where no start removes them."""
    aside = records.unused(where / "blobs")
    named: set[str] = set()
    with closing(Store(where / state.FILE)) as store:
        for _, document in store.items(BLOBS):
            named |= {piece[0] for piece in document["pieces"]}
        for _, document in store.items(STAGED):
            named.add(document["file"])
    files = [file for file in sorted((where / "blobs").glob("*/*")) if file.is_file()]
    orphans = [file for file in files if file.name not in named]
    for file in orphans:
        _keep(aside / file.parent.name, file)
    if orphans:
        yield Mended(
            "local/blobs", f"{len(orphans)} files that no document names any more", "", aside.name
        )
