"""The background loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest

from chatkit.chat.client.background_loop import Portal
from chatkit.core.errors import ChatkitError


@pytest.fixture
def portal() -> Iterator[Portal]:
    """A portal that ends with the test."""
    own = Portal()
    yield own
    own.stop()


async def test_can_be_called_while_a_loop_runs_here(portal: Portal) -> None:
    """A cell's own loop does not matter."""
    assert portal.call(asyncio.sleep(0, "done")) == "done"


def test_work_runs_on_one_thread(portal: Portal) -> None:
    """Never on the caller's."""

    async def where() -> str:
        return threading.current_thread().name

    assert {portal.call(where()) for _ in range(3)} == {"chatkit-portal"}


def test_an_error_reaches_the_caller(portal: Portal) -> None:
    """As it is, not wrapped."""

    async def fail() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        portal.call(fail())


def test_work_that_takes_too_long_is_cancelled(portal: Portal) -> None:
    """The caller gets a sentence, the loop is free."""
    forever = asyncio.Event()
    with pytest.raises(ChatkitError, match="within 0.01 s"):
        portal.call(forever.wait(), timeout_s=0.01)
    assert portal.call(asyncio.sleep(0, "free")) == "free"


def test_stopping_ends_the_thread() -> None:
    """No thread is left behind."""
    own = Portal()
    own.stop()
    assert not own._thread.is_alive()
