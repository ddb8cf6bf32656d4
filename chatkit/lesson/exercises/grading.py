"""Grading an exercise, and solving one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from chatkit.core.errors import CheckFailed
from chatkit.lesson import courses
from chatkit.lesson.exercises import attempts
from chatkit.lesson.exercises.bench import Bench, benched
from chatkit.lesson.exercises.grades import Grade, is_open, not_yet, solved
from chatkit.steps import app_files

if TYPE_CHECKING:
    from chatkit.steps.session import Session


def grade(session: Session, section: str | int) -> Grade:
    """Grade what the learner has written: open, not right yet, or solved.

    Args:
        session: The home and the target.
        section: The section's number.

    Raises:
        NoSuchChoice: There is no such exercise.
    """
    exercise = courses.current().exercise(section)
    attempt = attempts.read(session, exercise)
    if isinstance(attempt, Grade):
        return attempt
    try:
        with benched(session, attempt.folder) as bench:
            prove: Callable[[Bench], Iterator[str]] = courses.function(exercise.grade)
            proven = [*prove(bench)]
    except CheckFailed as error:
        if attempt.hole:
            return is_open(exercise, attempt.hole)
        return not_yet(exercise, error)
    return solved(exercise, proven)


def solve(session: Session, section: str | int) -> Grade:
    """Write the kit's solution, and grade it. An attempt of the learner's is kept beside.

    Args:
        session: The home and the target.
        section: The section's number.

    Raises:
        NoSuchChoice: There is no such exercise.
        SetupError: The kit's notebooks are not here.
    """
    exercise = courses.current().exercise(section)
    text, line = attempts.solution(exercise)
    kept = app_files.replace(
        {exercise.file: text.encode()},
        folder=session.folder,
        home=session.home,
        is_solution=True,
    )
    graded = grade(session, exercise.number)
    folder = PurePosixPath(exercise.file).parent
    return graded.with_solution(line, exercise.fill, [f"my-chat/{folder}/{name}" for name in kept])
