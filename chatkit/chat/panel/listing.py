"""Open panels in the list of what runs for a home: `chatkit stop` closes them."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Lock, Thread

from chatkit.core.running.presence import CHAT, LOOK_S, present
from chatkit.core.settings import home


class Listing:
    """This process among those that have open chats, for as long as it has some.

    Args:
        is_open: Whether a chat is open.
        close: Closes all of them.
    """

    def __init__(self, is_open: Callable[[], bool], close: Callable[[], object]) -> None:
        self._is_open = is_open
        self._close = close
        self._lock = Lock()
        self._thread: Thread | None = None

    def begin(self) -> None:
        """List this process, unless it is listed or has no home."""
        folder = home()
        with self._lock:
            if not folder.is_dir() or (self._thread is not None and self._thread.is_alive()):
                return
            self._thread = Thread(target=self._run, name="chatkit-open-chats", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        pause = Event()
        with present(home(), CHAT) as presence:
            while presence.is_wanted() and self._is_open():
                pause.wait(LOOK_S)
            if self._is_open():
                self._close()
