"""What is said about an app that does not load, and about a function that fails."""

from __future__ import annotations

from pathlib import Path

from chatkit.cloud.app_log.failures import FunctionFailure, endless, failures
from chatkit.core.disk.tail import read_tail
from chatkit.core.errors import CheckFailed

LOAD_LIMIT_S = 25.0  # a busy machine takes ten for an app that is right
LOOK_BACK = "Compare it with the cells of this section, which do nearly the same."


def not_loaded(log: Path, app: Path) -> CheckFailed:
    """Why an app did not load, by its host's log."""
    said = read_tail(log).text
    found = failures(said, app) or endless(said, app)
    if found:
        return failed(found[-1])
    return CheckFailed(
        "The app does not load",
        expected=f"an app that is there after {LOAD_LIMIT_S:.0f} seconds",
        got="one that is not",
        hint="What stands outside of the functions runs when the app is loaded: does it end?"
        " If it does, the machine is busy: run the cell again.",
    )


def failed(failure: FunctionFailure) -> CheckFailed:
    """A function raised, or the app did not load: the learner's own line."""
    hint = LOOK_BACK
    if failure.line and failure.is_exact:
        hint = f"Correct line {failure.line} of {failure.file} in the cell above."
    error = CheckFailed(failure.what.rstrip("."), expected="", got="", hint=hint)
    error.explain(failure.what, why=failure.why, hint=hint)
    return error
