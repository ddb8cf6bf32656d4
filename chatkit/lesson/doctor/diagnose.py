"""The consultation: look at everything at the same time, then name the problems."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from chatkit.lesson.doctor.preflight import machine, subscription
from chatkit.lesson.doctor.problems import PROBLEMS
from chatkit.lesson.doctor.problems.problem import Probe, Problem, plain
from chatkit.lesson.doctor.report import Diagnosis, Examination
from chatkit.lesson.doctor.snapshot.lookups import known
from chatkit.lesson.doctor.snapshot.snapshot import World

if TYPE_CHECKING:
    from chatkit.steps.session import Session

PROBLEM = "problem"


def consult(session: Session, symptom: str = "") -> Examination:
    """Look at the machine, the subscription and the learner's work, and name what is wrong.

    Strategy: every probe runs at the same time, on a thread of its own, and asks the world; what two of them need is looked up
    once. What does not answer within the limit counts as not known, and what is not known is no problem.

    Args:
        session: It need not be open; nothing is started and nothing changed.
        symptom: What a browser, a tool or a log said, pasted as it is. Problems that sound like it are named, and those that are
            to be seen in the learner's world come first.
    """
    begun = time.monotonic()
    world, text = World(session), plain(symptom)
    said = [problem for problem in PROBLEMS if text and problem.sounds_like(text)]
    checks = [
        world.lookups.ask(name, partial(look, world)) for name, look in subscription.CHECKS.items()
    ]
    looks = [(problem, _look(world, problem, problem in said)) for problem in PROBLEMS]
    findings = [*machine.examine(cloud_runs=world.may_ask), *filter(None, map(known, checks))]
    seen = {problem.number: known(look) or "" for problem, look in looks}
    return Examination(
        tuple(findings),
        tuple(_diagnoses(said, seen)),
        symptom=bool(text),
        unanswered=tuple(world.lookups.unanswered()),
        seconds=time.monotonic() - begun,
    )


def _look(world: World, problem: Problem, is_said: bool) -> Callable[[], str]:
    """Begin to look for a problem in the learner's world."""
    probes = [problem.probe, problem.confirm if is_said else None]
    return world.lookups.ask(
        f"{PROBLEM} {problem.number}", lambda: _first([probe for probe in probes if probe], world)
    )


def _first(probes: list[Probe], world: World) -> str:
    return next(filter(None, (known(partial(probe, world)) for probe in probes)), "")


def _diagnoses(said: list[Problem], seen: dict[int, str]) -> Iterator[Diagnosis]:
    """What the text says comes first; of several problems that it may be, those that are to be seen as well."""
    both = [problem for problem in said if seen[problem.number]]
    for problem in both or said:
        yield Diagnosis(problem, seen[problem.number], said=True)
    for problem in PROBLEMS:
        if seen[problem.number] and problem not in both:
            yield Diagnosis(problem, seen[problem.number])
