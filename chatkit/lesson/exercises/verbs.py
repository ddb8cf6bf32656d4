"""The verbs of a workshop that are about exercises."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatkit.classroom.reporting.reports import result
from chatkit.lesson import courses

if TYPE_CHECKING:
    from chatkit.lesson.exercises.grades import Grade
    from chatkit.steps.session import Session


class ExerciseVerbs:
    """A part of the workshop.

    Attributes:
        session: The home and the target.
    """

    session: Session

    def exercise(self, section: str | int) -> Grade:
        """Grade a section's exercise by what its app does: open, not right yet and why, or solved.

        Args:
            section: Its number: "05", "5" or 5.

        Raises:
            NoSuchChoice: The section has none.
        """
        from chatkit.lesson.exercises import grading

        grade = grading.grade(self.session, section)
        if grade.state != "open":
            known = courses.current().problems
            result(self.session.home, "exercise", grade.number, grade.error, known)
        return grade

    def solve(self, section: str | int) -> Grade:
        """Write a solution of a section's exercise and grade it. Your attempt is kept beside it.

        Args:
            section: Its number: "05", "5" or 5.

        Raises:
            NoSuchChoice: The section has no exercise.
        """
        from chatkit.lesson.exercises import grading

        return grading.solve(self.session, section)
