"""What a course is: its sections, exercises and problems, as its author describes them.

Checks, exercises and probes are named, "package.module:function", and looked up when they are
needed: a verb that only lists sections imports none of them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeVar

from chatkit.core.errors import NoSuchChoice, SetupError
from chatkit.core.settings import Known
from chatkit.knowledge.problem import Problem

NUMBER = re.compile(r"[0-9]{2}")
FLAGS = (
    "uses_local_servers",
    "asks_deployed",
    "ends_local_run",
    "shows_page",
    "cleans_up",
    "has_resources",
    "is_appendix",
)
FUNCTION = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")


class WrongDescription(ValueError):
    """A description that is no course.

    Args:
        message: What is wrong.
        about: A text of the description that it is about: its line is named.
    """

    def __init__(self, message: str, about: str = "") -> None:
        super().__init__(message)
        self.about = about


@dataclass(frozen=True)
class Section:
    """One section: a notebook, whose name begins with the number, and a check.

    Attributes:
        number: Two digits.
        check: The function that checks it: "package.module:function".
        starts: The server on this machine that it starts and leaves running.
        leaves: Files below my-chat that it leaves, and later sections need.
        answers: Method and route that a function answers from this section on.
        uses_local_servers: Its check asks the servers on this machine.
        asks_deployed: Its check asks the deployed functions.
        ends_local_run: After it nothing needs those servers any more.
        shows_page: After it the page of the static website has an address.
        cleans_up: It deletes what the others have made.
        has_resources: Its work is, or needs, something in the cloud.
        is_appendix: It stands after the clean-up, begins with all others' work, and cleans up
            itself.
    """

    number: str
    check: str
    starts: Literal["functions", "page"] | None = None
    leaves: tuple[str, ...] = ()
    answers: tuple[str, str] | None = None
    uses_local_servers: bool = False
    asks_deployed: bool = False
    ends_local_run: bool = False
    shows_page: bool = False
    cleans_up: bool = False
    has_resources: bool = True
    is_appendix: bool = False

    def __post_init__(self) -> None:
        check_number(self.number)
        check_function(self.check)
        if self.starts not in (None, "functions", "page"):
            message = f'starts is "functions" or "page", and not {self.starts!r}.'
            raise WrongDescription(message, str(self.starts))
        _check_texts("leaves", self.leaves, '("functions/function_app.py",)')
        for name in self.leaves:
            if name.startswith("/") or ".." in name.split("/"):
                raise WrongDescription(f"leaves names {name}, which is not below my-chat.", name)
        if self.answers is not None:
            _check_answers(self.answers)
        for name in FLAGS:
            if not isinstance(getattr(self, name), bool):
                raise WrongDescription(f"{name} is True or False.", name)

    @property
    def where(self) -> Literal["local", "deployed", ""]:
        """Which functions its check asks; empty for none."""
        if self.uses_local_servers:
            return "local"
        return "deployed" if self.asks_deployed else ""

    def notebook(self, folder: Path) -> Path | None:
        """Its notebook in a folder, None when it is not there."""
        return next(iter(sorted(folder.glob(f"{self.number}-*.ipynb"))), None)


@dataclass(frozen=True)
class Exercise:
    """One blank, `...`, in an app that a cell of the section's notebook writes.

    Attributes:
        number: Of its section.
        grade: The function that is given a `Bench` and runs the app there. It yields a sentence for
            each thing it has proven, and raises `CheckFailed` at the first that is not so.
        fill: What a solution has in the place of the blank.
    """

    number: str
    grade: str
    fill: str

    def __post_init__(self) -> None:
        check_number(self.number)
        check_function(self.grade)
        if not isinstance(self.fill, str):
            raise WrongDescription("fill is a text: what a solution has for `...`.", self.grade)

    @property
    def file(self) -> str:
        """Its file, below my-chat."""
        return f"exercises/{self.number}/function_app.py"


Numbered = TypeVar("Numbered", Section, Exercise)


@dataclass(frozen=True)
class Course:
    """All sections, in order.

    Attributes:
        title: What a person reads.
        sections: By their numbers.
        exercises: At most one a section.
        problems: That people of this course meet, besides those that the kit knows.
        probes: How the doctor sees a problem, by its key: a function that is given a `Snapshot`
            and returns what it saw, empty when all is well.
        page_title: What the page is called that a section shows.
        makes: What the sections make together, as `workshop.how()` calls it.
        has_plan: What the sections send on Azure is recorded in `cloud/plan`.
    """

    title: str
    sections: tuple[Section, ...]
    exercises: tuple[Exercise, ...] = ()
    problems: tuple[Problem, ...] = ()
    probes: Mapping[str, str] = field(default_factory=dict)
    page_title: str = "the page"
    makes: str = "what you have made"
    has_plan: bool = False

    def __post_init__(self) -> None:
        for name, kind in (("sections", Section), ("exercises", Exercise), ("problems", Problem)):
            _check_tuple(name, getattr(self, name), kind)
        for name in ("title", "page_title", "makes"):
            text = getattr(self, name)
            if not isinstance(text, str) or not text.strip():
                raise WrongDescription(f"{name} is a text, and not empty.", name)
        if not self.sections:
            raise WrongDescription("A course has at least one section.")
        _check_order([section.number for section in self.sections])
        if len([section for section in self.sections if section.cleans_up]) > 1:
            raise WrongDescription("Two sections clean up; one does.", "cleans_up")
        _check_kinds(self.sections)
        self._check_exercises()
        self._check_problems()

    def _check_exercises(self) -> None:
        numbers = [section.number for section in self.sections]
        found: list[str] = []
        for exercise in self.exercises:
            if exercise.number not in numbers:
                message = f"There is an exercise {exercise.number}, and no such section."
                raise WrongDescription(message, exercise.grade)
            if exercise.number in found:
                message = f"Two exercises have the number {exercise.number}."
                raise WrongDescription(message, exercise.grade)
            found.append(exercise.number)

    def _check_problems(self) -> None:
        known = [problem.key for problem in self.problems]
        for problem in self.problems:
            _check_texts_of(problem)
            if known.count(problem.key) > 1:
                raise WrongDescription(f"Two problems are called {problem.key}.", problem.key)
        if not isinstance(self.probes, Mapping):
            raise WrongDescription('probes is like {"key": "my_course.probes:look"}.', "probes")
        for key, probe in self.probes.items():
            check_function(probe)
            if key not in known:
                raise WrongDescription(f"A probe looks for {key}, and no problem is that.", key)

    # Which section

    @property
    def clean_up(self) -> Section | None:
        """The section that deletes what the others have made; None when nothing is made."""
        return next((section for section in self.sections if section.cleans_up), None)

    @property
    def page(self) -> Section | None:
        """The first after which the page has an address."""
        return next((section for section in self.sections if section.shows_page), None)

    def find(self, number: str | int) -> Section:
        """Return the section of a number; "7" and 7 are "07".

        Raises:
            NoSuchChoice: There is no such section.
        """
        return _find(number, self.sections)

    def after(self, completed: Sequence[str]) -> Section:
        """Return the section to do next: the one after the last that was completed.

        The clean-up is the last there is; an appendix comes only to people who name it.
        """
        following = self.sections[0]
        main = self.main
        for section, next_one in zip(main, main[1:], strict=False):
            if section.number in completed:
                following = next_one
        return following

    @property
    def main(self) -> list[Section]:
        """All but appendices."""
        return [section for section in self.sections if not section.is_appendix]

    @property
    def building(self) -> list[Section]:
        """The sections that build something: neither the clean-up nor an appendix."""
        return [section for section in self.main if not section.cleans_up]

    def before(self, section: Section) -> list[Section]:
        """The sections that one builds on, in order."""
        return [one for one in self.building if one.number < section.number]

    def done(self, facts: Known) -> tuple[str, ...]:
        """The sections that are done now, as far as is known.

        What was completed is gone when its resources are; and nothing is cleaned up as long as
        there are any. `Known.completed` goes on knowing how far somebody has come.
        """
        exists = bool(facts.resource_group)
        is_true = {
            section.number: exists if section.has_resources else not (exists and section.cleans_up)
            for section in self.sections
        }
        return tuple(number for number in facts.completed if is_true.get(number))

    # Notebooks

    def notebooks(self, folder: Path) -> dict[Section, Path]:
        """The notebooks in a folder, in the order of the sections.

        Raises:
            SetupError: There are none.
        """
        found = {section: section.notebook(folder) for section in self.sections}
        known = {section: path for section, path in found.items() if path is not None}
        if not known:
            hint = "Run this in a checkout of chatkit."
            raise SetupError("The notebooks are not here.", hint=hint)
        return known

    def with_notebook(self, number: str | int, folder: Path) -> Section:
        """Return the section of a number that has a notebook in a folder.

        Raises:
            SetupError: There are no notebooks.
            NoSuchChoice: There is none of such a section.
        """
        return _find(number, [*self.notebooks(folder)])

    def exercise(self, number: str | int) -> Exercise:
        """The exercise of a section; "7" and 7 are "07".

        Raises:
            NoSuchChoice: There is none of that number.
            SetupError: The course has no exercises.
        """
        if not self.exercises:
            raise SetupError("This course has no exercises.")
        return _find(number, self.exercises, "exercise")


def check_number(number: str) -> None:
    """Refuse what is no number of a section.

    Raises:
        WrongDescription: It is not two digits.
    """
    if not isinstance(number, str) or not NUMBER.fullmatch(number):
        raise WrongDescription(f'The number {number!r} is not two digits, as "01" is.')


def check_function(name: str) -> None:
    """Refuse what names no function.

    Raises:
        WrongDescription: It is not like "package.module:function".
    """
    if not isinstance(name, str) or not FUNCTION.fullmatch(name):
        message = f'{name!r} names no function, as "my_course.checks:website" does.'
        raise WrongDescription(message)


def _check_texts(name: str, value: object, example: str) -> None:
    if not isinstance(value, tuple) or not all(isinstance(one, str) for one in value):
        raise WrongDescription(f"{name} is no tuple of texts, as {example} is.", str(value))


def _check_answers(answers: tuple[str, str]) -> None:
    example = '("POST", "messages")'
    _check_texts("answers", answers, example)
    if len(answers) != 2:
        raise WrongDescription(f"answers is a method and a route, as {example}.", "answers")
    method, route = answers
    if not method.isupper() or route.startswith(("/", "api/")):
        message = f"answers is a method in capitals and a route without /api, as {example}."
        raise WrongDescription(message, route)


def _check_texts_of(problem: Problem) -> None:
    key = problem.key
    for name in ("key", "title", "cause", "fix"):
        if not isinstance(getattr(problem, name), str):
            raise WrongDescription(f"{name} of the problem {key} is no text.", str(key))
    for name in ("links", "codes", "says", "may_say"):
        value = getattr(problem, name)
        if not isinstance(value, tuple) or not all(isinstance(one, str) for one in value):
            message = f'{name} of the problem {key} is no tuple of texts, as ("a text",) is.'
            raise WrongDescription(message, key)
    try:
        fits_all = problem.is_said_by("") or problem.may_be_said_by("")
    except re.error as error:
        message = f"A pattern of the problem {key} cannot be read: {error}."
        raise WrongDescription(message, key) from error
    if fits_all:
        raise WrongDescription(f"A pattern of the problem {key} fits every text.", key)


def _check_tuple(name: str, value: object, kind: type) -> None:
    if not isinstance(value, tuple) or not all(isinstance(one, kind) for one in value):
        example = f"({kind.__name__}(...), {kind.__name__}(...))"
        message = f"{name} is no tuple like {example}; one alone has a comma behind it."
        raise WrongDescription(message)


def _check_order(numbers: list[str]) -> None:
    for one, following in zip(numbers, numbers[1:], strict=False):
        if one == following:
            raise WrongDescription(f"Two sections have the number {one}.", one)
        if one > following:
            raise WrongDescription(f"Section {following} stands after {one}.", following)


def _check_kinds(sections: Sequence[Section]) -> None:
    built = [one.number for one in sections if not one.cleans_up and not one.is_appendix]
    if not built:
        raise WrongDescription("No section builds something: none but clean-up and appendices.")
    ends = [one.number for one in sections if one.cleans_up and not one.is_appendix]
    appendices = [one.number for one in sections if one.is_appendix]
    wanted = [*built, *ends, *appendices]
    for one, section in zip(wanted, sections, strict=True):
        if one != section.number:
            message = "First stands what builds something, then the clean-up, then appendices."
            raise WrongDescription(message, section.number)


def _find(number: str | int, known: Sequence[Numbered], kind: str = "section") -> Numbered:
    wanted = str(number).strip()
    for one in known:
        # "7" is "07", but no number at all is not "00".
        if wanted and one.number == wanted.zfill(2):
            return one
    raise NoSuchChoice(kind, wanted, [one.number for one in known])
