"""Events: what a participant's kit may report, read strictly.

A result says which section, whether it passed, after how many seconds, and of which kind the error
was. A hand has a short text. A body names nobody: whose code came with it is who reports.
"""

from __future__ import annotations

import json
import math
import re
import time
from functools import cache
from pathlib import Path
from typing import TypedDict, cast

from .answers import Refused

MAX_BODY_BYTES = 32 * 1024
MAX_EVENTS = 50
MAX_TEXT = 200
MAX_SECONDS = 30 * 24 * 3600.0
RESULTS = ("check", "exercise")
ID = re.compile(r"[0-9a-f]{32}")
SECTION = re.compile(r"[0-9]{2}")
ERROR = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
RESULT_FIELDS = {"id", "kind", "section", "passed", "seconds", "error", "cause", "ago"}
HAND_FIELDS = {"id", "kind", "text", "ago"}
CAUSES = Path(__file__).parents[1] / "causes.json"


class Event(TypedDict, total=False):
    """One event as it is kept.

    `at` is when it happened: seconds since 1970, by the clock of this app. The other fields are as
    they were reported. A hand without a text is down. A failure has with `tries` how many its
    section and kind have had up to it.
    """

    id: str
    kind: str
    at: float
    section: str
    passed: bool
    seconds: float
    error: str
    cause: str
    text: str
    tries: int


def read(body: bytes, *, now: float | None = None) -> list[Event]:
    """The events of a request's body, in its order.

    Raises:
        Refused: It has none, too many, or one that is not as it should be.
    """
    if len(body) > MAX_BODY_BYTES:
        raise Refused(413, f"The request is too big: at most {MAX_BODY_BYTES:,} bytes.")
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        raise Refused(400, "The body is not JSON.") from None
    if not isinstance(document, dict) or document.keys() != {"events"}:
        raise Refused(400, 'The body has to be {"events": [...]} and nothing else.')
    found = document["events"]
    if not isinstance(found, list) or not 1 <= len(found) <= MAX_EVENTS:
        raise Refused(400, f"There have to be 1 to {MAX_EVENTS} events.")
    moment = time.time() if now is None else now
    return [_event(one, moment) for one in found]


def _event(found: object, now: float) -> Event:
    if not isinstance(found, dict):
        raise Refused(400, "An event is a JSON object.")
    kind = found.get("kind")
    fields = HAND_FIELDS if kind == "hand" else RESULT_FIELDS
    if kind not in (*RESULTS, "hand") or found.keys() != fields:
        raise Refused(400, f"An event has these fields and no others: {', '.join(sorted(fields))}.")
    event: Event = {
        "id": _matching(found, "id", ID),
        "kind": str(kind),
        "at": round(now - _number(found, "ago"), 1),
    }
    if kind == "hand":
        event["text"] = _text(found["text"])
        return event
    return {**event, **_result(cast(dict[str, object], found))}


def _result(found: dict[str, object]) -> Event:
    passed = found["passed"]
    if not isinstance(passed, bool):
        raise Refused(400, "passed has to be true or false.")
    error = found["error"]
    if error != "":
        error = _matching(found, "error", ERROR)
    if passed and error:
        raise Refused(400, "What passed has no error.")
    return {
        "section": _matching(found, "section", SECTION),
        "passed": passed,
        "seconds": round(_number(found, "seconds"), 1),
        "error": str(error),
        "cause": _cause(found["cause"]),
    }


def _cause(value: object) -> str:
    """A title that the kit knows; of another text nothing is kept, whatever it says."""
    if not isinstance(value, str):
        raise Refused(400, "cause has to be a text.")
    return value if value in _causes() else ""


@cache
def _causes() -> frozenset[str]:
    """Titles of the known problems, which are published with the app."""
    try:
        titles = json.loads(CAUSES.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return frozenset()
    return frozenset(str(title) for title in titles)


def _matching(found: dict[str, object], name: str, pattern: re.Pattern[str]) -> str:
    value = found[name]
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise Refused(400, f"{name} is not as it should be.")
    return value


def _number(found: dict[str, object], name: str) -> float:
    value = found[name]
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not 0 <= cast(float, value) <= MAX_SECONDS:
        raise Refused(400, f"{name} has to be a number of seconds, at most {MAX_SECONDS:,.0f}.")
    seconds = float(cast(float, value))
    return seconds if math.isfinite(seconds) else 0.0


def _text(value: object) -> str:
    """What a raised hand says: one line, as it is shown to its writer before."""
    if not isinstance(value, str) or len(value) > MAX_TEXT:
        raise Refused(400, f"text has to be a text of at most {MAX_TEXT} characters.")
    if not all(character.isprintable() for character in value):
        raise Refused(400, "text has to be one line of visible characters.")
    return value.strip()
