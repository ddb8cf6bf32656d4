"""The diagnosis: look at everything at the same time, then name the problems."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from chatkit.core.errors import HomeUnusable
from chatkit.knowledge.problem import Problem
from chatkit.knowledge.problems import problem as known_problem
from chatkit.knowledge.problems.recognition import recognise
from chatkit.lesson import courses
from chatkit.lesson.course import Course
from chatkit.lesson.doctor.preflight import machine, memory, subscription
from chatkit.lesson.doctor.preflight.finding import Finding
from chatkit.lesson.doctor.probes import CONFIRM, GENERAL, PROBES
from chatkit.lesson.doctor.probes.probe import Probe
from chatkit.lesson.doctor.probes.this_machine import EXPLAINS_ALL
from chatkit.lesson.doctor.report import Diagnosis, Report
from chatkit.lesson.doctor.snapshot.lookups import NotThere, Unknown, known
from chatkit.lesson.doctor.snapshot.snapshot import Snapshot

if TYPE_CHECKING:
    from chatkit.steps.session import Session

Seen = dict[str, str]


def diagnose(session: Session, symptom: str = "") -> Report:
    """Look at the machine, the subscription and the learner's work, and name what is wrong.

    Strategy: every probe runs at the same time, on a thread of its own, and asks the snapshot.
    What two of them need is looked up once. What does not exist yet is neither wrong nor unknown;
    what does not answer within the limit is unknown, and then nobody says that all is well.

    Args:
        session: It need not be open; nothing is started and nothing changed.
        symptom: What a browser, a tool or a log said, pasted as it is. The problems that it may be
            are named, and those first that are to be seen as well.
    """
    begun = time.monotonic()
    try:
        session.check_home()
    except HomeUnusable as error:
        # Nothing else can be looked at: names and addresses are in the home.
        home = Finding("Home", False, error.message, error.hint, "home-damaged")
        return Report(
            (machine.python(), machine.packages(), home),
            symptom=bool(symptom),
            seconds=time.monotonic() - begun,
        )
    taken = memory.measure(session.home)  # first: looking at apps that rest starts them
    snapshot = Snapshot(session)
    course = courses.current()
    said = recognise(symptom, course.problems)
    own = {key: _probe(name) for key, name in course.probes.items()}
    checks = [
        snapshot.lookups.ask(name, partial(check, snapshot))
        for name, check in subscription.CHECKS.items()
    ]
    wanted = {**own, **PROBES, **{one.key: CONFIRM[one.key] for one in _to_confirm(said)}}
    titles = {key: _problem(key, course).title for key in (*wanted, *GENERAL)}
    looks = {key: _look(snapshot, key, probe, titles[key]) for key, probe in wanted.items()}
    general_looks = {
        key: snapshot.lookups.ask(
            f"whether this is so, in general: {titles[key]}",
            partial(_first, [probe], snapshot),
        )
        for key, probe in GENERAL.items()
    }
    here = machine.examine(cloud_runs=snapshot.may_ask, absent=snapshot.absent)
    if snapshot.settings.target == "azure":
        here = [finding for finding in here if finding.what != machine.LOCAL_CLOUD]
    there = [finding for finding in map(known, checks) if finding is not None]
    seen = {key: known(look) or "" for key, look in looks.items()}
    general = {key: known(look) or "" for key, look in general_looks.items()}
    return Report(
        (*here, *there),
        tuple(_diagnoses(said, seen, general, course)),
        symptom=bool(symptom.strip()),
        unknown=tuple(snapshot.lookups.unanswered()),
        seconds=time.monotonic() - begun,
        memory=taken,
    )


def _problem(key: str, course: Course) -> Problem:
    """The problem of a name: the course's, or one that the kit knows."""
    own = {problem.key: problem for problem in course.problems}
    return own[key] if key in own else known_problem(key)


def _probe(name: str) -> Probe:
    """A course's probe; one that cannot be loaded or raises could not look, and says why."""

    def look(snapshot: Snapshot) -> str:
        try:
            seen: object = courses.function(name)(snapshot)
        except Unknown:
            raise
        except Exception as error:  # it is somebody else's program
            raise Unknown(f"{name} fails: {type(error).__name__}: {error}") from error
        return str(seen or "")

    return look


def _to_confirm(said: list[Problem]) -> list[Problem]:
    return [one for one in said if one.key in CONFIRM]


def _look(snapshot: Snapshot, key: str, probe: Probe, title: str) -> Callable[[], str]:
    """Begin to look for a problem; what it can see comes first, then what only confirms it."""
    probes = [probe]
    if key in PROBES and PROBES[key] is not probe:
        probes.insert(0, PROBES[key])
    return snapshot.lookups.ask(f"whether this is so: {title}", lambda: _first(probes, snapshot))


def _first(probes: list[Probe], snapshot: Snapshot) -> str:
    """What the first probe saw that saw something, empty when none did.

    Raises:
        NotThere: There is nothing yet that a probe could look at.
        Unknown: A probe could not look.
    """
    missed: Unknown | None = None
    for probe in probes:
        try:
            seen = probe(snapshot)
        except Unknown as error:
            missed = error
            continue
        if seen:
            return seen
    if missed is not None and not isinstance(missed, NotThere):
        raise missed
    return ""


def _diagnoses(
    said: list[Problem], particular: Seen, general: Seen, course: Course
) -> Iterator[Diagnosis]:
    """What the text says comes first: of several problems that it may be, those that are to be
    seen as well. Then follows what is to be seen and not in the text.
    """
    seen = {**particular, **{key: text for key, text in general.items() if text}}
    seen.update({key: text for key, text in particular.items() if text})
    both = [one for one in said if seen.get(one.key)]
    for one in both or said:
        yield Diagnosis(one, seen.get(one.key, ""), matches_symptom=True)
    others = [key for key in (*course.probes, *PROBES) if particular[key]]
    others = others or [key for key in GENERAL if general[key]]
    if EXPLAINS_ALL in others:
        others = [EXPLAINS_ALL]
    named = {one.key for one in both}
    for key in others:
        if key not in named:
            yield Diagnosis(_problem(key, course), seen[key])
