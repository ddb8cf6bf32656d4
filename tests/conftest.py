"""Fixtures that every test can use."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator

import pytest

from chatkit.cloud.local_cloud import Endpoints, folder, start, stop


@pytest.fixture(scope="session")
def local_cloud() -> Iterator[Endpoints]:
    """A running local cloud in the session's home: what its `cloud.json` says."""
    yield start(folder())
    stop(folder())


@pytest.fixture(scope="session")
def require_tool() -> Callable[[str], str]:
    """A function that returns a tool's path; without the tool the test is skipped, or fails under CI=true."""

    def require(name: str) -> str:
        path = shutil.which(name)
        if path is not None:
            return path
        reason = f"{name} is not installed on this machine"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)

    return require
