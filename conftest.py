"""Gives every test session, and every kernel it starts, a home of its own: a learner's files are never touched."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest

SESSION = Path(tempfile.mkdtemp(prefix="chatkit-tests-"))
os.environ["CHATKIT_HOME"] = str(SESSION / "home")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep together what stands on the same ground when tests run in parallel: a file's tests, and all notebooks, in order."""
    for item in items:
        group = "notebooks" if item.path.suffix == ".ipynb" else str(item.path)
        item.add_marker(pytest.mark.xdist_group(group))


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop what a test or a notebook started and left running in the session's home, and delete that home."""
    from chatkit.cli import cloud_process
    from chatkit.development import FUNCTIONS, PAGE, Development

    if (SESSION / "home").exists():
        for name in (FUNCTIONS, PAGE):
            Development(SESSION / "home").stop(name)
        cloud_process.stop(cloud_process.folder())
    shutil.rmtree(SESSION, ignore_errors=True)
