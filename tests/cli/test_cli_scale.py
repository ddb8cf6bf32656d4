"""`chatkit scale`, and being asked for room on Azure."""

from __future__ import annotations

import io
import sys

import pytest

from chatkit.cli.stage import verbs
from chatkit.cloud.provision.tiers import FREE, STANDARD, Size
from chatkit.stage import size
from chatkit.stage.size import Room
from chatkit.steps import resources
from chatkit.steps.session import Session
from tests.cli.typing_verbs import Chatkit


class Terminal(io.StringIO):
    """A person who has typed something."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        (("--tier", "premium"), "Tiers are free, standard"),
        (("--tier", "standard", "--units", "11"), "10, 20, 30"),
        (("--tier", "free", "--units", "2"), "one unit"),
        (("--units", "0"), "1, 2, 3"),
        (("--units", "many"), "--units"),
        (("--teir", "free"), "--tier"),
    ],
)
def test_a_size_that_there_is_not(
    chatkit: Chatkit, monkeypatch: pytest.MonkeyPatch, typed: tuple[str, ...], sentence: str
) -> None:
    """Exit code 2, and nothing is started."""
    monkeypatch.setattr(Session, "open", None)
    wrong = chatkit("scale", *typed)
    assert wrong.code == 2 and sentence in wrong.err


@pytest.mark.parametrize(
    ("terminal", "changes"), [(Terminal("y\n"), 1), (Terminal("n\n"), 0), (io.StringIO(""), 0)]
)
def test_room_on_azure_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, terminal: io.StringIO, changes: int
) -> None:
    """With its cost; without a terminal nothing is changed."""
    made: list[dict[str, object]] = []
    room = Room(Size(FREE), Size(STANDARD), 150)
    monkeypatch.setattr(size, "look", lambda _, __: room)
    monkeypatch.setattr(resources, "scale", lambda _, **wanted: made.append(wanted))
    monkeypatch.setattr(sys, "stdin", terminal)
    verbs._ask_for_room(Session.__new__(Session), 150)
    assert made == [{"tier": "standard", "units": 1}] * changes
    assert "too few for 150 people" in room.sentence("azure")
    assert "about 1.60 US dollars a day" in room.sentence("azure")


def test_enough_room_is_not_asked_about(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor a tier that the kit does not make."""
    monkeypatch.setattr(sys, "stdin", Terminal(""))
    for now in (Size(STANDARD), None):
        monkeypatch.setattr(size, "look", lambda _, __, now=now: Room(now, Size(STANDARD), 150))
        verbs._ask_for_room(Session.__new__(Session), 150)
