"""Attempts to make a home begin anew, or trust what somebody else has put into it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path

from tests.attacks.group import Group

# Files that are written where they stand, and those that are replaced as a whole.
WRITTEN = (
    "local/lock",
    "local/state.db",
    "local/cloud.log",
    "local/cloud.out",
    "logs/functions.log",
)
REPLACED = (
    "settings.json",
    "timings.json",
    "steps.json",
    "chatfiles.json",
    "notebooks.json",
    "servers/functions.json",
    "local/version.json",
    "local/state.copy.db",
    "local/tls/ca.pem",
    "local/tls/server.pem",
    "local/tls/server.key",
)
STRANGERS_FILES = (*WRITTEN, *REPLACED, "local/cloud.json", "local/state.db-wal")


def _execute(*statements: str) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        with closing(sqlite3.connect(path)) as database:
            for statement in statements:
                database.execute(statement)
            database.commit()

    return change


def _write(content: bytes) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        path.write_bytes(content)

    return change


def _truncate(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def _damage_a_page(path: Path) -> None:
    content = bytearray(path.read_bytes())
    middle = len(content) // 2 // 4096 * 4096
    content[middle : middle + 4096] = b"\xee" * 4096
    path.write_bytes(content)


def _replace_log(path: Path) -> None:
    path.with_name("state.db-wal").write_bytes(b"garbage " * 1000)


# What happens to the documents of a cloud that was used.
LOST_DOCUMENTS: Mapping[str, Callable[[Path], None]] = {
    "state.db is emptied": _write(b""),
    "state.db is deleted": lambda path: path.unlink(),
    "state.db is cut in half": _truncate,
    "state.db is overwritten": _write(b"\x00\xff" * 4000),
    "state.db is a text": _write(b"a note"),
    "a page of state.db is overwritten": _damage_a_page,
    "the log of state.db is overwritten": _replace_log,
    "state.db has no rows": _execute("DELETE FROM documents"),
    "state.db has no tenant": _execute("DELETE FROM documents WHERE collection='entra'"),
    "state.db has another table": _execute("DROP TABLE documents", "CREATE TABLE other (a)"),
    "state.db has an older table": _execute(
        "DROP TABLE documents", "CREATE TABLE documents (key TEXT, value TEXT)"
    ),
    "state.db has half a document": _execute(
        "UPDATE documents SET value='{' WHERE collection='resources'"
    ),
    "state.db is of a newer version": _execute("PRAGMA user_version=99"),
}
CERTIFICATES = ("ca.pem", "server.pem", "server.key")

GROUPS = (
    Group(
        "A home whose documents are lost begins no new tenant",
        "test_damage.py",
        "test_lost_documents_begin_no_new_tenant",
        tuple(LOST_DOCUMENTS),
    ),
    Group(
        "Certificates of another machine",
        "test_damage.py",
        "test_a_certificate_of_another_machine_is_noticed",
        CERTIFICATES,
    ),
    Group(
        "Files of another user in a home",
        "test_access.py",
        "test_a_file_of_somebody_else_is_not_used",
        STRANGERS_FILES,
    ),
)
