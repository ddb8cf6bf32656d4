"""A workshop's local run, which the local cloud of its home carries in its own process.

This process holds the page, prints what the run says, and is the one that is listed and ended. It
imports no web server: many share a machine. Where no local cloud can carry it, the run has a
process of its own, as `func start` has for everybody else.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection
from contextlib import suppress
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from urllib.parse import quote

from chatkit.cloud import local_cloud
from chatkit.core import log_files
from chatkit.core.errors import ChatkitError, ServiceError
from chatkit.core.running.presence import FUNCTIONS, watched
from chatkit.core.running.reachable import Reachable, told
from chatkit.core.system.signals import calling_when_asked_to_end

LOOK_S = 0.5
WAITS = "The local cloud has ended. The functions come back with it: people sign in there."
GOES_ON = "The local cloud has ended. The functions have a process of their own now."
REFUSED = "Another local cloud runs now, and does not carry the functions: they have a process now."
END_LIMIT_S = 5.0
NO_CARRIER = (ChatkitError, OSError, HTTPException)


class CarriedRunEnded(ChatkitError):
    """A run ended by itself; the sentence is that of its own error."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code


class CarriedRun:
    """A run that the local cloud of a home carries.

    Args:
        home: The home.
        order: What is run, and how; `localcloud/functions/local/carried.py` reads it.
        comes_back: Wait for the local cloud when it ends, and go on then. Who starts the run waits
            as well until it serves: before that it does not wait.
    """

    def __init__(self, home: Path, order: dict[str, object], *, comes_back: bool) -> None:
        self._home = home
        self._where = home / "local"
        self._path = f"/local-runs/{quote(str(os.getpid()))}"
        self._order = order
        self._comes_back = comes_back
        self._news = SimpleQueue[None]()  # takes news from a signal's handler, too
        self._is_asked_to_end = False
        self._is_refused = False
        self._has_served = False
        self._failure: CarriedRunEnded | None = None

    def run(self, folders: Collection[Path]) -> bool:
        """Let it run until this process is asked to end.

        Args:
            folders: What it works on; without one of them it ends.

        Returns:
            False when no local cloud carries it any more, and it is not over.

        Raises:
            CarriedRunEnded: It ended by itself.
        """
        reachable = Reachable(int(str(self._order["port"])), str(self._order["token"]))
        with (
            calling_when_asked_to_end(self._end),
            watched(self._home, FUNCTIONS, self._end, folders=folders),
            told(self._home, FUNCTIONS, reachable),
        ):
            was_carried = self._carry()
            waits = was_carried and self._comes_back and self._has_served
            if was_carried and not self._is_asked_to_end:
                _say(WAITS if waits else GOES_ON)
            while waits and not self._is_over:
                self._wait()
                self._carry()
            if was_carried and self._is_refused:
                _say(REFUSED)
        return self._is_asked_to_end

    @property
    def _is_over(self) -> bool:
        return self._is_asked_to_end or self._is_refused

    def _carry(self) -> bool:
        """Let it run until it is over, or the local cloud is; returns whether it ran at all."""
        ran = False
        try:
            with local_cloud.held("POST", self._path, self._order, where=self._where) as answer:
                ran = True
                self._follow(answer)
        except (ServiceError, ValueError):  # it is of another environment or version
            self._is_refused = True
        except NO_CARRIER:
            pass
        if self._failure is not None:
            raise self._failure
        return ran

    def _follow(self, answer: HTTPResponse) -> None:
        """Print what the run says until it is over; end it when this process is asked to end."""
        reading = Thread(target=self._read, args=(answer,), daemon=True)
        reading.start()
        while not self._is_asked_to_end and reading.is_alive():
            self._wait()
            log_files.rotate_output()
        if self._is_asked_to_end:
            local_cloud.ask("DELETE", self._path, where=self._where)
        reading.join(END_LIMIT_S)

    def _end(self) -> None:
        """End the run; called on any thread."""
        self._is_asked_to_end = True
        self._news.put(None)

    def _wait(self) -> None:
        """Wait for news, but not long."""
        with suppress(Empty):
            self._news.get(timeout=LOOK_S)

    def _read(self, answer: HTTPResponse) -> None:
        """Print what the run says, until it ends."""
        with suppress(*NO_CARRIER, ValueError):
            for text in answer:
                said = json.loads(text)
                if "error" in said:
                    self._failure = CarriedRunEnded(said["error"], said["exit_code"])
                elif "serves" in said:
                    self._has_served = True
                else:
                    _say(said["line"])
        self._news.put(None)


def _say(line: str) -> None:
    """Print a line; the disk on which it goes to a file may take no more."""
    with suppress(OSError):
        print(line, flush=True)
