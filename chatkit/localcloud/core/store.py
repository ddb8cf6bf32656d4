"""Durable state of the local cloud: JSON documents in one SQLite file.

Every write is one transaction, committed before the caller goes on, so that whatever a service has acknowledged is
still there after `kill -9`. WAL with synchronous=NORMAL: a killed process loses nothing.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Document = dict[str, Any]


class Store:
    """Documents by collection and key. Keys are compared as they are: callers fold the case where Azure does."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS documents"
            " (collection TEXT, key TEXT, value TEXT, PRIMARY KEY (collection, key)) WITHOUT ROWID"
        )
        self._depth = 0

    def get(self, collection: str, key: str) -> Document | None:
        """Return a fresh copy of the document, or None."""
        row = self._db.execute(
            "SELECT value FROM documents WHERE collection=? AND key=?", (collection, key)
        ).fetchone()
        return None if row is None else json.loads(row[0])

    def put(self, collection: str, key: str, value: Document) -> None:
        """Create or replace the document."""
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        self._db.execute(
            "INSERT OR REPLACE INTO documents VALUES (?, ?, ?)", (collection, key, text)
        )

    def delete(self, collection: str, key: str) -> bool:
        """Remove the document; say whether it was there."""
        return (
            self._db.execute(
                "DELETE FROM documents WHERE collection=? AND key=?", (collection, key)
            ).rowcount
            > 0
        )

    def items(self, collection: str, prefix: str = "") -> Iterator[tuple[str, Document]]:
        """Yield (key, document) in key order for keys that start with the prefix."""
        rows = self._db.execute(
            "SELECT key, value FROM documents WHERE collection=? AND key>=? AND key<? ORDER BY key",
            (collection, prefix, prefix + "\U0010ffff"),
        ).fetchall()
        for key, text in rows:
            yield key, json.loads(text)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make several writes one: all of them are kept, or none. May be nested; the outermost one commits."""
        self._depth += 1
        if self._depth == 1:
            self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._depth -= 1
            if self._depth == 0:
                self._db.execute("ROLLBACK")
            raise
        self._depth -= 1
        if self._depth == 0:
            self._db.execute("COMMIT")

    def close(self) -> None:
        """Write the log back into the file and close it."""
        self._db.close()
