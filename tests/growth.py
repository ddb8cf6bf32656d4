"""How the work for an input grows with the input's size, in processor time.

Processor time and a wide range keep noise out: 16 times the input may take at most 40 times the
time. Linear work takes 16 times as long, quadratic work 256 times. As in `timeit`, the garbage
collector waits: what it costs grows with the tests that ran before in the same process.
"""

from __future__ import annotations

import contextlib
import gc
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

FACTOR = 16
LIMIT = 40
ROUNDS = 3
ENOUGH_S = 0.002

Input = TypeVar("Input")


def growth(
    make: Callable[[int], Input], work: Callable[[Input], object], *, size: int = 1000
) -> float:
    """How many times longer the work takes for `FACTOR` times the size.

    Args:
        make: Makes an input of a size.
        work: What is done with it; it may raise ValueError, which is an answer too.
        size: The smaller size.
    """
    few = make(size)
    many = make(size * FACTOR)
    with no_collector():
        ratio = _round_s(work, many) / _round_s(work, few)
        if ratio > LIMIT / 2:  # another process may have had the caches meanwhile
            ratio = _cost_s(work, many) / _cost_s(work, few)
    return ratio


@contextlib.contextmanager
def no_collector() -> Iterator[None]:
    """Let the garbage collector wait."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _cost_s(work: Callable[[Input], object], given: Input) -> float:
    """Processor seconds of doing it once: the best of a few rounds."""
    rounds = [_round_s(work, given)]
    if rounds[0] < ENOUGH_S * 100:
        rounds += [_round_s(work, given) for _ in range(ROUNDS - 1)]
    return min(rounds)


def _round_s(work: Callable[[Input], object], given: Input) -> float:
    times = 0
    begun = time.thread_time()
    spent = 0.0
    while spent < ENOUGH_S:
        with contextlib.suppress(ValueError):
            work(given)
        times += 1
        spent = time.thread_time() - begun
    return spent / times


def once_s(work: Callable[[Input], object], given: Input) -> float:
    """Processor seconds of doing it a single time."""
    with no_collector():
        begun = time.thread_time()
        with contextlib.suppress(ValueError):
            work(given)
        return time.thread_time() - begun
