"""How many files and sockets this process may have open.

A process starts with a soft limit that old programs can live with (often 1,024), and may raise it
to its hard one. What it starts inherits the limit, so children are given the old one back.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress

RESERVED = 64
"""Descriptors that connections leave to files and child processes."""
MACOS_LIMIT = 10_240
"""OPEN_MAX: macOS takes no higher soft limit, whatever the hard one is."""
_inherited: int | None = None  # the soft limit before it was raised

if sys.platform == "win32":

    def raise_limit() -> None:
        """Do nothing: Windows has no such limit."""

    def restore_limit(_pid: int) -> None:
        """Do nothing: Windows has no such limit."""

    def is_scarce(_descriptor: int) -> bool:
        """Whether a new descriptor is one of the last: never."""
        return False

else:
    import resource

    def raise_limit() -> None:
        """Raise the soft limit to the hard one."""
        global _inherited
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = hard
        if sys.platform == "darwin" and (hard == resource.RLIM_INFINITY or hard > MACOS_LIMIT):
            wanted = MACOS_LIMIT
        if soft == wanted or (wanted != resource.RLIM_INFINITY and soft > wanted):
            return
        with suppress(ValueError, OSError):  # the limit stays as it is then
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            _inherited = soft

    def restore_limit(pid: int) -> None:
        """Give a new child the soft limit that this process had before `raise_limit`.

        Only Linux lets one process set the limit of another; elsewhere the child keeps the raised
        one.
        """
        if _inherited is None or sys.platform != "linux":
            return
        with suppress(OSError):  # the child has ended already
            _, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
            resource.prlimit(pid, resource.RLIMIT_NOFILE, (_inherited, hard))

    def is_scarce(descriptor: int) -> bool:
        """Whether a new descriptor is one of the last.

        The system gives out the lowest number that is free, so a number tells how many are taken.
        """
        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        return soft != resource.RLIM_INFINITY and descriptor >= soft - RESERVED


def next_descriptor() -> int:
    """The number that the next file or socket would get.

    Raises:
        OSError: There is none left.
    """
    descriptor = os.open(os.devnull, os.O_RDONLY)
    os.close(descriptor)
    return descriptor
