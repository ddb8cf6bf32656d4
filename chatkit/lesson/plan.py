"""The verb of a workshop that tells what the tutorial will do on Azure."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from chatkit.core.errors import NotOffered
from chatkit.core.settings import Settings
from chatkit.lesson import courses

if TYPE_CHECKING:
    from chatkit.cloud.plan.plan import Plan
    from chatkit.steps.session import Session

PEOPLE = 30


class PlanVerb:
    """A part of the workshop.

    Attributes:
        session: The home and the target.
    """

    session: Session

    def plan(self, *, people: int = PEOPLE) -> Plan:
        """Tell every call that the tutorial sends on Azure: names, rights, quota, cost, minutes.

        Nothing is sent. `print` shows all of it, `.calls` are the calls.

        Args:
            people: How many are in your class, for the cost.

        Raises:
            NotOffered: No instance takes so many people, or nobody has recorded what this course
                sends.
        """
        course = courses.current()
        if not course.has_plan:
            raise NotOffered("What this course sends on Azure is not recorded.")
        found = course.notebooks(courses.notebooks()).values()
        return plan_of(self.session.settings, found, people=people)


def plan_of(settings: Settings, notebooks: Iterable[Path], *, people: int = PEOPLE) -> Plan:
    """The plan of some notebooks.

    Args:
        settings: Whose names count.
        notebooks: Which.
        people: How many are in the class.
    """
    from chatkit.cloud.plan.plan import Plan

    titles = {path.name[:2]: path.stem[3:].replace("-", " ") for path in notebooks}
    return Plan(settings.names, titles, people)
