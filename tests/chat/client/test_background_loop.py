"""The background loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest

from chatkit.chat.client.background_loop import BackgroundLoop
from chatkit.core.errors import ChatkitError
from tests.chat.stub_room import until


@pytest.fixture
def background() -> Iterator[BackgroundLoop]:
    """A background loop that ends with the test."""
    own = BackgroundLoop()
    yield own
    own.stop()


async def test_can_be_called_while_a_loop_runs_here(background: BackgroundLoop) -> None:
    """A cell's own loop does not matter."""
    assert background.call(asyncio.sleep(0, "done")) == "done"


def test_work_runs_on_one_thread(background: BackgroundLoop) -> None:
    """Never on the caller's."""

    async def where() -> str:
        return threading.current_thread().name

    assert {background.call(where()) for _ in range(3)} == {"chatkit-background-loop"}


def test_an_error_reaches_the_caller(background: BackgroundLoop) -> None:
    """As it is, not wrapped."""

    async def fail() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        background.call(fail())


def test_work_that_takes_too_long_is_cancelled(background: BackgroundLoop) -> None:
    """The caller gets a sentence, the loop is free."""
    forever = asyncio.Event()
    with pytest.raises(ChatkitError, match="within 0.01 s"):
        background.call(forever.wait(), timeout_s=0.01)
    assert background.call(asyncio.sleep(0, "free")) == "free"


async def this_thread() -> threading.Thread:
    """The thread that runs this."""
    return threading.current_thread()


def test_stopping_ends_the_thread() -> None:
    """No thread is left behind."""
    own = BackgroundLoop()
    thread = own.call(this_thread())
    own.stop()
    assert not thread.is_alive()


def test_a_failure_of_work_that_nobody_waits_for_is_logged(
    background: BackgroundLoop, caplog: pytest.LogCaptureFixture
) -> None:
    """An exception is never lost; cancelled work is no failure."""

    async def fail() -> None:
        raise KeyError("nobody takes this")

    async def cancelled() -> None:
        raise asyncio.CancelledError

    background.start(cancelled())
    background.start(fail())
    background.call(until(lambda: len(caplog.records) > 0))
    assert [record.exc_info[0] for record in caplog.records if record.exc_info] == [KeyError]


def test_stopping_cancels_what_runs() -> None:
    """Work is told, and cleans up before the thread ends."""
    own = BackgroundLoop()
    told: list[str] = []
    started = threading.Event()

    async def work() -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            told.append("cleaned up")

    own.start(work())
    started.wait(5)
    own.stop()
    assert told == ["cleaned up"]
