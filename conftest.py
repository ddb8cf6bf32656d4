"""Gives every test session, and every kernel it starts, a home of its own.

A learner's files are never touched.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from chatkit.core.public_urls import VARIABLES

SESSION = Path(tempfile.mkdtemp(prefix="chatkit-tests-"))
os.environ["CHATKIT_HOME"] = str(SESSION / "home")
for _name in VARIABLES:  # on a JupyterHub or in a codespace, addresses look different
    os.environ.pop(_name, None)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """With `--dist loadfile`, give all notebooks to one process: they are one program."""
    if config.getoption("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]

    class Scheduling(LoadFileScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            if nodeid.startswith("notebooks/"):
                return "notebooks"
            return str(super()._split_scope(nodeid))

    return Scheduling(config, log)


_begun: set[Path] = set()
"""Notebooks of which a cell was to run."""


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Bring the session's home to the start of a notebook that runs without the one before it."""
    path = item.path
    if path.suffix != ".ipynb" or path in _begun:
        return
    before = [other for other in sorted(path.parent.glob("*.ipynb")) if other < path]
    if before and before[-1] not in _begun:
        command = [sys.executable, "-m", "chatkit", "catch-up", path.name.partition("-")[0]]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    _begun.add(path)


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
    from chatkit.cloud import local_cloud
    from chatkit.steps.local_servers import FUNCTIONS, PAGE, LocalServers

    if (SESSION / "home").exists():
        for name in (FUNCTIONS, PAGE):
            LocalServers(SESSION / "home").stop(name)
        local_cloud.stop(local_cloud.folder())
    shutil.rmtree(SESSION, ignore_errors=True)
