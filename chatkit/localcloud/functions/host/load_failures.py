"""Why an app could not be loaded, as a failure for the log and the page."""

from __future__ import annotations

from chatkit.localcloud.functions.worker_process.calls import Failure
from chatkit.localcloud.functions.worker_process.worker import LoadFailed, WorkerGone


def describe(error: Exception, load_timeout_s: float, import_at: str) -> Failure:
    """Describe what went wrong between the start of the app's process and its functions.

    Args:
        error: What was raised.
        load_timeout_s: How long the import of the app may take.
        import_at: The stack of an import that takes long.
    """
    name = type(error).__name__
    match error:
        case LoadFailed():
            return error.failure
        case WorkerGone():
            ended = f"The app's process ended before the app was loaded: {error}."
            return Failure("SystemExit", ended)
        case TimeoutError():
            limit = f"Importing the app took longer than {load_timeout_s:.0f} s."
            stack = f"{import_at}TimeoutError: {limit}" if import_at else ""
            return Failure("TimeoutError", limit, stack)
        case OSError():
            reason = f"{error.strerror}: {error.filename}"
            return Failure(name, f"The app's process cannot be started: {reason}.")
        case ValueError():
            return Failure(name, f"An app setting cannot be an environment variable: {error}.")
    return Failure(name, str(error))
