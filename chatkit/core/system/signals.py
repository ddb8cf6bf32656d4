"""Signals: being asked to end, and interrupting another process. Standard library only."""

from __future__ import annotations

import _thread
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

# The last one is Windows': Ctrl+Break, and the console that is closed.
ENDING = ("SIGTERM", "SIGINT", "SIGBREAK")


def call_when_asked_to_end(loop: AbstractEventLoop, end: Callable[[], object]) -> None:
    """Have an event loop call a function at Ctrl+C, and when this process is asked to end."""

    def handle(_number: int, _frame: FrameType | None) -> None:
        with suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(end)

    for name in ENDING:
        number = getattr(signal, name, None)
        if number is None:
            continue
        try:
            loop.add_signal_handler(number, end)
        except NotImplementedError:  # by the event loops of Windows
            signal.signal(number, handle)


@contextmanager
def calling_when_asked_to_end(end: Callable[[], object]) -> Iterator[None]:
    """Call a function at Ctrl+C, and when this process is asked to end, while the block runs.

    It is called between two steps of the main thread, whatever that holds: it takes no lock.
    """
    numbers = [getattr(signal, name) for name in ENDING if hasattr(signal, name)]
    before = {number: signal.signal(number, lambda *_: end()) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def end_this_process() -> None:
    """Ask this process to end, from any of its threads."""
    if sys.platform == "win32":
        # `os.kill` would be TerminateProcess there, which nobody can handle.
        signal.raise_signal(signal.SIGTERM)
    else:
        os.kill(os.getpid(), signal.SIGTERM)


def interrupt_main_thread() -> None:
    """Send SIGINT to the main thread, from another one."""
    main = threading.main_thread().ident
    if sys.platform == "win32" or main is None:
        _thread.interrupt_main()
    else:
        # To the thread itself: a signal to the process would not end what the thread waits for.
        signal.pthread_kill(main, signal.SIGINT)
