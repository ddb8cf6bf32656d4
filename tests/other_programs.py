"""What other programs on the machine may do to a workshop."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

from chatkit.core.errors import PortInUse
from chatkit.core.ports import bind


@contextmanager
def taking_ports(*urls: str) -> Iterator[None]:
    """Hold the ports of some addresses, as far as no other program does so already."""
    sockets = []
    for url in urls:
        with suppress(PortInUse):
            sockets += bind(int(urlsplit(url).port or 0), wanted_for="a test")
    try:
        yield
    finally:
        for sock in sockets:
            sock.close()
