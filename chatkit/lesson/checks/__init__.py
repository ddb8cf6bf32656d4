"""One check per section, of what the section's work really does.

The same checks run on both targets.

A check is a function that yields one sentence for each thing it has proven and raises `CheckFailed`
at the first that is not so.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import TYPE_CHECKING

from chatkit.core.results import Result
from chatkit.lesson import sections
from chatkit.lesson.checks.traces import removed_after

if TYPE_CHECKING:
    from chatkit.steps.session import Session

Check = Callable[["Session"], Iterator[str]]


def check(session: Session, section: str) -> Result:
    """Check a section.

    Args:
        section: Its number: "04", or "4".

    Returns:
        What was proven, a line each.

    Raises:
        CheckFailed: Something is not as it should be; the hint says what to do.
        SetupError: There is no such section.
    """
    found = sections.find(section)
    run: Check = import_module(f"{__name__}.{found.check}").check
    begun = time.monotonic()
    with session.on_cloud(), removed_after(session) as left:
        proven = [f"  - {sentence}" for sentence in run(session)]
    text = "\n".join([f"Section {found.number} works:", *proven])
    rows = (*session.restart_rows(), *left)
    return Result(text, rows, seconds=time.monotonic() - begun)
