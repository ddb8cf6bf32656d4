"""Stages in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from chatkit.core.time import clock
from tests.localcloud.stage.stage_testing import OpenStage, Stopwatch, open_stage


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[OpenStage]:
    """One that no test changes for the others."""
    folder: Path = tmp_path_factory.mktemp("stage")
    async with open_stage(folder) as stage:
        yield stage


@pytest_asyncio.fixture(loop_scope="module")
async def stage(tmp_path: Path) -> AsyncIterator[OpenStage]:
    """One of a test's own."""
    async with open_stage(tmp_path) as stage:
        yield stage


@pytest.fixture
def passing(monkeypatch: pytest.MonkeyPatch) -> Stopwatch:
    """The time by which rates, joins and places are measured; it is asked for before `stage`."""
    stopwatch = Stopwatch()
    monkeypatch.setattr(clock, "elapsed", stopwatch)
    return stopwatch
