"""Durable state of the local cloud: JSON documents in one SQLite file.

A write alone is a transaction of its own, committed before the caller goes on. Several writes are
one inside `Store.transaction`. So whatever a service has acknowledged is still there after
`kill -9`: WAL with synchronous=NORMAL loses nothing when a process is killed.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from chatkit.core.home.migrations import migrate
from chatkit.core.home.state import STARTS

Document = dict[str, Any]


class Store:
    """Documents by collection and key, for the thread that made the store.

    Keys are compared as they are: callers fold the case where Azure does.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
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
        """Create or replace the document."""
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        self._db.execute(
            "INSERT OR REPLACE INTO documents VALUES (?, ?, ?)", (collection, key, text)
        )

    def delete(self, collection: str, key: str) -> bool:
        """Remove the document; say whether it was there."""
        deleted = self._db.execute(
            "DELETE FROM documents WHERE collection=? AND key=?", (collection, key)
        )
        return deleted.rowcount > 0

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
        self.put(*STARTS, {"count": starts})
        self._db.execute("PRAGMA synchronous=NORMAL")
        return starts

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make several writes one: all of them are kept, or none.

        Transactions nest: an inner one that fails takes back its own writes and leaves the outer
        one to go on. Nothing is committed before the outermost one ends. There is no `await`
        inside: what runs meanwhile would write into this transaction.
        """
        if self._db.in_transaction:
            with self._savepoint():
                yield
            return
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            self._take_back("ROLLBACK")
            raise

    @contextmanager
    def _savepoint(self) -> Iterator[None]:
        # Savepoints of one name nest; the statements mean the innermost.
        self._db.execute("SAVEPOINT nested")
        try:
            yield
            self._db.execute("RELEASE nested")
        except BaseException:
            self._take_back("ROLLBACK TO nested", "RELEASE nested")
            raise

    def _take_back(self, *statements: str) -> None:
        # After some errors, as for a full disk, SQLite has taken back everything by itself.
        if self._db.in_transaction:
            for statement in statements:
                self._db.execute(statement)

    def close(self) -> None:
        """Write the log back into the file and close it."""
        self._db.close()
