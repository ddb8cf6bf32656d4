"""Blob contents as files.

Strategy: a file's name is new for every content, and a content counts only from the moment a stored document names its
file. So whatever is half-written at a crash belongs to nobody, and the next start removes it. A file is never changed
after that, except at the end of an append blob, where the document's size says how much counts. A file that is being
sent is kept until it is sent, even if its blob is deleted or replaced meanwhile.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import secrets
import shutil
from collections import Counter
from collections.abc import AsyncIterator, Collection, Iterable
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

from chatkit.localcloud.storage.state.models import Piece

CHUNK = 512 * 1024


@dataclass(frozen=True)
class Received:
    """A content that has come in and belongs to no blob yet.

    Attributes:
        md5: Its digest; empty when nobody wanted one.
    """

    piece: Piece
    md5: bytes


class Contents:
    """The files of all accounts, one folder each."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sending: Counter[Path] = Counter()
        self._doomed: set[Path] = set()

    def _path(self, account: str, file: str) -> Path:
        return self._folder / account / file

    def new_piece(self, account: str) -> Piece:
        """Make an empty file."""
        piece = Piece(secrets.token_hex(12), 0)
        self._create(account, piece).close()
        return piece

    def _create(self, account: str, piece: Piece) -> FileIO:
        path = self._path(account, piece.file)
        try:
            return open(path, "xb", buffering=0)
        except FileNotFoundError:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            return open(path, "xb", buffering=0)

    async def receive(
        self, account: str, chunks: AsyncIterator[bytes], *, hashed: bool = True
    ) -> Received:
        """Write what comes in to a new file."""
        piece, digest = (
            Piece(secrets.token_hex(12), 0),
            hashlib.md5(usedforsecurity=False) if hashed else None,
        )
        try:
            with self._create(account, piece) as file:
                async for chunk in chunks:
                    file.write(chunk)
                    if digest is not None:
                        digest.update(chunk)
                    piece.size += len(chunk)
        except BaseException:
            self.drop(account, [piece])
            raise
        return Received(piece, digest.digest() if digest is not None else b"")

    def append(self, account: str, piece: Piece, data: bytes) -> None:
        """Write after what counts of a file. The piece's size stays: the caller changes it when it is stored."""
        with open(self._path(account, piece.file), "r+b", buffering=0) as file:
            file.seek(piece.size)
            file.write(data)

    def copy(self, account: str, piece: Piece, *, linked: bool, to: str) -> Piece:
        """Make a second file of the same content in the folder of the account `to`.

        Args:
            account: Whose the content is.
            piece: The content.
            linked: The bytes on disk are shared: for files that never change.
            to: Whose the second file will be.
        """
        source, other = (
            self._path(account, piece.file),
            Piece(secrets.token_hex(12), piece.size, piece.block_id),
        )
        target = self._path(to, other.file)
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if linked:
            try:
                os.link(source, target)
                return other
            except OSError:
                pass  # a file system without hard links
        with open(source, "rb") as reader, open(target, "xb") as writer:
            shutil.copyfileobj(reader, writer, CHUNK)
        return other

    def read(self, account: str, pieces: Iterable[Piece], start: int, length: int) -> bytes:
        """Part of a content at once, for what is small."""
        return b"".join(self._parts(account, pieces, start, length))

    async def send(
        self, account: str, pieces: list[Piece], start: int, length: int
    ) -> AsyncIterator[bytes]:
        """Part of a content in chunks. The files are safe from deletion from the first chunk to the last."""
        paths = [self._path(account, piece.file) for piece in pieces]
        self._sending.update(paths)
        try:
            for part in self._parts(account, pieces, start, length):
                yield part
        finally:
            self._sending.subtract(paths)
            self._remove(path for path in paths if path in self._doomed)

    def _parts(
        self, account: str, pieces: Iterable[Piece], start: int, length: int
    ) -> Iterable[bytes]:
        for piece in pieces:
            if start >= piece.size:
                start -= piece.size
                continue
            if length <= 0:
                return
            wanted = min(piece.size - start, length)
            length -= wanted
            with open(self._path(account, piece.file), "rb", buffering=0) as file:
                file.seek(start)
                while wanted:
                    part = file.read(min(wanted, CHUNK))
                    if not part:
                        raise OSError(f"{piece.file} is shorter than its blob")
                    wanted -= len(part)
                    yield part
            start = 0

    def drop(self, account: str, pieces: Iterable[Piece]) -> None:
        """Remove files that no document names any more."""
        self._remove(self._path(account, piece.file) for piece in pieces)

    def _remove(self, paths: Iterable[Path]) -> None:
        for path in paths:
            if self._sending[path] > 0:
                self._doomed.add(path)
                continue
            self._sending.pop(path, None)
            self._doomed.discard(path)
            try:
                path.unlink(missing_ok=True)
            except OSError:
                pass  # somebody else holds it (Windows): the next start removes it

    async def drop_account(self, account: str) -> None:
        """Remove all files of an account."""
        await asyncio.to_thread(shutil.rmtree, self._folder / account, ignore_errors=True)

    def orphans(self, account: str, named: Collection[str]) -> list[Piece]:
        """Files of an account that no document names."""
        try:
            return [
                Piece(entry.name, 0)
                for entry in os.scandir(self._folder / account)
                if entry.name not in named
            ]
        except FileNotFoundError:
            return []
