"""Background tasks: none is lost, none is left."""

from __future__ import annotations

import asyncio
import logging

import pytest

from chatkit.localcloud.core.background import BackgroundTasks

log = logging.getLogger("tests.background")


async def test_close_waits_until_the_clean_up_of_every_task_is_done() -> None:
    """A cancelled task still has something to put away."""
    done = []
    tasks = BackgroundTasks("owner", log)
    started = asyncio.Event()

    async def work() -> None:
        try:
            started.set()
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            done.append("cleaned up")

    tasks.start(work())
    await started.wait()
    await tasks.close()
    assert done == ["cleaned up"]


async def test_a_failure_is_logged_with_its_owner(caplog: pytest.LogCaptureFixture) -> None:
    """Nobody else would ever see it."""
    tasks = BackgroundTasks("owner", log)
    failed = asyncio.Event()

    async def work() -> None:
        failed.set()
        raise ValueError("a reason")

    tasks.start(work())
    await failed.wait()
    await tasks.close()
    assert "owner: work in the background failed" in caplog.text
    assert "a reason" in caplog.text


async def test_nothing_starts_after_close_and_nothing_is_left_unawaited() -> None:
    """Neither a task cancelled before its first step nor a late one gives a warning."""
    ran = []
    tasks = BackgroundTasks("owner", log)

    async def work(name: str) -> None:
        ran.append(name)

    tasks.start(work("early"))
    await tasks.close()
    tasks.start(work("late"))
    await asyncio.sleep(0)
    assert ran == []
