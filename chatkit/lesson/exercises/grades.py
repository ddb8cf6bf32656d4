"""What a cell shows of an exercise: open, not right yet and why, or solved."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from chatkit.core.errors import CheckFailed
from chatkit.core.results import escape
from chatkit.lesson.card import Card
from chatkit.lesson.course import Exercise

State = Literal["open", "wrong", "solved"]


@dataclass(frozen=True, repr=False)
class Grade:
    """How an exercise stands.

    Attributes:
        number: Of its section.
        state: "open", "wrong" or "solved".
        card: What happened, why, and what to do.
        more: Further lines: what was proven, the solution.
        error: What it found else than was asked for; None where it found nothing of the kind.
    """

    number: str
    state: State
    card: Card
    more: tuple[str, ...] = ()
    error: CheckFailed | None = None

    def __repr__(self) -> str:
        return "\n".join([*self.card.lines(), *self.more])

    def _repr_mimebundle_(self, **_options: object) -> dict[str, str]:
        first, *others = self.card.lines()
        lines = "".join(f"<br>{escape(line)}" for line in others)
        more = f"<pre>{escape(chr(10).join(self.more))}</pre>" if self.more else ""
        shown = f'<div class="chatkit-result"><p><b>{escape(first)}</b>{lines}</p>{more}</div>'
        return {"text/plain": repr(self), "text/html": shown}

    def with_solution(self, line: int, fill: str, kept: Sequence[str]) -> Grade:
        """The same, with what stands in the hole and where the learner's attempt is."""
        more = [*self.more, f"  In the place of `...`, from line {line} on:"]
        more += textwrap.indent(textwrap.dedent(fill).strip(), "    ").splitlines()
        more += [f"  Your attempt is kept as {name}." for name in kept]
        return replace(self, more=tuple(more))


def is_open(exercise: Exercise, line: int) -> Grade:
    """The hole is still there."""
    card = Card(
        "",
        f"Exercise {exercise.number} is open: line {line} of {exercise.file} still is `...`.",
        remedy=f"Fill it in in the cell above, and run both cells again."
        f' workshop.solve("{exercise.number}") shows one way.',
    )
    return Grade(exercise.number, "open", card)


def not_begun(exercise: Exercise) -> Grade:
    """The file is not there."""
    card = Card(
        "",
        f"Exercise {exercise.number} is open: there is no {exercise.file} yet.",
        remedy=f"Run the cell of notebook {exercise.number} that begins with"
        f" `%%chatfile {exercise.file}`.",
    )
    return Grade(exercise.number, "open", card)


def not_yet(exercise: Exercise, error: CheckFailed) -> Grade:
    """Something else happens than was asked for."""
    happened = f"{error.what}."
    why = f"Asked for {error.expected}, got {error.got}."
    if error.why:
        happened = error.message
        why = error.why
    what = f"Exercise {exercise.number} is not right yet. {happened}"
    return Grade(exercise.number, "wrong", Card("", what, why, error.hint), error=error)


def solved(exercise: Exercise, proven: Sequence[str]) -> Grade:
    """It does what was asked for."""
    lines = tuple(f"  - {sentence}" for sentence in proven)
    return Grade(
        exercise.number, "solved", Card("", f"Exercise {exercise.number} is solved:"), lines
    )
