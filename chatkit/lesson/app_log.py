"""What the functions said: `workshop.logs()`, and the line of the app behind an error 500.

Only the owner's cells read it. A browser gets the bare 500 that Azure gives.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from chatkit.cloud.app_log.failures import FunctionFailure, endless, failures, since_loaded
from chatkit.cloud.app_log.logs import AppLog, LocalCloudLog, LocalRunLog
from chatkit.core.errors import ChatkitError, CheckFailed, NoSuchChoice, ServiceError
from chatkit.core.results import escape
from chatkit.core.text.controls import visible
from chatkit.lesson import not_found
from chatkit.steps.local_servers import FUNCTIONS

if TYPE_CHECKING:
    from chatkit.core.availability import Blame
    from chatkit.steps.session import Session

PLACES = ("local", "deployed")
# The host writes before it answers, but not always at once.
LATE_S = 1.0
PAUSE_S = 0.05
FOLLOW_S = 0.5
# On Azure a request costs a second, and the log is minutes late.
FOLLOW_AZURE_S = 15.0
NOTHING = 0
NO_ANSWER = "no answer"
NOT_LOADED = "503"
NOT_FOUND = "404"
LATER = 'Azure\'s log has the line in some minutes: workshop.logs(where="deployed").'


@dataclass(frozen=True, repr=False)
class Said:
    """The last lines that the functions said, the newest last."""

    lines: tuple[str, ...]
    where: str

    def __repr__(self) -> str:
        return "\n".join(self.lines) or f"The {self.where} functions have said nothing yet."

    def _repr_mimebundle_(self, **_options: object) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": f"<pre>{escape(repr(self))}</pre>"}


def place(session: Session, where: str = "") -> str:
    """Where the functions are whose log is meant: "local" or "deployed".

    Args:
        session: The home and the target.
        where: One of them; empty for those on this machine as long as they run, else the deployed.

    Raises:
        SetupError: There is no such place.
    """
    if where and where not in PLACES:
        raise NoSuchChoice("place", where, PLACES)
    if where:
        return where
    runs_here = session.servers.running(FUNCTIONS) is not None
    return "local" if runs_here or session.api_base_url is None else "deployed"


def log_of(session: Session, where: str) -> AppLog:
    """The log of the functions that run "local" or "deployed".

    Raises:
        NotStarted: There is no deployed app.
    """
    if where == "local":
        return LocalRunLog(session.servers.log(FUNCTIONS))
    session.deployed_api()
    if session.settings.target == "azure":
        from chatkit.cloud.app_log.insights import InsightsLog

        return InsightsLog(session.stack())
    return LocalCloudLog(session.home / "local", session.names.function_app)


def said(session: Session, where: str = "", *, lines: int = 50) -> Said:
    """The last lines that the functions said.

    Args:
        session: The home and the target.
        where: "local" or "deployed"; empty for those on this machine as long as they run.
        lines: How many.

    Raises:
        NotStarted: Nothing has run there yet.
    """
    chosen = place(session, where)
    return Said(tuple(_shown(log_of(session, chosen).read().text)[-lines:]), chosen)


def follow(session: Session, where: str = "", *, lines: int = 50) -> Iterator[str]:
    """The last lines that the functions said, and then each new one, without an end."""
    chosen = place(session, where)
    log = log_of(session, chosen)
    pause_s = FOLLOW_AZURE_S if _is_late(session, chosen) else FOLLOW_S
    tail = log.read()
    yield from _shown(tail.text)[-lines:]
    while True:
        time.sleep(pause_s)
        tail = log.read(tail.position)
        yield from _shown(tail.text)


def print_followed(session: Session, where: str, lines: int, write: Callable[[str], Any]) -> None:
    """Write what the functions say until somebody interrupts."""
    try:
        for line in follow(session, where, lines=lines):
            write(line)
    except KeyboardInterrupt:
        return


def blame(session: Session, where: str) -> Blame:
    """What lets an error name the line of the app that is behind it."""

    def named(error: ChatkitError, since: datetime) -> None:
        asked = not_found.asked_in(error) if _is_about_address(error) else None
        absent = not_found.why(session, where, *asked) if asked else None
        if absent is not None:
            error.explain(absent.what, why=absent.there, hint=absent.correct)
            return
        failure = failure_of(
            session,
            where,
            since,
            is_loading=_is_about_loading(error),
            is_silent=_is_about_silence(error),
        )
        if failure is not None:
            error.explain(failure.what, why=failure.why, hint=failure.fix(where))
        elif _is_late(session, where):
            error.hint = LATER

    return named


def failure_of(
    session: Session,
    where: str,
    since: datetime,
    *,
    is_loading: bool = False,
    is_silent: bool = False,
) -> FunctionFailure | None:
    """The last failure of a function since a time; None when there is none, or no log.

    Args:
        session: The home and the target.
        where: "local" or "deployed".
        since: When the request was sent.
        is_loading: The whole app was not there: it failed when it was loaded, some time ago.
        is_silent: Nothing was answered: a function that has not ended counts.
    """
    from azure.core.exceptions import AzureError

    # The log counts in milliseconds.
    after = since.replace(microsecond=since.microsecond // 1000 * 1000)
    until = time.monotonic() + LATE_S
    try:
        log = log_of(session, where)
        while True:
            text = log.read().text
            known = failures(text, session.functions_folder)
            if is_silent:
                known = [*endless(text, session.functions_folder), *known]
            recent = [one for one in known if one.at >= after]
            if is_loading:
                now = failures(since_loaded(text), session.functions_folder)
                recent = recent or [one for one in now if not one.function or one.is_in_error]
            if recent:
                return recent[-1]
            if time.monotonic() > until or _is_late(session, where):
                return None
            time.sleep(PAUSE_S)
    except (ChatkitError, AzureError, OSError):
        return None


def _is_late(session: Session, where: str) -> bool:
    """Whether it takes minutes until the log has what was said: so it is on Azure."""
    return where == "deployed" and session.settings.target == "azure"


def _is_about_address(error: ChatkitError) -> bool:
    if isinstance(error, ServiceError):
        return error.status == int(NOT_FOUND)
    if not isinstance(error, CheckFailed):
        return False
    return error.got.startswith(NOT_FOUND) or f" answered {NOT_FOUND}." in error.got


def _is_about_silence(error: ChatkitError) -> bool:
    if isinstance(error, ServiceError):
        return error.status == NOTHING
    return isinstance(error, CheckFailed) and error.got == NO_ANSWER


def _is_about_loading(error: ChatkitError) -> bool:
    if isinstance(error, ServiceError):
        return error.status == int(NOT_LOADED)
    return isinstance(error, CheckFailed) and NOT_LOADED in error.got


def _shown(text: str) -> list[str]:
    """Lines that take over no terminal: what a stranger wrote may stand in them."""
    return [visible(line, keep="\t") for line in text.splitlines() if line.strip()]
