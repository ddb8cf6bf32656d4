"""Whether a server that was just started answers, and what it printed last when it does not."""

from __future__ import annotations

from time import monotonic

from chatkit.core.errors import NotStarted, PortInUse
from chatkit.core.processes import DetachedProcess, last_lines
from chatkit.core.running import answers
from chatkit.core.running.presence import FUNCTIONS
from chatkit.steps.servers.server import Server

UNAVAILABLE = 503  # the function host's answer everywhere when the app cannot be loaded
LAST_LOOK_S = 0.5
LOG_LINES = 12


class PortLost(Exception):
    """Another program took the port between choosing it and listening on it."""


def wait_until_healthy(server: Server, process: DetachedProcess, *, limit_s: float) -> None:
    """Wait until it has proven itself, and answers.

    Raises:
        PortLost: It ended because of its port.
        NotStarted: It ended, or did not answer in time; what it printed last is in the message.
    """
    until = monotonic() + limit_s
    is_ours = process.wait_until(lambda: server.is_proven() or None, until=until)
    if process.exit_code == PortInUse.exit_code:
        raise PortLost
    status = None
    if is_ours:
        status = process.wait_until(lambda: _status(server, until=until), until=until)
    if status and server.name == FUNCTIONS and answers.has_lost_app(server.url):
        status = UNAVAILABLE
    if status == UNAVAILABLE:
        failure = "cannot load the app"
    elif status is not None:
        return
    elif process.exit_code is not None:
        failure = "ended at once"
    else:
        failure = f"said nothing for {limit_s:.0f} s"
    printed = "\n".join(f"  {line}" for line in last_lines(process.log, LOG_LINES))
    raise NotStarted(f"The {server.name} server {failure}. It printed last:\n{printed}")


def _status(server: Server, *, until: float) -> int | None:
    """What a server answers, None for nothing; it answers as soon as it has loaded the app."""
    left_s = max(until - monotonic(), LAST_LOOK_S)
    return answers.status_at(server.url, limit_s=left_s) or None
