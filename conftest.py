"""Gives every test session, and every kernel it starts, a home of its own: a learner's files are never touched."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest

SESSION = Path(tempfile.mkdtemp(prefix="chatkit-tests-"))
os.environ["CHATKIT_HOME"] = str(SESSION / "home")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the session's local cloud, if a test or a notebook started it, and delete its home."""
    from chatkit.cli import cloud_process

    cloud_process.stop(cloud_process.folder())
    shutil.rmtree(SESSION, ignore_errors=True)
