"""`chatkit stage rehearse`: what is typed, and what is said."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from chatkit.core import settings as store
from chatkit.stage.rehearsal import rehearsal
from chatkit.stage.rehearsal.play import Told
from chatkit.stage.rehearsal.rehearsal import Wanted
from chatkit.stage.rehearsal.shown import Rehearsed
from chatkit.steps.session import Session
from tests.cli.typing_verbs import Chatkit


def test_there_must_be_a_stage(chatkit: Chatkit) -> None:
    """Nothing is started for it."""
    typed = chatkit("stage", "rehearse")
    assert typed.code == 1
    assert typed.err.splitlines()[0] == "Beginning the rehearsal."
    assert "No stage is open. `chatkit stage up` opens one." in typed.err


@pytest.mark.parametrize("arguments", [("--people", "0"), ("--people", "x"), ("--messages", "-1")])
def test_numbers_are_checked(chatkit: Chatkit, arguments: tuple[str, str]) -> None:
    """Before anything begins."""
    typed = chatkit("stage", "rehearse", *arguments)
    assert typed.code == 2
    assert not typed.out


@pytest.mark.parametrize("is_whole", [True, False])
def test_the_exit_code_tells_whether_all_arrived(
    chatkit: Chatkit, monkeypatch: pytest.MonkeyPatch, *, is_whole: bool
) -> None:
    """For scripts; stdout is the JSON alone."""

    def play(_session: Session, wanted: Wanted, told: Told) -> Rehearsed:
        told("1 of 3 people are in")
        data = {"sent": wanted.messages}
        return Rehearsed("played", (("how late", "-"),), data=data, is_whole=is_whole)

    monkeypatch.setattr(rehearsal, "rehearse", play)
    typed = chatkit("stage", "rehearse", "--messages", "5", "--json")
    assert typed.code == (0 if is_whole else 1)
    assert json.loads(typed.out) == {"sent": 5}
    assert "1 of 3 people are in" in typed.err
    assert "played" in chatkit("stage", "rehearse").out


def test_on_azure_nobody_pays_unasked(chatkit: Chatkit, home: Path) -> None:
    """What it uses is said first."""
    settings = store.load(home).wanted(target="azure", suffix="abcdef", region=None)
    store.save(home, settings)
    typed = chatkit("stage", "rehearse")
    assert typed.code == 1
    assert "90,000 messages of SignalR Service" in typed.err
    assert "--yes" in typed.err
