"""What the doctor says of functions in a course that is not about a chat."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from chatkit.core.work import course_choice
from chatkit.lesson.doctor.probes import GENERAL, PROBES
from chatkit.lesson.doctor.snapshot import snapshot as looking
from chatkit.lesson.doctor.snapshot.emitted import EmittedApp, EmittedFunction
from chatkit.lesson.doctor.snapshot.lookups import NotThere
from chatkit.lesson.http import Answer
from chatkit.steps.session import Session
from tests.lesson.courses.conftest import Install
from tests.lesson.courses.making import ONE

KEY = "negotiate-404"
ANSWERS = """answers=("POST", "negotiate")"""


def snapshot(route: str) -> Any:
    """Functions on this machine, one with a route, that answer 404 to negotiate."""

    def absent() -> Answer:
        raise NotThere("not there yet")

    binding = {"type": "httpTrigger", "route": route, "methods": ["POST"]}
    app = EmittedApp((EmittedFunction("one", "function_app.py", ("req",), (binding,)),))
    return SimpleNamespace(
        emitted=lambda: app,
        local_negotiate=lambda: Answer(404),
        negotiate=absent,
        folder=SimpleNamespace(host_json={"extensions": {"http": {"routePrefix": ""}}}),
    )


def test_without_negotiate_its_absence_is_no_problem(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor is a page that adds no /api."""
    install()
    monkeypatch.setenv(course_choice.VARIABLE, "small")
    assert GENERAL[KEY](snapshot("count")) == ""
    assert PROBES[KEY](snapshot("count")) == ""
    assert PROBES["handler-does-not-match"](snapshot("count")) == ""


def test_without_negotiate_nobody_asks_for_it(
    install: Install, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would start an app that rests, for an answer that is known."""
    install()
    monkeypatch.setenv(course_choice.VARIABLE, "small")
    monkeypatch.setattr(looking.Snapshot, "local_api", "http://localhost:1")
    monkeypatch.setattr(looking, "index", lambda *_: snapshot("count").emitted())
    with pytest.raises(NotThere):
        looking.Snapshot(Session(home)).local_negotiate()


@pytest.mark.parametrize(
    ("route", "more"), [("negotiate", ""), ("count", f", {ANSWERS}")], ids=["app", "course"]
)
def test_where_there_is_to_be_one_its_absence_is_named(
    install: Install, monkeypatch: pytest.MonkeyPatch, route: str, more: str
) -> None:
    """The app has it, or a section says so."""
    install({"__init__.py": ONE.replace(':one"', f':one"{more}')})
    monkeypatch.setenv(course_choice.VARIABLE, "small")
    assert GENERAL[KEY](snapshot(route)) == "negotiate on this machine answers 404"
    assert "host.json changes the route prefix" in PROBES[KEY](snapshot(route))
