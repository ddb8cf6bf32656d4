"""How many files and sockets this process may have open: 1,024 where nobody asks for more."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from chatkit.core.descriptors import RESERVED

if sys.platform == "win32":

    @contextmanager
    def descriptors(number: int) -> Iterator[None]:
        """Do nothing: Windows has no limit that matters here."""
        yield

else:
    import resource

    @contextmanager
    def descriptors(number: int) -> Iterator[None]:
        """Allow so many for a while; where the system forbids that, skip the test."""
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        number += RESERVED
        if hard != resource.RLIM_INFINITY and number > hard:
            pytest.skip(f"needs {number} open files, and this machine allows {hard}")
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(number, soft), hard))
        yield
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
