"""The diagnosis: look at everything at the same time, then name the problems."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from chatkit.core.errors import HomeUnusable
from chatkit.lesson.doctor.preflight import machine, subscription
from chatkit.lesson.doctor.preflight.finding import Finding
from chatkit.lesson.doctor.problems import PROBLEMS
from chatkit.lesson.doctor.problems.problem import Probe, Problem, plain
from chatkit.lesson.doctor.report import Diagnosis, Report
from chatkit.lesson.doctor.snapshot.lookups import known
from chatkit.lesson.doctor.snapshot.snapshot import Snapshot

if TYPE_CHECKING:
    from chatkit.steps.session import Session

PROBLEM = "problem"


def diagnose(session: Session, symptom: str = "") -> Report:
    """Look at the machine, the subscription and the learner's work, and name what is wrong.

    Strategy: every probe runs at the same time, on a thread of its own, and asks the snapshot.
    What two of them need is looked up once. What does not answer within the limit counts as not
    known, and what is not known is no problem.

    Args:
        session: It need not be open; nothing is started and nothing changed.
        symptom: What a browser, a tool or a log said, pasted as it is. Problems that sound like it
            are named, and those that are to be seen as well come first.
    """
    begun = time.monotonic()
    try:
        session.check_home()
    except HomeUnusable as error:
        # Nothing else can be looked at: names and addresses are in the home.
        return Report(
            (
                machine.python(),
                machine.packages(),
                Finding("Home", False, error.message, error.hint),
            ),
            symptom=bool(symptom),
            seconds=time.monotonic() - begun,
        )
    snapshot = Snapshot(session)
    text = plain(symptom)
    said = [problem for problem in PROBLEMS if text and problem.sounds_like(text)]
    checks = [
        snapshot.lookups.ask(name, partial(check, snapshot))
        for name, check in subscription.CHECKS.items()
    ]
    looks = {problem.number: _look(snapshot, problem, problem in said) for problem in PROBLEMS}
    here = machine.examine(cloud_runs=snapshot.may_ask, absent=snapshot.absent)
    there = [finding for finding in map(known, checks) if finding is not None]
    seen = {number: known(look) or "" for number, look in looks.items()}
    return Report(
        (*here, *there),
        tuple(_diagnoses(said, seen)),
        symptom=bool(text),
        unanswered=tuple(snapshot.lookups.unanswered()),
        seconds=time.monotonic() - begun,
    )


def _look(snapshot: Snapshot, problem: Problem, matches_symptom: bool) -> Callable[[], str]:
    """Begin to look for a problem."""
    probes = [problem.probe] if problem.probe else []
    if matches_symptom and problem.confirm:
        probes.append(problem.confirm)
    return snapshot.lookups.ask(f"{PROBLEM} {problem.number}", lambda: _first(probes, snapshot))


def _first(probes: list[Probe], snapshot: Snapshot) -> str:
    """What the first probe saw that saw something, empty when none did."""
    for probe in probes:
        seen = known(partial(probe, snapshot))
        if seen:
            return seen
    return ""


def _diagnoses(matching: list[Problem], seen: dict[int, str]) -> Iterator[Diagnosis]:
    """What the text says comes first.

    Of several problems that it may be, those that are to be seen as well.
    """
    both = [problem for problem in matching if seen[problem.number]]
    for problem in both or matching:
        yield Diagnosis(problem, seen[problem.number], matches_symptom=True)
    for problem in PROBLEMS:
        if seen[problem.number] and problem not in both:
            yield Diagnosis(problem, seen[problem.number])
