"""Fixtures that every test can use."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chatkit.cli import cloud_process


@pytest.fixture(scope="session")
def local_cloud() -> Iterator[dict[str, Any]]:
    """A running local cloud in the session's home: what its `cloud.json` says."""
    yield cloud_process.start(cloud_process.folder())
    cloud_process.stop(cloud_process.folder())


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
