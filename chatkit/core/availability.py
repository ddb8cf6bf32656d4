"""When the local cloud does not run, the error says so, whatever failed because of it.

A laptop was restarted, a process was killed, somebody typed `chatkit local down`: requests then
fail in many ways, and one sentence helps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from chatkit.core.errors import ChatkitError

Absence = Callable[[], ChatkitError | None]
"""Returns the error that says what does not run and how it starts; None while all of it runs. Quick
enough for an event loop.
"""
Blame = Callable[[ChatkitError, datetime], None]
"""Looks whether a function of the app has failed since a time, and lets the error say where. Reads
the app's log: not for an event loop.
"""


def nothing_is_absent() -> None:
    """Say that all runs: for what stands on nothing of the kit's, as Azure does."""


def nothing_helps() -> str:
    """Name no remedy: for an app of which nothing is known."""
    return ""


def nobody_is_blamed(error: ChatkitError, since: datetime) -> None:
    """Leave an error as it is: for an app whose log cannot be read."""


@dataclass(frozen=True)
class Availability:
    """Whether those whom a client talks to can answer at all.

    Attributes:
        absence: Looks at what they all stand on.
        app_hint: Says what helps when the function app alone does not answer; asked then, since
            the app may have been put aside meanwhile.
        blame: Reads in the app's log why it has answered with an error.
    """

    absence: Absence = nothing_is_absent
    app_hint: Callable[[], str] = nothing_helps
    blame: Blame = nobody_is_blamed


@contextmanager
def explaining(absence: Absence) -> Iterator[None]:
    """Raise what is absent in the place of anything that fails in the block meanwhile."""
    try:
        yield
    except Exception:
        error = absence()
        if error is None:
            raise
        # The many lines of a refused connection would only hide it.
        raise error from None
