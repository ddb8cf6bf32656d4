"""Reads what can still be read of a damaged `state.db`.

Strategy: the table is a tree in the order of its keys. A damaged page stops a walk through it, from
whichever end it comes. So it is walked from both ends, as a whole and then each collection for
itself: that reaches everything but what stands between two damaged pages of one collection.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

from chatkit.core.home import state
from chatkit.localcloud.core.store import Document

ENDS = ("", "-wal")
"""A database, and the log with its last changes."""
Name = tuple[str, str]


@dataclass
class Salvaged:
    """What was read.

    Attributes:
        schema: The form of the documents.
        documents: By collection and key.
        unreadable: Names of documents whose text is no document.
    """

    schema: int = state.State.schema
    documents: dict[Name, Document] = field(default_factory=dict)
    unreadable: list[Name] = field(default_factory=list)


def salvage(path: Path, collections: Iterator[str]) -> Salvaged:
    """Read a damaged database; it stays as it is.

    Args:
        path: The database; its log is read, too.
        collections: Names of collections that may be in it.
    """
    found = Salvaged()
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".salvage-") as folder:
        copy = Path(folder) / state.FILE
        for end in ENDS:
            with suppress(FileNotFoundError):
                shutil.copyfile(f"{path}{end}", f"{copy}{end}")
        with suppress(sqlite3.DatabaseError), closing(state.open_to_read(copy)) as database:
            database.text_factory = bytes
            _read(database, found, collections)
    return found


def _read(database: sqlite3.Connection, found: Salvaged, collections: Iterator[str]) -> None:
    with suppress(sqlite3.DatabaseError):
        found.schema = int(database.execute("PRAGMA user_version").fetchone()[0]) or 1
    _walk(database, found)
    known = {collection for collection, _ in found.documents}
    for collection in sorted({*known, *collections}):
        _walk(database, found, collection)


def _walk(database: sqlite3.Connection, found: Salvaged, collection: str | None = None) -> None:
    where = "" if collection is None else "WHERE collection=?"
    parameters = () if collection is None else (collection,)
    for direction in ("ASC", "DESC"):
        order = f"ORDER BY collection {direction}, key {direction}"
        with suppress(sqlite3.DatabaseError):
            rows = database.execute(
                f"SELECT collection, key, value FROM documents {where} {order}", parameters
            )
            for row in rows:
                _take(found, row)


def _take(found: Salvaged, row: tuple[object, ...]) -> None:
    try:
        collection, key, text = (bytes(part).decode() for part in row if isinstance(part, bytes))
    except ValueError:
        return  # not three texts: a page of something else
    name = (collection, key)
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        document = None
    if isinstance(document, dict):
        found.documents[name] = document
    elif name not in found.unreadable:
        found.unreadable.append(name)
