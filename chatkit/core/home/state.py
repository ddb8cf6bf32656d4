"""Is `state.db` whole, and which cloud is in it? Asked before anything is written to it."""

from __future__ import annotations

import errno
import json
import sqlite3
import struct
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from chatkit.core.errors import HomeDamaged, HomeTooNew, HomeUnusable
from chatkit.core.files import not_written
from chatkit.core.home.version import SCHEMA

FILE = "state.db"
COPY = "state.copy.db"
"""The documents as they were at the last start: `chatkit local repair` takes what is lost there."""
COLUMNS = ["collection", "key", "value"]
TENANT = ("entra", "tenant")
SUBSCRIPTION = ("resource-manager", "subscription")
STARTS = ("home", "starts")
LOG_MARKS = (b"\x37\x7f\x06\x82", b"\x37\x7f\x06\x83")
"""How a write-ahead log begins (https://www.sqlite.org/fileformat2.html, 4.1)."""
LOG_HEADER_BYTES = 32
FRAME_HEADER_BYTES = 24
LAST_FRAME = slice(16, 20)
"""In the shared memory: up to which frame SQLite has read the log (walformat.html, 2.1)."""
LARGE_BYTES = 64 * 1024 * 1024
"""A larger file is not read as a whole at every start."""
BUSY_S = 5.0
NO_ROOM = ("SQLITE_FULL", "SQLITE_IOERR_SHM")
"""How SQLite's names begin for a full disk, where it cannot make its shared memory."""


@dataclass(frozen=True)
class State:
    """Which cloud a `state.db` holds.

    Attributes:
        schema: The form of its documents.
        tenant_id: Empty when no cloud has begun in it.
        subscription_id: Empty when no cloud has begun in it.
        starts: How often the cloud in it has started.
    """

    schema: int = 1
    tenant_id: str = ""
    subscription_id: str = ""
    starts: int = 0


def look(path: Path) -> State:
    """Look whether a `state.db` is whole, and which cloud it holds. One that is missing holds none.

    Raises:
        HomeDamaged: It, or its log, is not what the kit wrote.
        HomeTooNew: A newer version wrote it.
        HomeUnusable: Another program holds it.
        NotWritten: The disk is full. A log that a killed cloud has left cannot be read there.
    """
    if not path.exists():
        return State()
    _check_log(path.with_name(f"{path.name}-wal"))
    try:
        with closing(open_to_read(path)) as database:
            found = _state(path, database)
            _check_log_was_read(path)
            return found
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise HomeUnusable(
                path, "is in use by another program", hint="End that program, then try again."
            ) from error
        if error.sqlite_errorname.startswith(NO_ROOM):
            raise not_written(path, errno.ENOSPC) from error
        raise HomeDamaged(path, str(error)) from error
    except sqlite3.DatabaseError as error:
        raise HomeDamaged(path, str(error)) from error


def open_to_read(path: Path) -> sqlite3.Connection:
    """Open a database that nobody writes. No file is made, neither it nor one beside it."""
    log = path.with_name(f"{path.name}-wal")
    # With a log SQLite makes its shared memory, a file; without one it needs none.
    alone = "" if log.exists() and log.stat().st_size else "&immutable=1"
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro{alone}", uri=True, timeout=BUSY_S)


def _check_log(path: Path) -> None:
    """SQLite takes a log that it does not know for an empty one, and what it held is lost."""
    try:
        with path.open("rb") as file:
            header = file.read(LOG_HEADER_BYTES)
    except FileNotFoundError:
        return
    if len(header) == LOG_HEADER_BYTES and not _is_log_header(header):
        raise HomeDamaged(path, "it is no log of SQLite, and the last changes were in it")


def _is_log_header(header: bytes) -> bool:
    """Whether its mark and its checksum are those of SQLite (fileformat2.html, 4.1 and 4.2)."""
    if header[:4] not in LOG_MARKS:
        return False
    order = ">" if header[3] & 1 else "<"
    return header[24:] == _checksum(order, bytes(8), header[:24])


def _checksum(order: str, before: bytes, content: bytes) -> bytes:
    """SQLite's checksum of what follows on something that has one (fileformat2.html, 4.2)."""
    first, second = struct.unpack(">II", before)
    for one, other in struct.iter_unpack(f"{order}II", content):
        first = (first + one + second) & 0xFFFFFFFF
        second = (second + other + first) & 0xFFFFFFFF
    return struct.pack(">II", first, second)


def _check_log_was_read(path: Path) -> None:
    """SQLite reads a log up to the first damaged page, and what follows is lost unnoticed."""
    log = path.with_name(f"{path.name}-wal")
    try:
        memory = path.with_name(f"{path.name}-shm").read_bytes()
        read = int.from_bytes(memory[LAST_FRAME], sys.byteorder)
        last = _last_commit(log, read)
    except OSError:
        return  # there is no log
    if last > read:
        raise HomeDamaged(log, "a page in the middle of it is, and changes follow behind it")


def _last_commit(log: Path, after: int) -> int:
    """The number of the last whole frame behind another that ends a transaction; 0 without one.

    What a kill or a limit of the file's size has cut off is no damage: its checksum does not follow
    on that of the frame before it, even where older bytes stand behind. Frames of an older log have
    other salts.
    """
    last = number = 0
    with log.open("rb") as file:
        header = file.read(LOG_HEADER_BYTES)
        if len(header) < LOG_HEADER_BYTES:
            return 0  # a full disk, or a kill, has left it without its beginning
        order = ">" if header[3] & 1 else "<"
        page_bytes = int.from_bytes(header[8:12], "big")
        before = header[24:]
        while len(frame := file.read(FRAME_HEADER_BYTES)) == FRAME_HEADER_BYTES:
            number += 1
            page = file.read(page_bytes)
            ends = number > after and any(frame[4:8]) and frame[8:16] == header[16:24]
            if ends and len(page) == page_bytes:
                follows = _checksum(order, _checksum(order, before, frame[:8]), page)
                last = number if follows == frame[16:] else last
            before = frame[16:]
    return last


def _state(path: Path, database: sqlite3.Connection) -> State:
    schema = int(database.execute("PRAGMA user_version").fetchone()[0]) or 1
    if schema > SCHEMA:
        raise HomeTooNew(path, schema, known=SCHEMA)
    columns = [row[1] for row in database.execute("PRAGMA table_info(documents)")]
    if not columns and not database.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
        return State()
    if columns != COLUMNS:
        raise HomeDamaged(path, "its database has no table of documents as the kit makes it")
    if path.stat().st_size <= LARGE_BYTES:
        _check_whole(path, database)
    tenant = _document(path, database, TENANT)
    subscription = _document(path, database, SUBSCRIPTION)
    starts = _document(path, database, STARTS)
    return State(
        schema,
        str(tenant.get("tenant_id", "")),
        str(subscription.get("id", "")),
        int(str(starts.get("count", 0))),
    )


def _check_whole(path: Path, database: sqlite3.Connection) -> None:
    said = database.execute("PRAGMA quick_check(1)").fetchone()[0]
    if said != "ok":
        raise HomeDamaged(path, f"the database is malformed ({' '.join(str(said).split())})")
    broken = database.execute(
        "SELECT collection, key FROM documents WHERE NOT json_valid(value) LIMIT 1"
    ).fetchone()
    if broken:
        raise HomeDamaged(path, f"the document {broken[0]} {broken[1]} in it is not readable")


def _document(path: Path, database: sqlite3.Connection, name: tuple[str, str]) -> dict[str, object]:
    row = database.execute(
        "SELECT value FROM documents WHERE collection=? AND key=?", name
    ).fetchone()
    if row is None:
        return {}
    document = json.loads(row[0])
    if not isinstance(document, dict):
        raise HomeDamaged(path, f"the document {' '.join(name)} in it is not readable")
    return document
