"""The verb of an instructor's workshop about the board."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chatkit.classroom.board.shown import BoardShown
    from chatkit.steps.session import Session


class BoardVerbs:
    """A part of the workshop.

    Attributes:
        session: The home and the target.
    """

    session: Session

    def class_board(self) -> BoardShown:
        """Show the board of your class: the links, and how it stands now."""
        from chatkit.classroom.board import shown

        return shown.shown(self.session)
