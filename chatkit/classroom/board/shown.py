"""What a cell shows of the board: links, figures, and the columns without names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chatkit.classroom.board import board
from chatkit.core.results import Result, escape

if TYPE_CHECKING:
    from chatkit.steps.session import Session

LINK = '<p><a href="{url}" target="_blank" rel="noopener">{text}</a></p>'


@dataclass(frozen=True, repr=False)
class BoardShown:
    """The board in a cell.

    Attributes:
        status: Figures without names; the text has no address in it.
        links: Of the page: "instructor" and "projector".
    """

    status: Result
    links: dict[str, str]

    def __repr__(self) -> str:
        return self.status.text

    def _repr_mimebundle_(self, **_options: object) -> dict[str, str]:
        shown = self.status._repr_mimebundle_()["text/html"]
        texts = {
            "instructor": "Your page, with names",
            "projector": "For the projector, without names",
        }
        links = "".join(
            LINK.format(url=escape(url), text=texts[kind]) for kind, url in self.links.items()
        )
        return {"text/plain": repr(self), "text/html": links + shown}


def shown(session: Session) -> BoardShown:
    """The board of this home as it stands.

    Raises:
        NotStarted: There is none, or it is closed.
    """
    return BoardShown(board.status(session), board.links(session))
