"""Gives every test session, and every kernel it starts, a home of its own.

A learner's files are never touched.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from chatkit.core.public_urls import VARIABLES

pytest_plugins = ["chatkit.testing.plugin", "chatkit.testing.artifacts"]
WARN = "PYTHONWARNDEFAULTENCODING"
SESSION = Path(tempfile.mkdtemp(prefix="chatkit-tests-"))
os.environ["CHATKIT_HOME"] = str(SESSION / "home")
for _name in VARIABLES:  # on a JupyterHub or in a codespace, addresses look different
    os.environ.pop(_name, None)


def pytest_configure(config: pytest.Config) -> None:
    """Let the notebooks use the session's home, too."""
    config.option.chatkit_home = str(SESSION / "home")
    if hasattr(config, "workerinput") or not config.getoption("numprocesses", None):
        # Python has read it. Other people's programs would warn of their own files.
        os.environ.pop(WARN, None)


_deselected: list[pytest.Item] = []


def pytest_deselected(items: Sequence[pytest.Item]) -> None:
    """Remember what was left out."""
    _deselected.extend(items)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """A file that has long tests only, named alone, is no failure: `_left_out` is said."""
    nothing = exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED
    if nothing and _left_out(session.config) == len(_deselected) > 0:
        session.exitstatus = pytest.ExitCode.OK


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say how the long tests are run that were left out."""
    number = _left_out(config)
    if number:
        terminalreporter.write_line(
            f"{number} long tests were left out: `-m long` runs them, `-m ''` runs all."
        )


def _left_out(config: pytest.Config) -> int:
    """How many long tests were left out because nobody asked for them."""
    if config.getoption("markexpr") != "not long":
        return 0
    return sum(item.get_closest_marker("long") is not None for item in _deselected)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop what still runs in the session's home, and delete that home."""
    from chatkit.testing.plugin import end_home

    end_home(SESSION / "home")
    shutil.rmtree(SESSION, ignore_errors=True)
