"""The logs of a function app: of a local run, and in the local cloud."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from chatkit.cloud import local_cloud
from chatkit.core.disk.tail import Tail, read_tail


class AppLog(Protocol):
    """What the functions of an app said."""

    def read(self, after: str = "") -> Tail:
        """Read the end of it, or what came after a position of an earlier reading."""


class LocalRunLog:
    """The log of the function host on this machine.

    Args:
        path: Where the host prints into.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self, after: str = "") -> Tail:
        """Read the file."""
        return read_tail(self._path, after=after)


class LocalCloudLog:
    """The log of an app that is deployed in the local cloud, which its control endpoint tells.

    Args:
        where: The local cloud's folder.
        app: The function app's name.
    """

    def __init__(self, where: Path, app: str) -> None:
        self._where = where
        self._app = app

    def read(self, after: str = "") -> Tail:
        """Ask the local cloud.

        Raises:
            NotStarted: It does not run.
            ServiceError: It has no such app.
        """
        path = f"/sites/{self._app}/log?after={after}"
        found = local_cloud.ask("GET", path, where=self._where)
        return Tail(str(found["text"]), str(found["position"]))
