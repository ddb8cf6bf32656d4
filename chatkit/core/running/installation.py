"""Which Python and which chatkit a process runs: two of a home may be of different environments."""

from __future__ import annotations

import sys

from chatkit.core.settings import checkout


def installation() -> list[str]:
    """Those of this process."""
    return [sys.prefix, str(checkout())]
