"""Which chat a drill concerns when no stage is open: the workshop's."""

from __future__ import annotations

from chatkit.core.running.presence import FUNCTIONS
from chatkit.steps.session import Session


def of_workshop(session: Session) -> dict[str, object] | None:
    """The parts of a workshop's chat, deployed and on this machine, as the local cloud reads them.

    A part that is not there is empty. None while the workshop has made nothing: what there is then
    somebody has made without it.
    """
    facts = session.settings.facts
    functions = session.servers.running(FUNCTIONS)
    if functions is None and not (facts.signalr or facts.function_app):
        return None
    return {
        "instance": facts.signalr,
        "hub": session.hub,
        "site": facts.function_app,
        "account": facts.storage_account,
        "functions_port": functions.port if functions is not None else 0,
    }
