"""Durable state of the local cloud: JSON documents in one SQLite file.

A write alone is a transaction of its own, committed before the caller goes on. Several writes are
one inside `Store.transaction`. So whatever a service has acknowledged is still there after
`kill -9`: WAL with synchronous=NORMAL loses nothing when a process is killed.

On a full disk every write is refused and leaves nothing. What frees space works even there: it has
a reserve.
"""

from __future__ import annotations

import errno
import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from chatkit.core.disk.reserve import Reserve
from chatkit.core.files import (
    free_bytes,
    not_written,
    write_all,
    write_private,
    writing,
)
from chatkit.core.home.migrations import migrate
from chatkit.core.home.state import LARGE_BYTES, STARTS, look
from chatkit.core.system.moving import discard, replace

Document = dict[str, Any]

# A shorter log than SQLite's usual 1000 pages: what the reserve has is enough to write it back.
LOG_PAGES = 128
# What has to be free besides for a second copy: nobody's change is refused for it.
SPARE_BYTES = 8 * 1024 * 1024
# What SQLite writes at once: a page of the log with its header, or some of them.
PROBE_BYTES = 64 * 1024
# The beginnings of SQLite's names for a disk that does not take what is written.
REFUSED = {
    "SQLITE_FULL": errno.ENOSPC,
    "SQLITE_READONLY": errno.EROFS,
    "SQLITE_CANTOPEN": errno.EACCES,
    "SQLITE_IOERR_WRITE": errno.EIO,
    "SQLITE_IOERR_FSYNC": errno.EIO,
    "SQLITE_IOERR_TRUNCATE": errno.EIO,
}


class Store:
    """Documents by collection and key, for the thread that made the store.

    Keys are compared as they are: callers fold the case where Azure does.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._reserve = Reserve(path.with_name("reserve"))
        # What takes changes in memory back, for the transaction that runs.
        self._undo: list[Callable[[], None]] = []
        path.parent.mkdir(parents=True, exist_ok=True)
        is_new = not path.exists()
        with self._checked():
            self._db = sqlite3.connect(path, isolation_level=None)
        try:
            with self._checked():
                self._prepare()
        except BaseException:
            self._db.close()
            if is_new:
                # Else the next start would find an empty store, and begin a new tenant.
                discard(path.with_name(path.name + end) for end in ("", "-wal", "-journal"))
            raise
        self._reserve.fill()

    def _prepare(self) -> None:
        # One process has the store. Alone with it, SQLite needs no third file: its shared memory,
        # which has to grow on the disk.
        self._db.execute("PRAGMA locking_mode=EXCLUSIVE")
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.execute(f"PRAGMA wal_autocheckpoint={LOG_PAGES}")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS documents"
            " (collection TEXT, key TEXT, value TEXT, PRIMARY KEY (collection, key)) WITHOUT ROWID"
        )
        migrate(self._db)

    def get(self, collection: str, key: str) -> Document | None:
        """Return a fresh copy of the document, or None."""
        row = self._db.execute(
            "SELECT value FROM documents WHERE collection=? AND key=?", (collection, key)
        ).fetchone()
        if row is None:
            return None
        document: Document = json.loads(row[0])
        return document

    def put(self, collection: str, key: str, value: Mapping[str, object]) -> None:
        """Create or replace the document.

        Raises:
            NotWritten: The disk is full, or takes no writes; nothing has changed.
        """
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        with self._checked():
            self._db.execute(
                "INSERT OR REPLACE INTO documents VALUES (?, ?, ?)", (collection, key, text)
            )

    def delete(self, collection: str, key: str) -> bool:
        """Remove the document; say whether it was there.

        Raises:
            NotWritten: As for `put`; not because the disk is full, as long as there is a reserve.
        """
        if self._db.in_transaction:
            return self._delete(collection, key)
        with self.transaction(from_reserve=True):
            return self._delete(collection, key)

    def _delete(self, collection: str, key: str) -> bool:
        with self._checked():
            deleted = self._db.execute(
                "DELETE FROM documents WHERE collection=? AND key=?", (collection, key)
            )
        return deleted.rowcount > 0

    def delete_all(self, collection: str, prefix: str = "") -> None:
        """Remove every document whose key starts with the prefix.

        Raises:
            NotWritten: As for `delete`.
        """
        with self.transaction(from_reserve=True), self._checked():
            self._db.execute(
                "DELETE FROM documents WHERE collection=? AND key>=? AND key<?",
                (collection, prefix, prefix + "\U0010ffff"),
            )

    def items(self, collection: str, prefix: str = "") -> Iterator[tuple[str, Document]]:
        """Yield (key, document) in key order for keys that start with the prefix."""
        rows = self._db.execute(
            "SELECT key, value FROM documents WHERE collection=? AND key>=? AND key<? ORDER BY key",
            (collection, prefix, prefix + "\U0010ffff"),
        ).fetchall()
        for key, text in rows:
            yield key, json.loads(text)

    def count_start(self) -> int:
        """Note that a cloud starts on this store; return how often one has."""
        starts = int((self.get(*STARTS) or {}).get("count", 0)) + 1
        # Also after a power failure, the store must not know of fewer starts than `version.json`.
        self._db.execute("PRAGMA synchronous=FULL")
        try:
            with self.transaction(from_reserve=True):
                self.put(*STARTS, {"count": starts})
        finally:
            self._db.execute("PRAGMA synchronous=NORMAL")
        return starts

    @contextmanager
    def transaction(self, *, from_reserve: bool = False) -> Iterator[None]:
        """Make several writes one: all of them are kept, or none.

        Transactions nest: an inner one that fails takes back its own writes and leaves the outer
        one to go on. Nothing is committed before the outermost one ends. There is no `await`
        inside: what runs meanwhile would write into this transaction.

        Args:
            from_reserve: Work on a full disk, too: for what frees space, takes something back, or
                ends what was begun. It counts for the outermost transaction.

        Raises:
            NotWritten: As for `put`.
        """
        if self._db.in_transaction:
            with self._savepoint():
                yield
        elif from_reserve:
            with self.space_for_little(), self._outermost():
                yield
        else:
            with self._outermost():
                yield

    @contextmanager
    def space_for_little(self) -> Iterator[None]:
        """Let the block write a little, even on a full disk: it has the reserve."""
        if not self._reserve.is_needed:
            yield
            return
        with self._reserve.lent():
            yield
            self._write_log_back()

    def on_undo(self, undo: Callable[[], None]) -> None:
        """Call a function if what the running transaction has written is taken back.

        For what is in memory, too. Outside of a transaction a write is kept already.
        """
        if self._db.in_transaction:
            self._undo.append(undo)

    @contextmanager
    def _outermost(self) -> Iterator[None]:
        with self._checked():
            self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            with self._checked():
                self._db.execute("COMMIT")
        except BaseException:
            self._take_back(0, "ROLLBACK")
            raise
        finally:
            self._undo.clear()

    @contextmanager
    def _savepoint(self) -> Iterator[None]:
        # Savepoints of one name nest; the statements mean the innermost.
        mark = len(self._undo)
        with self._checked():
            self._db.execute("SAVEPOINT nested")
        try:
            yield
            with self._checked():
                self._db.execute("RELEASE nested")
        except BaseException:
            self._take_back(mark, "ROLLBACK TO nested", "RELEASE nested")
            raise

    def _take_back(self, mark: int, *statements: str) -> None:
        # After some errors, as for a full disk, SQLite has taken back everything by itself.
        if self._db.in_transaction:
            for statement in statements:
                self._db.execute(statement)
        for undo in reversed(self._undo[mark:]):
            undo()
        del self._undo[mark:]

    def _write_log_back(self) -> None:
        """Give the log's space back, while the reserve's is there for what the file needs."""
        with suppress(sqlite3.Error):
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    @contextmanager
    def _checked(self) -> Iterator[None]:
        """Say in the block which disk does not take what is written."""
        try:
            yield
        except sqlite3.OperationalError as error:
            number = self._refusal(error)
            if number is None:
                raise
            raise not_written(self._path, number) from error

    def forget_deleted(self) -> None:
        """Leave nothing of what was deleted in the file: SQLite only marks it as free.

        Raises:
            NotWritten: The disk takes no writes.
        """
        with self._checked():
            self._db.execute("VACUUM")
        self._write_log_back()

    def copy_to(self, path: Path) -> bool:
        """Write a second copy of all documents: whole and read again, or the one before stays.

        Returns:
            False when there are so many documents, or so little space, that none is made.

        Raises:
            NotWritten: The disk takes no writes.
            HomeDamaged: The copy is not what was written.
        """
        pages = int(self._db.execute("PRAGMA page_count").fetchone()[0])
        size = pages * int(self._db.execute("PRAGMA page_size").fetchone()[0])
        if size > LARGE_BYTES or free_bytes(path.parent) < size + SPARE_BYTES:
            return False
        temporary = path.with_name(f".{path.name}.tmp")
        discard([temporary])
        try:
            with writing(path), self._checked():
                write_private(temporary, b"")
                with closing(sqlite3.connect(temporary, isolation_level=None)) as copy:
                    copy.execute("PRAGMA journal_mode=OFF")
                    copy.execute("PRAGMA synchronous=FULL")
                    self._db.backup(copy)
                look(temporary)
                replace(temporary, path)
        except BaseException:
            discard(temporary.with_name(temporary.name + end) for end in ("", "-wal", "-shm"))
            raise
        return True

    def close(self) -> None:
        """Write the log back into the file and close it."""
        self._db.close()

    def _refusal(self, error: sqlite3.OperationalError) -> int | None:
        """Why the disk refused, as an errno; None for every other error."""
        name = str(getattr(error, "sqlite_errorname", ""))
        found = next((number for start, number in REFUSED.items() if name.startswith(start)), None)
        if name.startswith("SQLITE_IOERR_WRITE"):
            return self._why_not_written()
        return found

    def _why_not_written(self) -> int:
        """Ask the disk itself: SQLite tells a quota from a broken disk as little as a limit."""
        probe = self._path.with_name(f".{self._path.name}.probe")
        parts = [self._path.with_name(self._path.name + end) for end in ("", "-wal")]
        try:
            size = max(part.stat().st_size for part in parts if part.exists())
            with open(probe, "wb", buffering=0) as file:
                file.seek(size)
                write_all(file, bytes(PROBE_BYTES))
        except OSError as refused:
            return refused.errno or errno.EIO
        finally:
            discard([probe])
        return errno.EIO
