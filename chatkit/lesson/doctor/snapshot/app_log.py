"""What the functions have said of failures since they were started, or loaded anew."""

from __future__ import annotations

from pathlib import Path

from chatkit.cloud.app_log.failures import FunctionFailure, failures

LOADED_ANEW = "Starting the app anew."


def last_failure(text: str, folder: Path) -> FunctionFailure | None:
    """The last failure in a log since the app was loaded; what was before is corrected.

    Args:
        text: What the function host has printed.
        folder: The function app.
    """
    found = failures(text.rpartition(LOADED_ANEW)[2], folder)
    return found[-1] if found else None
