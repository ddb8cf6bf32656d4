"""Texts that name servers of this machine, after such a server has moved to another port.

A host in Azure keeps its name for ever. Here a port stands in the place of the name, and what was
written down with the old one (a connection string, an allowed origin, a redirect URI) follows.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

# The host may follow a scheme, or stand alone as in `WEBSITE_HOSTNAME`.
HOST_AND_PORT = re.compile(r"(?<![\w.-])(localhost|127\.0\.0\.1|\[::1\]):(\d{1,5})(?!\d)", re.I)
# SignalR's connection strings have the port in a part of its own.
ENDPOINT = re.compile(r"(?:^|;)Endpoint=https?://(?:localhost|127\.0\.0\.1|\[::1\])/?(?:;|$)", re.I)
PORT_PART = re.compile(r"(^|;)(Port=)(\d{1,5})(?=;|$)", re.I)


def follow_text(text: str, moved: Mapping[int, int]) -> str:
    """Put the new port in the place of the old one, wherever a text names a server here.

    Args:
        text: An address, a connection string, or a text with such things in it.
        moved: The new port by the old one.
    """

    def now(port: str) -> str:
        return str(moved.get(int(port), port))

    text = HOST_AND_PORT.sub(lambda found: f"{found[1]}:{now(found[2])}", text)
    if ENDPOINT.search(text):
        text = PORT_PART.sub(lambda found: f"{found[1]}{found[2]}{now(found[3])}", text)
    return text


def follow(value: object, moved: Mapping[int, int]) -> object:
    """The same for every text in a JSON document, names of its fields left alone."""
    if isinstance(value, str):
        return follow_text(value, moved)
    if isinstance(value, list):
        return [follow(one, moved) for one in value]
    if isinstance(value, dict):
        return {name: follow(one, moved) for name, one in value.items()}
    return value
