"""What the learner has written in an exercise, before it is run: is the hole left, is it Python?"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from chatkit.core.errors import CheckFailed, SetupError
from chatkit.lesson.course import Exercise
from chatkit.lesson.exercises.grades import Grade, is_open, not_begun, not_yet
from chatkit.steps import app_files

if TYPE_CHECKING:
    from chatkit.steps.session import Session

# What Python raises for a text that is none of its programs; the last two for one that is too deep.
NOT_PYTHON = (SyntaxError, ValueError, RecursionError, MemoryError)


@dataclass(frozen=True)
class Attempt:
    """An app that can be run.

    Attributes:
        folder: Where it is.
        hole: The line that still has `...` in it; 0 for none.
    """

    folder: Path
    hole: int


def read(session: Session, exercise: Exercise) -> Attempt | Grade:
    """The learner's attempt; a grade where it needs no run to say how it stands."""
    path = session.folder / exercise.file
    try:
        source = path.read_bytes()
    except FileNotFoundError:
        return not_begun(exercise)
    except OSError as error:
        return _unreadable(exercise, f"{error.strerror}", "Make it a file that you may read.")
    try:
        tree = ast.parse(source)
    except NOT_PYTHON as error:
        return _not_python(exercise, error)
    hole = next(_holes(tree), 0)
    if hole and _is_template(exercise, tree):
        return is_open(exercise, hole)
    return Attempt(path.parent, hole)


def solution(exercise: Exercise) -> tuple[str, int]:
    """The file as the kit fills it in, and the line of the hole.

    Raises:
        SetupError: The kit's notebooks are not here.
    """
    text = app_files.template(exercise.file)
    line = next(_holes(ast.parse(text)))
    before, _, after = text.partition("...")
    return f"{before}{exercise.fill}{after}", line


def _holes(tree: ast.AST) -> Iterator[int]:
    """Lines in which `...` stands for a value. In `tuple[str, ...]` it is a part of a type."""
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, ast.Constant) and child.value is ...:
            yield child.lineno
        elif not isinstance(child, ast.Subscript):
            yield from _holes(child)


def _is_template(exercise: Exercise, tree: ast.AST) -> bool:
    try:
        template = app_files.template(exercise.file)
    except SetupError:
        return False
    return ast.dump(tree) == ast.dump(ast.parse(template))


def _not_python(exercise: Exercise, error: BaseException) -> Grade:
    where = ""
    place = ""
    said = str(error)
    if isinstance(error, SyntaxError):
        said = error.msg
        if error.lineno:
            where = _line_of(exercise, error)
            place = f"line {error.lineno} of "
    return _unreadable(
        exercise,
        f"{where}{type(error).__name__}: {said}",
        f"Correct {place}{exercise.file} in the cell above, and run both cells again.",
    )


def _line_of(exercise: Exercise, error: SyntaxError) -> str:
    """The line that Python does not read, before what is wrong with it."""
    line = f"{Path(exercise.file).name}, line {error.lineno}"
    if error.text:
        return f"{line}: {error.text.strip()} → "
    return f"{line} → "


def _unreadable(exercise: Exercise, why: str, hint: str) -> Grade:
    error = CheckFailed("", expected="", got="", hint=hint)
    error.explain("The file cannot be read as Python.", why=why, hint=hint)
    return not_yet(exercise, error)
