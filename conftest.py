"""Gives every test session, and every kernel it starts, a home of its own: a learner's files are never touched."""

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


LONGEST_FIRST = (
    "tests/localcloud/resource_manager/test_arm_az",
    "tests/cli/test_fresh_checkout",
    "notebooks/",
)
"""Where long files are: started last, one of them would keep a single process busy while the others wait.

Not those with a browser: Playwright leaves an event loop running in its process; tests that need one of their own come before.
"""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """In parallel runs, begin with what takes longest."""

    def rank(item: pytest.Item) -> int:
        return next(
            (at for at, start in enumerate(LONGEST_FIRST) if item.nodeid.startswith(start)),
            len(LONGEST_FIRST),
        )

    if hasattr(config, "workerinput"):
        items.sort(key=rank)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """In parallel runs, keep together what stands on the same ground: a file's tests, and all notebooks, in order."""
    from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]

    class Scheduling(LoadFileScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            return (
                "notebooks"
                if nodeid.startswith("notebooks/")
                else str(super()._split_scope(nodeid))
            )

    return Scheduling(config, log)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop what a test or a notebook started and left running in the session's home, and delete that home."""
    from chatkit.cloud import local_cloud
    from chatkit.steps.local_servers import FUNCTIONS, PAGE, Development

    if (SESSION / "home").exists():
        for name in (FUNCTIONS, PAGE):
            Development(SESSION / "home").stop(name)
        local_cloud.stop(local_cloud.folder())
    shutil.rmtree(SESSION, ignore_errors=True)
