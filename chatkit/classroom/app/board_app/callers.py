"""Who asks: a join code is a person, two tokens of the instructor are the board and the screen.

The app knows fingerprints of codes, and no names. It counts wrong codes by address, in the memory
of one instance of the app, and says soon that it was too often. A right code counts always: all
people of a JupyterHub have one address, and nobody guesses one code of 60 bits.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import azure.functions as func

from . import storage
from .answers import Refused

PERSON = "person"
BOARD = "board"
SCREEN = "screen"
KEPT_S = 2.0
WINDOW_S = 60.0
WRONG_PER_WINDOW = 20
CALLS_PER_WINDOW = 120
MOST_COUNTED = 2_000
PORT = re.compile(r"^([0-9.]+|\[[0-9a-fA-F:.]+\]):[0-9]+$")
WRONG = "This join code is not one of the class. Please look at it again, letter by letter."
ENDED = "The class has ended, and with it its join codes."
NOT_OPEN = "There is no class here yet."
MISSING = "A join code is missing: Authorization: Bearer CODE."
TOO_MANY_WRONG = (
    "This join code is not one of the class, and there were too many wrong ones from your address."
    " Please look at it letter by letter, and wait a minute."
)
TOO_FAST = "That was too often. Please wait a minute."


@dataclass(frozen=True)
class Caller:
    """Who asks.

    Attributes:
        kind: PERSON, BOARD or SCREEN.
        id: Of a person: a number in the class, no name.
        ends: When the class ends: seconds since 1970.
    """

    kind: str
    id: str
    ends: float


class Counts:
    """How often each of some keys was met within a minute.

    Args:
        limit: How often is too often.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = Lock()
        self._windows: OrderedDict[str, list[float]] = OrderedDict()

    def add(self, key: str) -> None:
        """Count once."""
        now = time.monotonic()
        with self._lock:
            self._windows[key] = [*self._recent(key, now), now][-self._limit :]
            self._windows.move_to_end(key)
            while len(self._windows) > MOST_COUNTED:
                self._windows.popitem(last=False)

    def is_over(self, key: str) -> bool:
        """Whether it was too often."""
        with self._lock:
            return len(self._recent(key, time.monotonic())) >= self._limit

    def _recent(self, key: str, now: float) -> list[float]:
        return [at for at in self._windows.get(key, ()) if at > now - WINDOW_S]


@dataclass
class Admission:
    """Lets callers in by what the instructor's kit has written.

    Attributes:
        wrong: Codes that nobody has, by the address that they came from.
        calls: Requests, by the person.
    """

    wrong: Counts = field(default_factory=lambda: Counts(WRONG_PER_WINDOW))
    calls: Counts = field(default_factory=lambda: Counts(CALLS_PER_WINDOW))
    _people: Mapping[str, Any] = field(default_factory=dict)
    _read_at: float = float("-inf")

    def admit(self, req: func.HttpRequest) -> Caller:
        """Say who asks.

        Raises:
            Refused: Nobody known, the class has ended, or it was too often.
        """
        code = _bearer(req)
        address = address_of(req)
        people = self._known()
        if not people:
            raise Refused(403, NOT_OPEN)
        found = people["callers"].get(fingerprint(code, str(people["class"])))
        if found is None:
            if self.wrong.is_over(address):
                raise Refused(429, TOO_MANY_WRONG, again_s=int(WINDOW_S))
            self.wrong.add(address)
            raise Refused(401, WRONG)
        return self._let_in(Caller(str(found["kind"]), str(found["id"]), float(people["ends"])))

    def _let_in(self, caller: Caller) -> Caller:
        if caller.kind == PERSON and time.time() >= caller.ends:
            raise Refused(403, ENDED)
        if caller.kind == PERSON:
            if self.calls.is_over(caller.id):
                raise Refused(429, TOO_FAST, again_s=int(WINDOW_S))
            self.calls.add(caller.id)
        return caller

    def _known(self) -> Mapping[str, Any]:
        """The people, as they were a moment ago."""
        now = time.monotonic()
        if not self._people or now > self._read_at + KEPT_S:
            self._people = storage.people()
            self._read_at = now
        return self._people


def fingerprint(code: str, class_id: str) -> str:
    """What the app knows of a code: `chatkit.classroom.codes.fingerprint` makes the same."""
    text = f"chatkit-class {class_id} {code}"
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def address_of(req: func.HttpRequest) -> str:
    """Where a request comes from, as the platform in front says: the last entry is its own.

    Azure writes the port, too, which is another one for each connection.
    """
    forwarded = req.headers.get("X-Forwarded-For") or ""
    return PORT.sub(r"\1", forwarded.rpartition(",")[2].strip()[:60])


def _bearer(req: func.HttpRequest) -> str:
    kind, _, code = (req.headers.get("Authorization") or "").partition(" ")
    if kind.lower() != "bearer" or not code.strip() or len(code) > 200:
        raise Refused(401, MISSING)
    return code.strip()
