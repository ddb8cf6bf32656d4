"""The chat of a workshop for several people side by side, signed in where that is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatkit.chat.client.sign_in import SignedIn
from chatkit.chat.panel.panel import ChatPanel
from chatkit.core.errors import NotStarted
from chatkit.lesson import app_log
from chatkit.steps import identity
from chatkit.steps.session import MAKE_FUNCTIONS, START_FUNCTIONS

if TYPE_CHECKING:
    from chatkit.steps.session import Session


def open_panel(session: Session, names: tuple[str, ...], where: str) -> ChatPanel:
    """Open it.

    Args:
        session: The home and the target.
        names: Of the people.
        where: "local" for the functions on this machine, "deployed" for the function app; empty for
            the deployed one, if there is one.

    Raises:
        NotStarted: There are no functions there.
    """
    where = where or _place(session)
    if identity.has_sign_in(session, where):
        people = {name: identity.sign_in_as(session, name, where=where) for name in names}
    else:
        people = {name: SignedIn(name) for name in names}
    with session.on_cloud():
        return ChatPanel.open(
            session.api_of(where),
            names,
            people=people,
            availability=session.availability(where, app_log.blame(session, where)),
        )


def _place(session: Session) -> str:
    """Where the chat is: deployed, or else on this machine."""
    if session.api_base_url is not None:
        return "deployed"
    if session.local_api_base_url is not None:
        return "local"
    hint = START_FUNCTIONS
    if not (session.functions_folder / "send_message.py").is_file():
        hint = MAKE_FUNCTIONS
    raise NotStarted("No functions run on this machine, and none are deployed.", hint=hint)
