"""Every known problem, by number.

Facts and numbers are those of docs/problems.md; each area has a file.
"""

from __future__ import annotations

from chatkit.lesson.doctor.problems import (
    identity,
    negotiation,
    origins,
    resources,
    runtime,
    service,
    settings,
    this_machine,
)
from chatkit.lesson.doctor.problems.problem import Problem

AREAS = {
    "Origins": origins.PROBLEMS,
    "Negotiation and messages": negotiation.PROBLEMS,
    "Runtime": runtime.PROBLEMS,
    "Settings": settings.PROBLEMS,
    "Service": service.PROBLEMS,
    "Identity": identity.PROBLEMS,
    "Resources": resources.PROBLEMS,
    "This machine": this_machine.PROBLEMS,
}
PROBLEMS: tuple[Problem, ...] = tuple(problem for area in AREAS.values() for problem in area)
