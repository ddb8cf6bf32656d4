"""What the functions have said of failures since they were started, or loaded anew."""

from __future__ import annotations

from pathlib import Path

from chatkit.cloud.app_log.failures import FunctionFailure, failures, since_loaded
from chatkit.lesson.app_log import log_of
from chatkit.steps.session import Session


def failure_in(session: Session, where: str) -> FunctionFailure | None:
    """The last failure of the functions that run "local" or "deployed" since they were loaded."""
    return last_failure(log_of(session, where).read().text, session.functions_folder)


def last_failure(text: str, folder: Path) -> FunctionFailure | None:
    """The last failure in a log since the app was loaded; what was before is corrected.

    Args:
        text: What the function host has printed.
        folder: The function app.
    """
    found = failures(since_loaded(text), folder)
    return found[-1] if found else None
