"""One step's forms, made from what it sent to a stand-in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from chatkit.cloud.stack import Stack
from chatkit.cloud.step import Step
from chatkit.core.results import Result

Run = Callable[[Callable[[Stack], object]], Result]


@pytest.fixture
def run(stack: Stack, home: Path) -> Run:
    """Does something in a step, and returns the step's result."""

    def run(work: Callable[[Stack], object]) -> Result:
        step = Step(stack, home)
        work(stack)
        return step.result("Done.")

    return run
