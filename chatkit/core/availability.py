"""What everything else stands on may not run: then that is the error, whatever failed.

A laptop was restarted, a process was killed, somebody typed `chatkit local down`. What fails then
fails in a hundred ways; the sentence that helps is one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from chatkit.core.errors import ChatkitError

Absence = Callable[[], ChatkitError | None]
"""Returns the error that says what does not run and how it starts; None while all of it runs. Quick
enough for an event loop.
"""


def nothing_is_absent() -> None:
    """Say that all runs: for what stands on nothing of the kit's, as Azure does."""


@dataclass(frozen=True)
class Availability:
    """Whether those whom a client talks to can answer at all.

    Attributes:
        absence: Looks at what they all stand on.
        app_hint: What helps when the function app alone does not answer.
    """

    absence: Absence = nothing_is_absent
    app_hint: str = ""


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
