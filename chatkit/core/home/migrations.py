"""Brings the documents of an older version to the form that this version reads.

The number of a form stands in the database itself (`PRAGMA user_version`). All steps and the new
number are one transaction: a start that is killed in the middle leaves the old form.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from typing import Any

from chatkit.core.home.version import SCHEMA

# More are not kept of a deployment's log.
LOG_LINES = 1000
Change = Callable[[sqlite3.Connection], None]


def migrate(database: sqlite3.Connection) -> None:
    """Bring a database to the newest form; nothing happens when it has that one."""
    # 0.1.0 wrote no number: SQLite's 0 is form 1.
    form = int(database.execute("PRAGMA user_version").fetchone()[0]) or 1
    if form == SCHEMA:
        return
    database.execute("BEGIN IMMEDIATE")
    try:
        for step in range(form, SCHEMA):
            STEPS[step](database)
        database.execute(f"PRAGMA user_version={SCHEMA}")
        database.execute("COMMIT")
    except BaseException:
        if database.in_transaction:
            database.execute("ROLLBACK")
        raise


def _from_0_1_0(database: sqlite3.Connection) -> None:
    """0.1.0 kept parts of a registration that were set to null, did not note with a refresh token
    whether its client is confidential, and had the log of a deployment in its record.
    """
    web: dict[str, bool] = {}
    for key, document in _documents(database, "entra-applications"):
        for kind in ("web", "spa", "publicClient"):
            document[kind] = document.get(kind) or {}
        web[key] = bool(document["web"].get("redirectUris"))
        _put(database, "entra-applications", key, document)
    for key, document in _documents(database, "entra-refresh"):
        client_id = str(document["client_id"]).lower()
        document.setdefault("needs_proof", web.get(client_id, False))
        _put(database, "entra-refresh", key, document)
    for site in _collections(database, "deployments/"):
        for key, document in _documents(database, f"deployments/{site}"):
            for number, line in enumerate(document.pop("log", [])[-LOG_LINES:]):
                _put(database, f"deployment-logs/{site}", f"{key}/{number:09}", line)
            _put(database, f"deployments/{site}", key, document)


STEPS: dict[int, Change] = {1: _from_0_1_0}
"""What leads from each form to the next one."""


def _collections(database: sqlite3.Connection, start: str) -> list[str]:
    """What follows the start in the names of collections that begin with it."""
    rows = database.execute(
        "SELECT DISTINCT collection FROM documents WHERE collection>=? AND collection<?",
        (start, start + "\U0010ffff"),
    ).fetchall()
    return [name.removeprefix(start) for (name,) in rows]


def _documents(
    database: sqlite3.Connection, collection: str
) -> Iterator[tuple[str, dict[str, Any]]]:
    rows = database.execute(
        "SELECT key, value FROM documents WHERE collection=?", (collection,)
    ).fetchall()
    for key, text in rows:
        yield key, json.loads(text)


def _put(database: sqlite3.Connection, collection: str, key: str, document: dict[str, Any]) -> None:
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    database.execute("INSERT OR REPLACE INTO documents VALUES (?, ?, ?)", (collection, key, text))
