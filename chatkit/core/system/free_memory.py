"""Gives memory back to the system that a process has freed and its C library keeps."""

from __future__ import annotations

import ctypes
import sys


def give_memory_back() -> bool:
    """Return free pages to the system; say whether that could be done.

    glibc keeps what a busy minute has freed between things that stay (malloc_trim(3)): a cloud of
    25 MB in use took 45, for good. Other C libraries have no such function, or need none.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (OSError, AttributeError):  # musl
        return False
    return True
