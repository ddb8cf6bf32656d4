"""The stage of a chat on Azure: a code for Azure's own address, and the screen.

The screen is a process of this machine that listens to the chat as one more person. Phones go to
Azure and know nothing of it.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from chatkit.core.codes import screen
from chatkit.core.errors import NotStarted
from chatkit.core.running.presence import SCREEN
from chatkit.core.running.reachable import those_running
from chatkit.stage import size
from chatkit.stage.shown import StageShown
from chatkit.steps.servers.server import Program

if TYPE_CHECKING:
    from chatkit.steps.session import Session

PROGRAM = "chatkit.localcloud.stage.azure.program"
PAGE = Path(__file__).parents[1] / "localcloud" / "stage" / "page"
PORT = 8180
NO_CHAT = "There is no deployed chat yet."
DEPLOY = "Sections 07 and 08 deploy it."
ON_AZURE = (
    "The chat is on Azure, at an address of its own that the whole internet reaches; people sign in"
    " as the page asks them to. The screen shows what they write. What you hide is hidden on the"
    " screen only: phones on Azure keep what they have."
)
NO_SCREEN = "No screen runs; `chatkit stage up` opens it."


def up(session: Session, *, for_s: float, people: int) -> StageShown:
    """Start the screen, with a new token.

    Args:
        session: Whose chat.
        for_s: After how long the screen ends by itself.
        people: How many are expected; 0 when nobody knows.

    Raises:
        NotStarted: There is no deployed chat, or the screen does not start.
    """
    url = session.web_url
    api = session.api_base_url
    if url is None or api is None:
        raise NotStarted(NO_CHAT, hint=DEPLOY)
    known = session.servers.running(SCREEN)
    port = known.port if known else PORT
    session.servers.stop(SCREEN)
    command = (sys.executable, "-m", PROGRAM, api, url, str(for_s))
    session.servers.start(Program(SCREEN, command, PAGE), port=port)
    opened = shown(session)
    if not people:
        return opened
    room = size.look(session, people)
    if not room.is_short:
        return opened
    more = (
        ("room for", room.sentence("azure")),
        ("more room", f"`{room.needed.command()}`; nothing was changed"),
    )
    return StageShown(opened.text, (*opened.rows, *more), url=opened.url)


def shown(session: Session) -> StageShown:
    """Address, code and screen of the chat, as a cell and a terminal show them."""
    url = session.web_url or ""
    if not url:
        return StageShown(f"{NO_CHAT} {DEPLOY}", ())
    rows = [("screen", link(session) or NO_SCREEN)]
    rows = [("address", url), ("to type", screen.short(url)), *rows]
    return StageShown(ON_AZURE, tuple(rows), url=url)


def link(session: Session) -> str | None:
    """The screen's address with the token that opens it; None when none runs."""
    for _, reachable in those_running(session.home, SCREEN):
        return f"http://127.0.0.1:{reachable.port}/stage#{reachable.token}"
    return None


def down(session: Session) -> bool:
    """End the screen; returns whether there was one."""
    return session.servers.stop(SCREEN)
