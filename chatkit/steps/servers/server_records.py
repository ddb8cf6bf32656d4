"""The record of each server of a home: which process it is, and what it serves."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

from chatkit.core.files import write_private
from chatkit.core.home import records
from chatkit.core.system.moving import remove
from chatkit.steps.servers.server import HOSTS, Server

LOST = "a server that ran is not known any more"


class ServerRecords:
    """The records of one home.

    Args:
        home: They are in its folder `servers`.
    """

    def __init__(self, home: Path) -> None:
        self._folder = home / "servers"

    def path(self, name: str) -> Path:
        """The file of a server's record."""
        return self._folder / f"{name}.json"

    def read(self, name: str) -> Server | None:
        """The server of a record, if its process runs. A damaged record is put aside."""
        path = self.path(name)
        record = records.read_record(path, lost=LOST)
        if not record:
            return None
        server = _server(record)
        if server is None:
            records.forget_record(path, lost=LOST)
            return None
        return server if server.process.is_alive() else None

    def write(self, server: Server) -> None:
        """Note a server.

        Raises:
            NotWritten: The disk is full, or takes no writes.
        """
        write_private(self.path(server.name), json.dumps(asdict(server)))

    def forget(self, name: str) -> None:
        """Delete a record."""
        remove(self.path(name))


def _server(record: dict[str, object]) -> Server | None:
    """The server of a record, None when that is damaged."""
    try:
        server = Server(**cast(Any, record))
    except TypeError:
        return None
    how = (server.secret, server.variant, server.variables)
    texts = (server.name, server.folder, server.files, *how)
    numbers = (server.pid, server.created, server.port)
    is_whole = all(isinstance(value, str) for value in texts) and all(
        isinstance(value, int | float) for value in numbers
    )
    return server if is_whole and server.name in HOSTS else None
