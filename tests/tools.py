"""Programs and packages that some tests need beside what the test lock installs."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest

TESTS = Path(__file__).parent


class Tools:
    """What this machine has. Without it a test is skipped with the reason, or fails under CI=true.

    A test that uses it, through whatever fixture, has the marker `tools`: see `tests/conftest.py`.
    """

    def program(self, *names: str) -> str:
        """Return the path of the first program that is on PATH."""
        for name in names:
            path = shutil.which(name)
            if path is not None:
                return path
        return self.lack(f"{names[0]} is not installed on this machine")

    def node_package(self, folder: str, name: str) -> Path:
        """Return the folder of an npm package that the package.json of a folder names."""
        package = TESTS / folder / "node_modules" / name
        if not package.exists():
            self.lack(f"{name} is not installed: npm ci --prefix tests/{folder}")
        return package

    def lack(self, reason: str) -> NoReturn:
        """Skip the test, or fail it where everything has to be there."""
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
