"""Blob contents as files.

Strategy: a file's name is new for every content, and a content counts only from the moment a stored
document names its file. A file that is half-written at a crash has no document, and the next start
removes it. A file is never changed after that, except at the end of an append blob, where the
document's size says how much counts. A file that is being sent is kept until it is sent, even if
its blob is deleted or replaced meanwhile.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from chatkit.core.files import new_file, write_all, writing
from chatkit.core.system.moving import discard, discard_tree
from chatkit.core.system.names import own_folder
from chatkit.localcloud.storage.state.models import Part, Piece

CHUNK = 512 * 1024


@dataclass(frozen=True)
class Received:
    """A content that has come in and belongs to no blob yet.

    Attributes:
        md5: Its digest; empty when none was asked for.
    """

    piece: Piece
    md5: bytes


class Contents:
    """The files of all accounts, one folder each."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sending: Counter[Path] = Counter()
        self._to_delete: set[Path] = set()

    def folder(self, account: str) -> Path:
        """Where the files of an account are."""
        return self._folder / own_folder(account)

    def _path(self, account: str, file: str) -> Path:
        return self.folder(account) / file

    def new_piece(self, account: str) -> Piece:
        """Make an empty file."""
        piece = Piece(secrets.token_hex(12), 0)
        with new_file(self._path(account, piece.file)):
            return piece

    async def receive(
        self, account: str, chunks: AsyncIterator[bytes], *, hashed: bool = True
    ) -> Received:
        """Write what comes in to a new file.

        Raises:
            NotWritten: The disk is full, or takes no writes.
        """
        piece = Piece(secrets.token_hex(12), 0)
        digest = hashlib.md5(usedforsecurity=False)
        with new_file(self._path(account, piece.file)) as file:
            async for chunk in chunks:
                write_all(file, chunk)
                if hashed:
                    digest.update(chunk)
                piece.size += len(chunk)
        return Received(piece, digest.digest() if hashed else b"")

    def append(self, account: str, piece: Piece, data: bytes) -> None:
        """Write after what counts of a file.

        The piece's size stays: the caller changes it when it is stored.

        Raises:
            NotWritten: The disk is full, or takes no writes.
        """
        path = self._path(account, piece.file)
        with writing(path), open(path, "r+b", buffering=0) as file:
            if file.seek(0, os.SEEK_END) < piece.size:
                # Writing behind the end would fill what is missing with NUL characters.
                raise _too_short(piece)
            # What a crash has left of another append. Nothing of it may stay behind a shorter one:
            # `chatkit local repair` takes what follows for appended.
            file.truncate(piece.size)
            file.seek(piece.size)
            write_all(file, data)

    def shorten(self, account: str, piece: Piece) -> None:
        """Cut off what an append that failed has written behind what counts."""
        # Readers do not look there, and the next append writes over it.
        with suppress(OSError):
            os.truncate(self._path(account, piece.file), piece.size)

    def copy(self, account: str, piece: Piece, *, linked: bool, to: str) -> Piece:
        """Make a second file of the same content in the folder of the account `to`.

        Args:
            account: Whose the content is.
            piece: The content.
            linked: The bytes on disk are shared: for files that never change.
            to: Whose the second file will be.

        Raises:
            NotWritten: The disk is full, or takes no writes.
        """
        source = self._path(account, piece.file)
        other = Piece(secrets.token_hex(12), piece.size, piece.block_id)
        target = self._path(to, other.file)
        if linked:
            # There are file systems without hard links, and accounts without a folder.
            with suppress(OSError):
                os.link(source, target)
                return other
        with new_file(target) as writer:
            for chunk in self._chunks(Part(account, [piece], 0, piece.size)):
                write_all(writer, chunk)
        return other

    def read(self, part: Part) -> bytes:
        """Part of a content at once, for what is small."""
        return b"".join(self._chunks(part))

    async def send(self, part: Part) -> AsyncIterator[bytes]:
        """Part of a content in chunks.

        No file of it is deleted from the first chunk to the last.
        """
        paths = [self._path(part.account, piece.file) for piece in part.pieces]
        self._sending.update(paths)
        try:
            for chunk in self._chunks(part):
                yield chunk
        finally:
            self._sending.subtract(paths)
            self._remove(path for path in paths if path in self._to_delete)

    def _chunks(self, part: Part) -> Iterator[bytes]:
        start = part.start
        length = part.length
        for piece in part.pieces:
            if start >= piece.size:
                start -= piece.size
                continue
            if length <= 0:
                return
            wanted = min(piece.size - start, length)
            length -= wanted
            with open(self._path(part.account, piece.file), "rb", buffering=0) as file:
                file.seek(start)
                while wanted:
                    chunk = file.read(min(wanted, CHUNK))
                    if not chunk:
                        raise _too_short(piece)
                    wanted -= len(chunk)
                    yield chunk
            start = 0

    def drop(self, account: str, pieces: Iterable[Piece]) -> None:
        """Remove files that no document names any more."""
        self._remove(self._path(account, piece.file) for piece in pieces)

    def _remove(self, paths: Iterable[Path]) -> None:
        for path in paths:
            if self._sending[path] > 0:
                self._to_delete.add(path)
                continue
            self._sending.pop(path, None)
            self._to_delete.discard(path)
            # Windows refuses to delete a file that another program holds: the next start does.
            discard([path])

    async def drop_account(self, account: str) -> None:
        """Remove all files of an account."""
        await asyncio.to_thread(self.drop_folder, account)

    def drop_folder(self, account: str) -> None:
        """Remove all files of an account at once."""
        discard_tree(self.folder(account))

    def sizes(self, account: str) -> dict[str, int]:
        """How many bytes each file of an account has."""
        try:
            with os.scandir(self.folder(account)) as entries:
                return {entry.name: entry.stat().st_size for entry in entries}
        except FileNotFoundError:
            return {}

    def orphans(self, account: str, named: Collection[str]) -> list[Piece]:
        """Files of an account that no document names."""
        try:
            return [
                Piece(entry.name, 0)
                for entry in os.scandir(self.folder(account))
                if entry.name not in named
            ]
        except FileNotFoundError:
            return []


def _too_short(piece: Piece) -> OSError:
    return OSError(f"{piece.file} is shorter than its blob")
