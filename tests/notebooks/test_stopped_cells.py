"""Stopping any cell of the notebooks at any moment: the cell, run again, works."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.homes import workshop_in
from tests.notebooks.interrupting import Ran, kernel
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


def stop_and_run(home: Path, notebooks: list[Path], *, rounds: int) -> list[Ran]:
    """Run notebooks; every cell is stopped at random moments, and run again each time.

    Returns:
        The runs that were stopped.
    """
    chance = random.Random(SEED)
    stopped: list[Ran] = []
    for notebook in notebooks:
        begun = time.monotonic()
        with kernel(home) as running:
            for number, cell in enumerate(code_cells(read(notebook))):
                # A cell takes some milliseconds or some seconds: any of these is as likely.
                moment = SHORTEST_S * (LONGEST_S / SHORTEST_S) ** chance.random()
                for _ in range(rounds):
                    stopped.append(running.run(cell.source, stop_after_s=moment))
                    again = running.run(cell.source)
                    assert not again.error, (
                        f"{notebook.name}, cell {number}, stopped after {moment:.3f} s"
                        f" ({stopped[-1].error}), then: {again.error}; CHATKIT_SEED={SEED}"
                    )
                    moment = again.seconds * chance.random()
        print(f"{notebook.stem}  {time.monotonic() - begun:.0f} s", flush=True)
    return [run for run in stopped if run.was_interrupted]


def test_cells_that_are_stopped_work_when_they_run_again(home: Path) -> None:
    """Signing in and the first resources: where most is imported."""
    stopped = stop_and_run(home, paths()[:SHORT], rounds=1)
    assert any(run.error.startswith("KeyboardInterrupt") for run in stopped)


@pytest.mark.long
def test_every_cell_that_is_stopped_twice_works_each_time(home: Path) -> None:
    """All notebooks, 00 to 11, one after the other."""
    stopped = stop_and_run(home, paths(), rounds=ROUNDS)
    hit = [run for run in stopped if run.error.startswith("KeyboardInterrupt")]
    print(f"{len(stopped)} cells got an interrupt, {len(hit)} of them stopped by it; seed {SEED}")
    assert len(hit) > 20
