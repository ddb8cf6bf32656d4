"""Stopping any cell of the notebooks at any moment: the cell, run again, works."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.homes import workshop_in
from tests.notebooks.interrupting import Kernel, Ran, kernel
from tests.notebooks.refresh import code_cells, paths, read

pytestmark = pytest.mark.slow
SEED = os.environ.get("CHATKIT_SEED", "2026")
SHORT = 3
ROUNDS = 2
SHORTEST_S = 0.004
LONGEST_S = 1.5


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A home of its own, in which nothing runs at the end."""
    with workshop_in(tmp_path):
        yield tmp_path


class Stopping:
    """Stops cells at random moments, and runs each again.

    Attributes:
        stopped: The runs that got an interrupt.
    """

    def __init__(self, *, rounds: int) -> None:
        self.stopped: list[Ran] = []
        self._rounds = rounds
        self._chance = random.Random(SEED)

    def run(self, running: Kernel, notebook: Path) -> None:
        """Stop every cell of a notebook, and run it again each time."""
        begun = time.monotonic()
        for number, cell in enumerate(code_cells(read(notebook))):
            # A cell takes some milliseconds or some seconds: any of these is as likely.
            moment = SHORTEST_S * (LONGEST_S / SHORTEST_S) ** self._chance.random()
            for _ in range(self._rounds):
                first = running.run(cell.source, stop_after_s=moment)
                again = running.run(cell.source)
                assert not again.error, (
                    f"{notebook.name}, cell {number}, stopped after {moment:.3f} s"
                    f" ({first.error}), then: {again.error}; CHATKIT_SEED={SEED}"
                )
                if first.was_interrupted:
                    self.stopped.append(first)
                moment = again.seconds * self._chance.random()
        print(f"{notebook.stem}  {time.monotonic() - begun:.0f} s", flush=True)

    @property
    def hit(self) -> list[Ran]:
        """Those that the interrupt has ended."""
        return [run for run in self.stopped if run.error.startswith("KeyboardInterrupt")]


def test_cells_that_are_stopped_work_when_they_run_again(home: Path) -> None:
    """Signing in and the first resources: where most is imported.

    In one kernel, as "run all" of one notebook after the other: starting a kernel and its packages
    is most of the time, and the next test does it for each.
    """
    stopping = Stopping(rounds=1)
    with kernel(home) as running:
        for notebook in paths()[:SHORT]:
            stopping.run(running, notebook)
    assert stopping.hit


@pytest.mark.long
def test_every_cell_that_is_stopped_twice_works_each_time(home: Path) -> None:
    """All notebooks, 00 to 11, one after the other."""
    stopping = Stopping(rounds=ROUNDS)
    for notebook in paths():
        with kernel(home) as running:
            stopping.run(running, notebook)
    hit = len(stopping.hit)
    print(f"{len(stopping.stopped)} cells got an interrupt, {hit} stopped by it; seed {SEED}")
    assert hit > 20
