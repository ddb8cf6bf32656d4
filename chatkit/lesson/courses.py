"""Finding the course of this home, and telling an author what is wrong with a description."""

from __future__ import annotations

import ast
import json
import traceback
from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint
from importlib.util import find_spec
from inspect import isgeneratorfunction, signature
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

from chatkit.core.errors import SetupError
from chatkit.core.work import app_sections, course_choice, fingerprints
from chatkit.lesson.course import Course, WrongDescription

HINT = "Whoever wrote the course corrects that; `docs/authoring.md` of chatkit says how."


def current() -> Course:
    """The course of this home.

    Raises:
        SetupError: It is not installed, or its description is wrong; the sentence names file and
            line. Or another course was begun in this home.
    """
    return load(course_choice.of_home())


def notebooks() -> Path:
    """Where its notebooks are, as its author has written them."""
    return course_choice.folder() / "notebooks"


def load(name: str) -> Course:
    """The course of a name.

    Raises:
        SetupError: As for `current`.
    """
    entry = course_choice.find(name)
    course_choice.folder(name)  # a package that is not there says so
    try:
        found: object = resolve_name(entry.value)
    except (Exception, SystemExit) as error:  # a description is a program, and may fail in any way
        raise SetupError(_said(entry, error), hint=HINT) from error
    if not isinstance(found, Course):
        raise SetupError(f"The course {name} is no Course: {entry.value}.", hint=HINT)
    return found


def function(name: str) -> Callable[..., Any]:
    """A function that a description names.

    Raises:
        SetupError: There is none.
    """
    try:
        found = resolve_name(name)
    except (Exception, SystemExit) as error:  # its module may fail in any way
        raise SetupError(f"{name} cannot be loaded: {_kind(error)}.", hint=HINT) from error
    if not callable(found):
        raise SetupError(f"{name} is no function.", hint=HINT)
    known: Callable[..., Any] = found
    return known


def note_place(error: BaseException) -> None:
    """Note under an error which line of another course has raised it: a verb shows no traceback."""
    if course_choice.is_tutorial():
        return
    for frame in _frames(error, course_choice.folder())[-1:]:
        error.add_note(f"It was raised in {frame.filename}, line {frame.lineno}.")


def faults(name: str) -> list[str]:
    """What is wrong with a course besides its description: a line for each.

    Raises:
        SetupError: As for `current`.
    """
    course = load(name)
    return [
        *_faults_of_plan(course, name),
        *_faults_of_notebooks(course, name),
        *_faults_of_exercises(course, name),
        *_faults_of_functions(course, name),
    ]


def _faults_of_plan(course: Course, name: str) -> Iterator[str]:
    if course.has_plan and name != course_choice.TUTORIAL.name:
        yield f"{_place(name, 'has_plan')}: has_plan is for the tutorial: its calls are recorded."


def _faults_of_notebooks(course: Course, name: str) -> Iterator[str]:
    folder = course_choice.folder(name) / "notebooks"
    for section in course.sections:
        path = section.notebook(folder)
        same = sorted(folder.glob(f"{section.number}-*.ipynb"))
        if len(same) > 1:
            yield f"{same[1]}: there is {same[0].name}, too, and a section has one notebook."
        if path is None:
            place = _place(name, section.number)
            yield f"{place}: there is no {section.number}-….ipynb in {folder}."
        elif not fingerprints.is_notebook(path.read_bytes()):
            yield f"{path}: this is no notebook."
        elif not _runs_check(path, section.number):
            yield f'{path}: no cell runs workshop.check("{section.number}").'
    numbers = {section.number for section in course.sections}
    for path in sorted(folder.glob("[0-9][0-9]-*.ipynb")):
        if path.name[:2] not in numbers:
            yield f"{path}: the course has no section {path.name[:2]}."


def _faults_of_exercises(course: Course, name: str) -> Iterator[str]:
    written = app_sections.AppSections(course_choice.folder(name) / "notebooks")
    for exercise in course.exercises:
        place = _place(name, exercise.grade)
        texts = [version.content.decode() for version in written.versions(exercise.file)]
        if not texts or "..." not in texts[0]:
            yield f"{place}: no cell writes {exercise.file} with `...` in the blank's place."
            continue
        if texts[0].count("...") > 1:
            yield f"{place}: {exercise.file} has `...` more than once, and one is the blank."
            continue
        try:
            ast.parse(texts[0].replace("...", exercise.fill, 1))
        except SyntaxError as error:
            yield f"{place}: filled in, line {error.lineno} of {exercise.file} is no Python."


def _runs_check(path: Path, number: str) -> bool:
    """Whether a notebook runs its section's check: catching up runs it up to there."""
    cells = json.loads(path.read_bytes())["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    lines = [line.strip() for text in code for line in text.splitlines()]
    wanted = (f'"{number}"', f"'{number}'", f"{int(number)}")
    calls = tuple(f"workshop.check({one})" for one in wanted)
    return any(one in line for line in lines for one in calls if not line.startswith("#"))


def _faults_of_functions(course: Course, name: str) -> Iterator[str]:
    proving = [section.check for section in course.sections]
    proving += [exercise.grade for exercise in course.exercises]
    for one in (*proving, *course.probes.values()):
        try:
            found = function(one)
        except SetupError as error:
            yield f"{_place(name, one)}: {error.message}"
            continue
        if one in proving and not isgeneratorfunction(found):
            yield f"{_place(name, one)}: {one} has no `yield`: it says nothing that it has proven."
        elif not _takes_one(found):
            yield f"{_place(name, one)}: {one} is given one argument, and takes another number."


def _takes_one(function: Callable[..., Any]) -> bool:
    try:
        signature(function).bind(None)
    except TypeError:
        return False
    return True


def _said(entry: EntryPoint, error: BaseException) -> str:
    """A sentence with the line of the description that is wrong."""
    package = course_choice.module_of(entry)
    folder = course_choice.folder(entry.name)
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}, line {error.lineno}: {error.msg}."
    own = _frames(error, folder)
    if not own:
        return f"The course {entry.name} cannot be loaded from {package}: {_kind(error)}."
    file, line = own[-1].filename, own[-1].lineno
    if isinstance(error, WrongDescription) and error.about:
        line = max(_lines(Path(file), error.about), default=line)
    return f"{file}, line {line}: {_kind(error)}"


def _frames(error: BaseException, folder: Path) -> list[traceback.FrameSummary]:
    """Where an error has passed through files of a folder, the innermost last."""
    frames = traceback.extract_tb(error.__traceback__)
    return [frame for frame in frames if Path(frame.filename).is_relative_to(folder)]


def _kind(error: BaseException) -> str:
    """What an exception says; its type where its author is not this module's."""
    if isinstance(error, WrongDescription):
        return str(error)
    return f"{type(error).__name__}: {error}"


def _place(name: str, text: str) -> str:
    """The line of a description that has a text."""
    entry = course_choice.find(name)
    spec = find_spec(course_choice.module_of(entry))
    if spec is None or not spec.origin:
        return f"The course {name}"
    return f"{spec.origin}, line {min(_lines(Path(spec.origin), text), default=1)}"


def _lines(file: Path, text: str) -> list[int]:
    """The numbers of the lines that have a text, between quotation marks where some do."""
    lines = [*enumerate(file.read_text(encoding="utf-8").splitlines(), 1)]
    quoted = (f'"{text}"', f"'{text}'")
    found = [number for number, line in lines if any(one in line for one in quoted)]
    return found or [number for number, line in lines if text in line]
