"""The verbs of a workshop about its sections: check, doctor, catching up, logs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatkit.classroom.reporting.reports import reported
from chatkit.lesson import app_log, courses

if TYPE_CHECKING:
    from chatkit.core.results import Result
    from chatkit.lesson.doctor.report import Report
    from chatkit.steps.session import Session


class SectionVerbs:
    """A part of the workshop.

    Attributes:
        session: The home and the target.
    """

    session: Session

    def check(self, section: str | int) -> Result:
        """Check the real behaviour of what a section built, and remember that it passed.

        Args:
            section: Its number: "05", "5" or 5.

        Raises:
            CheckFailed: Something is not as it should be; the hint says what to do.
        """
        from chatkit.lesson import checks

        course = courses.current()
        number = course.find(section).number
        with reported(self.session.home, "check", number, course.problems):
            result = checks.check(self.session, number)
        self.session.complete(number)
        return result

    def doctor(self, symptom: str = "") -> Report:
        """Look at this machine, the subscription and your work, and name what is wrong.

        Each problem comes with its cause and with what repairs it.

        Args:
            symptom: A message that you do not understand, pasted as it is: from a browser, a tool
                or a log.
        """
        from chatkit.lesson.doctor.diagnose import diagnose

        return diagnose(self.session, symptom)

    def catch_up(self, section: str | int | None = None) -> Result:
        """Go to the start of a section by running what was missed, also after a long pause.

        What was done is not done again. When a missed notebook writes a file of my-chat that you
        have changed, your version is kept beside the new one.

        Args:
            section: Its number, for example "07"; by default the one after the last that is done.

        Raises:
            NotebookFailed: A cell of a missed notebook raised.
        """
        from chatkit.lesson.notebooks import catch_up

        return catch_up.caught_up(self.session, section)

    def complete(self, section: str | int) -> None:
        """Remember that a section is done."""
        self.session.complete(courses.current().find(section).number)

    def begin_at(self, section: str | int) -> None:
        """Forget that a section, or one after it, was done: the next to do is this one."""
        self.session.begin_at(courses.current().find(section).number)

    def logs(
        self, where: str = "", *, lines: int = 50, follow: bool = False
    ) -> app_log.Said | None:
        """What the functions said, the newest last.

        Args:
            where: "local" or "deployed"; by default those on this machine as long as they run.
            lines: How many of the last lines.
            follow: Print them, and every new one, until you interrupt the cell; returns nothing.
        """
        if follow:
            app_log.print_followed(self.session, where, lines, print)
            return None
        return app_log.said(self.session, where, lines=lines)
