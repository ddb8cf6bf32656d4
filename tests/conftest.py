"""Fixtures that every test can use."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from chatkit.cloud.local_cloud import Endpoints, folder, start, stop
from chatkit.localcloud.core.store import Store
from tests.chromium import NAMES
from tests.times import JUMPS, Times
from tests.tools import Tools

# A course with notebooks of its own, which the tests of courses run.
collect_ignore = ["data"]

# How long an example takes says something about the machine, not about the code.
settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that need a tool, so that `-m "not tools"` leaves them out."""
    for item in items:
        if "tools" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.tools)


@pytest.fixture(scope="session", autouse=True)
def interrupts_are_heard() -> None:
    """A shell starts what it runs in the background with SIGINT ignored; children inherit that."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="module", autouse=True)
def no_loop_is_left_running() -> Iterator[None]:
    """Fail a file that ends with an event loop running: later tests could not start theirs."""
    yield
    with pytest.raises(RuntimeError, match="no running event loop"):
        asyncio.get_running_loop()


@pytest.fixture(scope="session")
def local_cloud() -> Iterator[Endpoints]:
    """A running local cloud in the session's home: what its `cloud.json` says."""
    yield start(folder())
    stop(folder())


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty store of documents, closed when the test ends."""
    with closing(Store(tmp_path / "state.db")) as store:
        yield store


@pytest.fixture
def times(monkeypatch: pytest.MonkeyPatch) -> Times:
    """The machine's clock, to be moved."""
    return Times(monkeypatch)


@pytest.fixture(params=JUMPS)
def jump_s(request: pytest.FixtureRequest) -> float:
    """How far somebody sets the clock."""
    return float(JUMPS[request.param])


@pytest.fixture(scope="session")
def tools() -> Tools:
    """Programs and packages beside the test dependencies."""
    return Tools()


@pytest.fixture(scope="session")
def chromium(tools: Tools) -> str:
    """Where the system's Chromium is."""
    return tools.program(*NAMES)
