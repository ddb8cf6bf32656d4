"""Whom the clients in one of our processes trust."""

from __future__ import annotations

import ssl
from functools import lru_cache
from pathlib import Path


def trusting(authorities: Path) -> ssl.SSLContext:
    """For clients that trust the authorities in a file, such as the one of `tls.write_trusted`.

    All of them share one: reading 150 authorities takes a megabyte and 20 ms. A file that was
    written anew is read anew.
    """
    return _read(str(authorities), authorities.stat().st_mtime_ns)


@lru_cache(maxsize=2)
def _read(path: str, _written: int) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=path)
