"""Interrupts that wait where they would do harm: Ctrl+C, and the stop button of a notebook.

An interrupt inside an import leaves packages half loaded: Python forgets the module that was being
loaded, and keeps those of its parts that were done. From then on every use of the package fails,
and nothing but a new process helps. Imports take a second; so long an interrupt can wait.
"""

from __future__ import annotations

import _thread
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any

from chatkit.core.errors import SetupError
from chatkit.core.system.signals import interrupt_main_thread

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

OURS = {
    *("aiohttp", "azure", "chatkit", "cryptography", "ipywidgets", "jwt", "msal", "requests"),
    *("urllib3", "yarl"),
}
"""Packages that the kit's verbs load when they are first used."""
IMPORT_SYSTEM = "<frozen importlib._bootstrap>"
AGAIN_S = 0.02
LONGEST_S = 10.0
"""An import that takes longer than this may hang: then people have to be able to stop it."""


class _Waiting:
    """An interrupt that has not been raised yet.

    Attributes:
        since: When it came, on the monotonic clock; 0 when there is none.
    """

    since = 0.0


def register(shell: InteractiveShell) -> None:
    """Let interrupts of a notebook's cells wait for the end of an import. Twice changes nothing."""
    # The kernel sets the handler of interrupts anew for each request.
    shell.events.register("pre_run_cell", _before_cell)
    shell.events.register("post_run_cell", _after_cell)
    guard_imports()  # the cell that asks for this runs already


def _before_cell(_info: object) -> None:
    guard_imports()


def _after_cell(_result: object) -> None:
    release_imports()


def guard_imports() -> None:
    """From now on raise an interrupt when no import runs any more."""
    _Waiting.since = 0.0
    if _may_handle(signal.default_int_handler):
        signal.signal(signal.SIGINT, _interrupt)


def check_imports() -> None:
    """Look whether an interrupt that could not wait has left a package half loaded.

    Its sign is a part that is there while the package is not. Where `%load_ext chatkit` has not
    run, nothing lets an interrupt wait.

    Raises:
        SetupError: There is one.
    """
    loaded = {*sys.modules}
    parents = {name.rpartition(".")[0] for name in loaded} - {""}
    broken = sorted(name for name in parents - loaded if name.partition(".")[0] in OURS)
    if broken:
        raise SetupError(
            f"An interrupt has left {broken[0]} half loaded.",
            hint="Restart the kernel, then run the notebook from its first cell.",
        )


def release_imports() -> None:
    """Handle interrupts as Python does; forget one that waits, its cell has ended."""
    _Waiting.since = 0.0
    if _may_handle(_interrupt):
        signal.signal(signal.SIGINT, signal.default_int_handler)


@contextmanager
def held() -> Iterator[None]:
    """Let an interrupt wait until the block has ended: for a few lines that belong together."""
    before = signal.getsignal(signal.SIGINT)
    if not callable(before) or not _is_main_thread():
        yield
        return
    noted: list[int] = []
    signal.signal(signal.SIGINT, lambda number, _frame: noted.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if noted:
            signal.raise_signal(signal.SIGINT)


def _may_handle(handler: Any) -> bool:
    """Whether a handler is in place, and this thread may set another."""
    return _is_main_thread() and signal.getsignal(signal.SIGINT) is handler


def _is_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


def _interrupt(_number: int, frame: FrameType | None) -> None:
    now = time.monotonic()
    is_first = not _Waiting.since
    _Waiting.since = _Waiting.since or now
    if _imports(frame) and now - _Waiting.since < LONGEST_S:
        if is_first:
            # Not `threading.Thread`: its locks may be held by what is being interrupted.
            _thread.start_new_thread(_send_again, (now,))
        return
    _Waiting.since = 0.0
    raise KeyboardInterrupt


def _imports(frame: FrameType | None) -> bool:
    """Whether a frame is part of an import."""
    while frame is not None:
        if frame.f_code.co_filename == IMPORT_SYSTEM:
            return True
        frame = frame.f_back
    return False


def _send_again(since: float) -> None:
    """Send an interrupt until it was raised, or its cell has ended: the next one is not meant.

    Once is not enough: a signal that comes between the last look for signals and the call of
    something that waits does not end the waiting.
    """
    while True:
        time.sleep(AGAIN_S)
        if _Waiting.since != since or signal.getsignal(signal.SIGINT) is not _interrupt:
            return
        interrupt_main_thread()
