"""Work that the event loop does in small steps, in order, so that nobody waits long for it.

Masking what an app prints is such work: it takes the interpreter, on a thread too, because `re`
does not let go of it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from time import perf_counter
from typing import Final

# A request takes a few turns of the loop, and each turn may have a slice of this in front.
SLICE_S: Final = 0.001
# What an app may be ahead of its log, in characters, before it has to wait.
FULL: Final = 4_000_000


class Backlog:
    """Steps that wait for their turn. As long as there are few they are done at once.

    Attributes:
        size: Characters that wait.
    """

    def __init__(self) -> None:
        self._waiting: deque[tuple[Iterator[None], int]] = deque()
        self.size = 0
        self._left_s = SLICE_S
        self._turn: asyncio.Handle | None = None
        self._when_drained: list[Callable[[], None]] = []

    @property
    def is_full(self) -> bool:
        """Whether whoever produces the work should wait."""
        return self.size > FULL

    def call_when_drained(self, resume: Callable[[], None]) -> None:
        """Call a function once there is room again."""
        self._when_drained.append(resume)

    def add(self, steps: Iterator[None], *, size: int) -> None:
        """Do something in steps, after everything that was added before.

        Args:
            steps: Does one step, of a fraction of a millisecond, for each value.
            size: Characters of it, for `is_full`.
        """
        self._waiting.append((steps, size))
        self.size += size
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # nobody else to let through
            self.finish()
            return
        if self._turn is None:
            self._left_s = SLICE_S
            self._turn = loop.call_soon(self._next_turn)
        self._work()

    def finish(self) -> None:
        """Do everything that waits, at once."""
        while self._waiting:
            self._step()
        self._call_waiting()

    def _next_turn(self) -> None:
        self._turn = None
        if self._waiting:
            self._left_s = SLICE_S
            self._turn = asyncio.get_running_loop().call_soon(self._next_turn)
            self._work()
        if not self.is_full:
            self._call_waiting()

    def _work(self) -> None:
        """Use up what is left of this turn's slice."""
        while self._waiting and self._left_s > 0:
            began = perf_counter()
            self._step()
            self._left_s -= perf_counter() - began

    def _step(self) -> None:
        steps, size = self._waiting[0]
        for _ in steps:
            return
        self._waiting.popleft()
        self.size -= size

    def _call_waiting(self) -> None:
        waiting = self._when_drained
        self._when_drained = []
        for resume in waiting:
            resume()
