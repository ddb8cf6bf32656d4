"""Fixtures of the tests of deployed apps."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.localcloud.functions.deployed.deployed_cloud import Cloud


@pytest.fixture
async def cloud(tmp_path: Path) -> AsyncIterator[Cloud]:
    """One service with one site."""
    async with Cloud(tmp_path) as started:
        yield started
