"""Three people of a JupyterHub do the whole tutorial at the same time."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.jupyterhub import hub as hubs
from tests.jupyterhub.tutorial import done
from tests.tools import Tools

pytestmark = [pytest.mark.long, pytest.mark.tools]


def test_three_people_do_the_tutorial_at_once(user: Path, tools: Tools, tmp_path: Path) -> None:
    """Every cell from 00 to 10 passes for everybody, and nobody's programs meet another's."""
    until = {"alice": "10", "bob": "10", "carol": "10"}
    with hubs.running(user, tmp_path, tools) as hub:
        course = done(hub, until)
        assert [len(notebooks) for notebooks in course.shown.values()] == [11, 11, 11]
        assert sum(map(len, course.ports.values())) == len(set.union(*course.ports.values()))
