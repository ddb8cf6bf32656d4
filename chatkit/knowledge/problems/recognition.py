"""From a pasted text, or from an error code, to the problem that it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from chatkit.knowledge.ordinary import without_ordinary_lines
from chatkit.knowledge.problem import Problem, plain
from chatkit.knowledge.problems import PROBLEMS

MOST = 3
"""Problems that one text is taken for: a longer list helps nobody."""


def recognise(text: str, more: Sequence[Problem] = ()) -> list[Problem]:
    """Name the problems that a text may be, the likeliest first; none for ordinary output.

    Strategy: what belongs to ordinary output is left out first. A sentence that only one problem
    prints decides; without one, words that several problems print name those. Among equals the
    order of the table counts: there, what is particular stands before what is general.

    Args:
        text: As it was pasted.
        more: Problems of a course; they come first.
    """
    searched = plain(without_ordinary_lines(text))
    if not searched:
        return []
    found = [*_certain(searched, more)]
    if not found:
        found = [one for one in (*more, *PROBLEMS) if one.may_be_said_by(searched)]
    return found[:MOST]


def certain(text: str, more: Sequence[Problem] = ()) -> Problem | None:
    """The first problem of which a text has a sentence that no other problem prints."""
    return next(_certain(plain(text), more), None)


def of_code(code: str) -> Problem | None:
    """The problem that an error code of Azure's services stands for, None when it is unknown."""
    if not code:
        return None
    return next((problem for problem in PROBLEMS if code in problem.codes), None)


def _certain(searched: str, more: Sequence[Problem]) -> Iterator[Problem]:
    return (problem for problem in (*more, *PROBLEMS) if problem.is_said_by(searched))
