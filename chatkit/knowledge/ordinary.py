"""Ordinary output: what programs print when all is well, and no known problem may match."""

from __future__ import annotations

import json
import re

TROUBLE = re.compile(
    r"\b(errors?|exception|fail(ed|ure|s)?|traceback|refused|denied|unable|cannot|can't|could not"
    r"|not (found|allowed|registered|recognized|running|available)|invalid|missing|time[ds]? ?out"
    r"|forbidden|unauthorized|unavailable|blocked|rejected|mismatch|[45]\d\d \(?[a-z])",
    re.IGNORECASE,
)
ORDINARY = re.compile(
    r"("
    r"\[?(info(rmation)?|debug|trace|dbug|trce)\]? ?:|info\b|\[[ID] \d"
    r"|[\w.]{1,128}: \[[A-Z, ]{1,60}\] https?://"
    r"|(\[[^\]]{1,40}\] )?(executing|executed) 'functions\."
    r"|(get|post|put|head|options|patch|delete) \S{1,300} [123]\d\d\b"
    r"|[^\"]{0,200}\"(get|post|put|head|options|patch|delete) \S{1,300} http/[\d.]{1,4}\""
    r" [123]\d\d\b"
    r"|[123]\d\d (ok|created|accepted|no content|application/json|text/html)\b"
    r"|(=+ )?\d{1,6} passed\b"
    r"|(requirement already satisfied|successfully installed|collecting|downloading|resolved) "
    r"|(ok|section \d\d works):? "
    r")",
    re.IGNORECASE,
)
TELLING_KEYS = {
    *("error", "errors", "code", "message", "exception", "exceptiontype", "exceptionmessage"),
    *("error_description", "innererror", "status", "detail", "details", "statuscode", "title"),
}
# The connection info in the wrong case: JSON without an error in it, and a problem all the same.
WRONG_CASE = {"Url", "AccessToken"}
MESSAGE_KEYS = {"sender", "text"}


def without_ordinary_lines(text: str) -> str:
    """Leave out what is no sign of trouble: JSON that carries data, and lines of progress."""
    if _is_data(text):
        return ""
    return "\n".join(line for line in text.splitlines() if not _is_ordinary(line))


def _is_ordinary(line: str) -> bool:
    if _is_data(line):
        return True
    return ORDINARY.match(line.strip()) is not None and TROUBLE.search(line) is None


def _is_data(text: str) -> bool:
    """Whether a text is a JSON document that says nothing of an error."""
    text = text.strip()
    if not text.startswith(("{", "[")) or not text.endswith(("}", "]")):
        return False
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return False
    if isinstance(value, list):
        return not any(isinstance(one, dict) and _tells(one) for one in value)
    return isinstance(value, dict) and not _tells(value)


def _tells(value: dict[str, object]) -> bool:
    """Whether an object says that something went wrong."""
    if value.keys() >= MESSAGE_KEYS:
        return False  # a chat message: its text is somebody's, whatever it says
    return bool(WRONG_CASE & value.keys() or TELLING_KEYS & {key.lower() for key in value})
