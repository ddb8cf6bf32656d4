"""Being asked to end, on event loops that know signals and on those of Windows, which do not."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from chatkit.core.system import signals
from tests.playing import play

SERVE = """
import asyncio, signal, sys
from chatkit.core.system import signals

class WithoutSignals(asyncio.SelectorEventLoop):
    def add_signal_handler(self, *_):
        raise NotImplementedError

async def main():
    asked = asyncio.Event()
    signals.call_when_asked_to_end(asyncio.get_running_loop(), asked.set)
    print("ready", flush=True)
    await asked.wait()
    print("cleaned up", flush=True)

loop = WithoutSignals if sys.argv[1] == "win32" else asyncio.SelectorEventLoop
with asyncio.Runner(loop_factory=loop) as runner:
    runner.run(main())
"""


@pytest.fixture
def handlers() -> Iterator[None]:
    """Set the signals back that a test handles."""
    before = {name: signal.getsignal(getattr(signal, name)) for name in ("SIGTERM", "SIGINT")}
    yield
    for name, handler in before.items():
        signal.signal(getattr(signal, name), handler)


@pytest.mark.parametrize("platform", ["linux", "win32"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_a_server_that_is_asked_to_end_cleans_up(platform: str, number: signal.Signals) -> None:
    """The event loops of Windows have no `add_signal_handler`."""
    command = [sys.executable, "-c", SERVE, platform]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stdout.readline() == b"ready\n"
        process.send_signal(number)
        assert process.stdout.read() == b"cleaned up\n"
    assert process.returncode == 0


@pytest.mark.usefixtures("handlers")
async def test_a_signal_after_the_end_of_the_loop_does_no_harm(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Ctrl+C is pressed twice."""
    loop = asyncio.SelectorEventLoop()
    monkeypatch.setattr(loop, "add_signal_handler", _without)
    signals.call_when_asked_to_end(loop, lambda: None)
    loop.close()
    signal.raise_signal(signal.SIGTERM)


def _without(*_arguments: object) -> None:
    raise NotImplementedError


@pytest.mark.usefixtures("handlers")
@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_a_process_ends_itself_so_that_its_handlers_run(
    platform: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From another thread; `os.kill` would be the end at once on Windows."""
    play(monkeypatch, platform, signals)
    if platform == "win32":
        monkeypatch.setattr(os, "kill", _without)
    asked: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _frame: asked.append(number))
    thread = threading.Thread(target=signals.end_this_process)
    thread.start()
    thread.join()
    _wait_for(asked)
    assert asked == [signal.SIGTERM]


def _wait_for(asked: list[int]) -> None:
    until = time.monotonic() + 10
    while not asked and time.monotonic() < until:
        time.sleep(0.001)


@pytest.mark.parametrize("platform", ["linux", "win32"])
def test_the_main_thread_is_interrupted_from_another_one(
    platform: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows has no `pthread_kill`."""
    play(monkeypatch, platform, signals)
    if platform == "win32":
        monkeypatch.setattr(signal, "pthread_kill", _without)
    thread = threading.Thread(target=signals.interrupt_main_thread)
    with pytest.raises(KeyboardInterrupt):
        thread.start()
        thread.join()
        _wait_for([])
    thread.join()


@pytest.mark.skipif(sys.platform == "win32", reason="a process cannot be asked to end there")
def test_a_block_is_called_when_it_is_asked_to_end(handlers: None) -> None:
    """Without an event loop; what was there before counts again afterwards."""
    before = signal.getsignal(signal.SIGTERM)
    asked: list[str] = []
    with signals.calling_when_asked_to_end(lambda: asked.append("to end")):
        os.kill(os.getpid(), signal.SIGTERM)
    assert asked == ["to end"]
    assert signal.getsignal(signal.SIGTERM) == before
