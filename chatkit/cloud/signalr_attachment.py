"""An instance of the local cloud that takes the SignalR emulator's well-known key for a while.

The local cloud lets it as long as a request to its control endpoint stays open: whatever ends this
process takes the key away.
"""

from __future__ import annotations

import select
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPResponse
from pathlib import Path
from typing import TypedDict
from urllib.parse import quote

from chatkit.cloud import local_cloud


class InstanceAtPort(TypedDict):
    """One SignalR Service instance."""

    name: str
    port: int


class Attachment:
    """A key that an instance takes now."""

    def __init__(self, answer: HTTPResponse) -> None:
        self._answer = answer

    def holds(self, seconds: float) -> bool:
        """Wait some time; False as soon as the instance or its cloud has gone."""
        # Nothing is sent but the end. On Windows a read could not be interrupted by Ctrl+C.
        readable, _, _ = select.select([self._answer], [], [], seconds)
        return not readable


def instances(where: Path) -> list[InstanceAtPort]:
    """The SignalR Service instances of the local cloud of a folder; none when it does not run."""
    if local_cloud.running(where) is None:
        return []
    found: list[InstanceAtPort] = local_cloud.ask("GET", "/signalr", where=where)
    return found


@contextmanager
def attached(where: Path, name: str, settings: object) -> Iterator[Attachment]:
    """Let an instance take the well-known key while the block runs.

    Args:
        where: Folder of the local cloud.
        name: The instance.
        settings: A document like the emulator's settings.json; its templates come before the
            instance's own.

    Raises:
        NotStarted: The local cloud does not run.
        ServiceError: It refuses.
    """
    path = f"/signalr/{quote(name, safe='')}/attach"
    with local_cloud.held("POST", path, settings, where=where) as answer:
        yield Attachment(answer)
