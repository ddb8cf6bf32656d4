"""The clock of this machine, to be set, and time to pass, for what runs in this process."""

from __future__ import annotations

import itertools
import time
from datetime import UTC, datetime, tzinfo

import jwt.api_jwt
import pytest

from chatkit.core.time import clock

HOUR_S = 3600
DAY_S = 24 * HOUR_S
JUMPS = {"a day forward": DAY_S, "a day back": -DAY_S}


class Times:
    """Moves the machine's clock, lets it sleep, and starts it anew.

    Everybody in this process reads the same time, client and server. Libraries read it where their
    own modules have it.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._patch = monkeypatch
        self._jumped_s = 0.0
        self._passed_s = 0.0
        self._boots = itertools.count(1)
        wall = time.time
        self._elapsed = clock.elapsed
        self._booted_at = 0.0
        monkeypatch.setattr(time, "time", lambda: wall() + self._jumped_s + self._passed_s)
        monkeypatch.setattr(clock, "elapsed", self._since_boot)
        monkeypatch.setattr(jwt.api_jwt, "datetime", _Now)
        self._boot()
        self.new_process()

    def jump(self, seconds: float) -> None:
        """Somebody sets the machine's clock."""
        self._jumped_s += seconds

    def suspend(self, seconds: float) -> None:
        """The machine sleeps; both clocks go on."""
        self._passed_s += seconds

    def new_process(self) -> None:
        """What is started from now on knows nothing of the time before."""
        self._patch.setattr(clock, "_steady", clock._Steady())

    def reboot(self) -> None:
        """The machine starts anew, and every process on it."""
        self._booted_at = self._elapsed() + self._passed_s
        self._boot()
        self.new_process()

    def _boot(self) -> None:
        boot = f"boot-{next(self._boots)}"
        self._patch.setattr(clock, "_boot", lambda: boot)

    def _since_boot(self) -> float:
        return self._elapsed() + self._passed_s - self._booted_at


class _Now(datetime):
    """What PyJWT asks for the time."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> _Now:
        return cls.fromtimestamp(time.time(), tz or UTC)
