"""Under which names the servers of this machine answer.

A page elsewhere must not reach them by DNS rebinding: its own name resolves to this machine then,
but stands in the Host header of every request (RFC 9110 §7.2).
"""

from __future__ import annotations

import re
from functools import lru_cache

from chatkit.core.public_urls import is_proxied_host

NOT_HERE = "This server answers on localhost only."
PORT = re.compile(r"[0-9]{1,5}")
HIGHEST_PORT = 65535
LOOPBACK_HOSTS = {"localhost", "127.0.0.1", "[::1]"}


def answers_to(host: str) -> bool:
    """Whether a request with this Host header is for a server of this machine."""
    return requested_host(host) in LOOPBACK_HOSTS


def requested_host(host: str) -> str:
    """The name in a Host header.

    It is "localhost" in place of the name under which browsers elsewhere know this machine.
    """
    name = without_port(host)
    if name not in LOOPBACK_HOSTS and is_proxied_host(name):
        return "localhost"
    return name


@lru_cache(maxsize=256)  # the same few, in every request
def without_port(host: str) -> str:
    """The name in a Host header, lower-case: "[::1]" of "[::1]:8888"."""
    name, _, port = host.lower().rpartition(":")
    if name and PORT.fullmatch(port) and int(port) <= HIGHEST_PORT:
        return name
    return host.lower()
