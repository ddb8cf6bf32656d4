"""Gives every test session, and every kernel it starts, a home of its own.

A learner's files are never touched.
"""

from __future__ import annotations

import os
import shutil
import tempfile
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


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop what still runs in the session's home, and delete that home."""
    from chatkit.cloud import local_cloud
    from chatkit.steps.local_servers import FUNCTIONS, PAGE, LocalServers

    if (SESSION / "home").exists():
        for name in (FUNCTIONS, PAGE):
            LocalServers(SESSION / "home").stop(name)
        local_cloud.stop(local_cloud.folder())
    shutil.rmtree(SESSION, ignore_errors=True)
