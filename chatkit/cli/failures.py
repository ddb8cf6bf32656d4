"""What a person reads when a verb fails: one sentence. Shared by all verbs, and quick to import."""

from __future__ import annotations

import errno

from chatkit.core.errors import ChatkitError

INTERRUPTED = "\nchatkit: interrupted."
_DISK_REASONS = {
    errno.ENOSPC: "the disk is full",
    errno.EROFS: "the disk is read-only",
    errno.EACCES: "it is not allowed",
}


def sentence(error: BaseException) -> str:
    """Say what happened, and what to do, on one line."""
    if isinstance(error, OSError) and error.errno in _DISK_REASONS:
        return f"{error.filename or 'A file'} cannot be written: {_DISK_REASONS[error.errno]}."
    notes = " ".join(getattr(error, "__notes__", []))
    text = str(error) if isinstance(error, ChatkitError) else f"{type(error).__name__}: {error}"
    return " ".join(f"{text} {notes}".split())


def exit_code(error: BaseException) -> int:
    """The exit code of a verb that ended with this error."""
    return int(getattr(error, "exit_code", 1))
