"""The verb of a workshop that shows the map of the chat."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

from chatkit.cloud import local_cloud
from chatkit.core.errors import SetupError
from chatkit.core.results import Result

if TYPE_CHECKING:
    from chatkit.chat.map.widget import ChatMap
    from chatkit.journeys.journey import News
    from chatkit.steps.session import Session


class MapVerb:
    """A part of the workshop.

    Attributes:
        session: The home and the target.
    """

    session: Session

    def map(self) -> ChatMap | Result:
        """Show the parts of the chat, and each message on its way through them, hop by hop.

        It reads the local cloud's trace; on Azure it says what to use instead. `print` shows the
        ways as lines, `.page` is the address of the same as a page.

        Raises:
            NotStarted: The local cloud cannot start.
            SetupError: It is of a version that has no map.
        """
        from chatkit.chat.map.widget import ON_AZURE, ChatMap

        if self.session.settings.target != "local":
            return Result(ON_AZURE)
        with self.session.on_cloud():
            where = self.session.home / "local"
            _page(where)
            return ChatMap.open(partial(_journeys, where), partial(_page, where))


def _page(where: Path) -> str:
    """The address of the map's page."""
    page = local_cloud.read(where).get("map")
    if page is None:
        raise SetupError(
            "The local cloud that runs is of an older version, which has no map.",
            hint="`chatkit local down`, then this cell again.",
        )
    return page


def _journeys(where: Path, after: int) -> News:
    """The ways of messages that the local cloud of a folder has seen after that number."""
    return cast("News", local_cloud.ask("GET", f"/journeys?after={after}", where=where))
