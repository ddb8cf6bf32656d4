"""The verbs of a workshop about a class."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chatkit.core.results import Result
    from chatkit.steps.session import Session


class ClassVerbs:
    """A part of the workshop.

    Attributes:
        session: The home and the target.
    """

    session: Session

    def join_class(self, code: str) -> Result:
        """Join a class: its instructor sees from now on how your checks and exercises go.

        What is sent is said before anything is.

        Args:
            code: What you were given: "CODE@HOST:PORT".
        """
        from chatkit.classroom.reporting import join

        return join.join(self.session.home, code)

    def leave_class(self, *, without_board: bool = False) -> Result:
        """Leave the class; what it has of you is deleted.

        Args:
            without_board: Leave here when the board does not answer, too.
        """
        from chatkit.classroom.reporting import join

        return join.leave(self.session.home, without_board=without_board)

    def ask(self, text: str | None) -> Result:
        """Raise your hand in the class.

        Args:
            text: What you ask, one line; None lowers your hand.
        """
        from chatkit.classroom.reporting import join

        return join.ask(self.session.home, text)
